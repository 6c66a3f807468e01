import { z } from 'zod'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Route, route } from '../ops/platform/route.ts'
import { ProjectionStatus } from '../ops/platform/shapes/projections.ts'
import { LagCounter } from './projectionLag.ts'

export type Status = z.infer<typeof ProjectionStatus>

interface Stored {
  name: string
  version: number
  state: Status['state']
  serving: boolean
  position: string | null
  progress: { events: number; per_second: number; position: string; target: string } | null
  error: Record<string, unknown> | null
  updated_at: string
  group_position: string | null
}

export interface StatusDeps {
  database: Database
  store: Pick<EventStore, 'head' | 'readAll'>
}

/**
 * Tells where every version of every read model stands, by name, newest version first; to be kept by whoever asks again. Without the event store
 * `head` and what follows from it are null; without Postgres it throws.
 * @param head for whoever has asked the event store already, or is not as patient
 */
export function statusReader({
  database,
  store,
}: StatusDeps): (head?: Promise<bigint | undefined>) => Promise<Status[]> {
  const counter = new LagCounter(store)
  return async (asked = store.head()) => {
    const [{ rows }, head] = await Promise.all([
      database.query<Stored>(
        `select p.*, g.position as group_position
           from projections p left join projection_groups g on g.name = 'live' order by p.name, p.version desc`,
      ),
      asked.then(
        (position) => ({ position }),
        () => undefined, // Away: where the read models are can be told all the same.
      ),
    ])
    counter.nextRound()
    return Promise.all(rows.map((row) => statusOf(row, head, counter)))
  }
}

async function statusOf(row: Stored, head: { position: bigint | undefined } | undefined, counter: LagCounter) {
  const { name, version, state, serving, error, updated_at } = row
  const progress = state === 'building' ? row.progress : null
  // A version of its own has a position of its own; a member of the group is where that is.
  const position = state === 'live' ? row.group_position : (row.position ?? progress?.position ?? null)
  const lag = head && (await lagOf(position, head.position, progress, counter).catch(() => undefined))
  return {
    name,
    version,
    state,
    serving,
    position,
    head: head?.position === undefined ? null : String(head.position),
    lag_events: lag?.events ?? null,
    lag_secs: lag?.secs ?? null,
    events_per_sec: progress?.per_second ?? null,
    eta_secs: progress && eta(progress),
    error,
    updated_at,
  }
}

/** How many events it has not applied, and since when the first of them waits. Of a build, which may be far behind, the number is estimated. */
async function lagOf(
  position: string | null,
  head: bigint | undefined,
  progress: Stored['progress'],
  counter: LagCounter,
): Promise<{ events: number; secs: number | null }> {
  const from = position === null ? undefined : BigInt(position)
  if (head === undefined || (from !== undefined && from >= head)) return { events: 0, secs: 0 }
  const { events, since } = await counter.after(from, progress ? 1 : undefined)
  return {
    events: progress ? remaining(progress, Number(head)) : events,
    secs: since === undefined ? null : Math.max(0, Date.now() - Date.parse(since)) / 1000,
  }
}

/** Positions are what a build goes through: what is left of them holds as many events as what it has behind it. */
const remaining = ({ events, position }: NonNullable<Stored['progress']>, to: number) =>
  Number(position) > 0 ? Math.max(0, Math.round((events * (to - Number(position))) / Number(position))) : 0

/** At the pace it last told. */
const eta = (progress: NonNullable<Stored['progress']>) =>
  progress.per_second > 0 && Number(progress.position) > 0
    ? Math.round(remaining(progress, Number(progress.target)) / progress.per_second)
    : null

export const projections = (deps: StatusDeps): Route[] => {
  const statuses = statusReader(deps)
  return [
    route({
      method: 'GET',
      path: '/api/v1/projections',
      permission: 'projection:read',
      answers: { 200: z.object({ items: z.array(ProjectionStatus) }) },
      run: async () => ({ status: 200, body: { items: await statuses() } }),
    }),
  ]
}
