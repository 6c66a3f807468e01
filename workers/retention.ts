import { handle, load } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import { type Decision, splitStream } from '../domain/decider.ts'
import * as Settings from '../domain/settings.ts'
import * as Upload from '../domain/upload.ts'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Objects } from '../ops/platform/objects.ts'
import type { Reaction } from './reactions.ts'

export interface RetentionDeps {
  store: EventStore
  database: Database
  /** What the environment says of settings. */
  environment: Settings.State
  now: () => string
}

const pageRows = 500
const dayMs = 86_400_000

type Row = { id: string; time: string }

/**
 * Deletes recordings that are older than their facility keeps them, and has those purged whose time to be restored is over. The read models only
 * say where to look: whether it is time is decided by each recording's own stream. Nothing is held but a page of ids.
 */
export async function retain(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  for await (const { id: facility_id } of pages(
    deps.database,
    () => queryBuilder('facilities').select('id', 'created_at as time'),
    'created_at',
    signal,
  )) {
    const days = await daysOf(deps, facility_id)
    if (days.recording_retention_days > 0) await deleteOld(deps, facility_id, days.recording_retention_days, signal)
    await purgeDeleted(deps, facility_id, days.recording_purge_days, signal)
  }
}

async function deleteOld(deps: RetentionDeps, facility_id: string, days: number, signal: AbortSignal) {
  const before = daysAgo(deps, days)
  const old = () =>
    queryBuilder('uploads').where({ facility_id }).whereNot({ status: 'deleted' }).where('created_at', '<', before)
  for await (const { id } of pages(
    deps.database,
    () => old().select('id', 'created_at as time'),
    'created_at',
    signal,
  )) {
    const reason = `Recordings are kept here for ${days} days`
    await decide(deps, 'retention', { id, facility_id }, Upload.expire({ reason, deleted_at: deps.now(), before }))
  }
}

async function purgeDeleted(deps: RetentionDeps, facility_id: string, days: number, signal: AbortSignal) {
  const before = daysAgo(deps, days)
  const due = () =>
    queryBuilder('uploads').where({ facility_id }).whereNull('purged_at').where('deleted_at', '<=', before)
  for await (const { id } of pages(deps.database, () => due().select('id', 'deleted_at as time'), 'deleted_at', signal))
    await decide(deps, 'purge', { id, facility_id }, Upload.purge({ purged_at: deps.now(), deleted_before: before }))
}

const daysAgo = ({ now }: RetentionDeps, days: number) => new Date(Date.parse(now()) - days * dayMs).toISOString()

async function daysOf({ store, environment }: RetentionDeps, facility_id: string) {
  const [system, facility] = await Promise.all(
    ['system', facility_id].map(async (id) => (await load(store, Settings, id)).state),
  )
  const layers = { environment, facility: facility!, system: system! }
  const of = (key: 'recording_retention_days' | 'recording_purge_days') => Settings.effective(key, layers).value
  return { recording_retention_days: of('recording_retention_days'), recording_purge_days: of('recording_purge_days') }
}

/** One that is not where the read model has it, or not of that facility, is left alone. */
async function decide(
  { store, now }: RetentionDeps,
  part: string,
  { id, facility_id }: { id: string; facility_id: string },
  decision: Decision<Upload.State, Upload.Event>,
) {
  const ofFacility: typeof decision = (state) =>
    'facility_id' in state && state.facility_id === facility_id ? decision(state) : []
  await handle(store, Upload, id, ofFacility, { ...systemIntent(part, id, now()), facility_id })
}

/** The rows of a query, oldest first, a page at a time: what is done to them may take them out of it. */
async function* pages(
  database: Database,
  query: () => ReturnType<typeof queryBuilder>,
  column: string,
  signal: AbortSignal,
): AsyncGenerator<Row> {
  for (let last: Row | undefined; ;) {
    const next = query()
      .orderBy([{ column }, { column: 'id' }])
      .limit(pageRows)
    const rows: Row[] = await rowsOf<Row>(
      database,
      last ? next.whereRaw('(??, id) > (?, ?)', [column, last.time, last.id]) : next,
    )
    for (const row of rows) {
      if (signal.aborted) return
      yield row
    }
    if (rows.length < pageRows) return
    last = rows.at(-1)!
  }
}

/** The bytes of what was purged, and of all that was made of it, go. It may be repeated: where a crash came between, it is. */
export const removePurged = (objects: Pick<Objects, 'keys' | 'remove'>): Reaction => ({
  name: 'remove_purged',
  to: { category: 'upload', types: ['UploadPurged'] },
  react: async ({ stream }) => {
    for await (const key of objects.keys(`uploads/${splitStream(stream)[1]}/`)) await objects.remove(key)
  },
})
