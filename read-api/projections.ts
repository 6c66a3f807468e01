import { z } from 'zod'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Route, route } from '../ops/platform/route.ts'
import { ProjectionStatus } from '../ops/platform/shapes.ts'

export type Status = z.infer<typeof ProjectionStatus>

interface Stored {
  name: string
  version: number
  state: Status['state']
  serving: boolean
  position: string | null
  progress: { events: number; per_second: number; position: string; target: string; started_at: string } | null
  error: Record<string, unknown> | null
  updated_at: string
  group_position: string | null
  group_updated_at: string | null
}

/** Events are counted no further than this: beyond it, "at least". */
const countedEvents = 10_000

/** Where every version of every read model stands, by name, newest version first. */
export async function statuses(database: Database, store: EventStore): Promise<Status[]> {
  const [{ rows }, head] = await Promise.all([
    database.query<Stored>(
      `select p.*, g.position as group_position, g.updated_at as group_updated_at
         from projections p left join projection_groups g on g.name = 'live' order by p.name, p.version desc`,
    ),
    store.head().catch(() => undefined), // Away: where the read models are can be told all the same.
  ])
  const counts = new Map<string, Promise<number>>()
  return Promise.all(
    rows.map((row) => statusOf(row, head, (from) => once(counts, from, () => countAfter(store, from)))),
  )
}

async function statusOf(
  row: Stored,
  head: bigint | undefined,
  eventsAfter: (position: bigint | undefined) => Promise<number>,
): Promise<Status> {
  const { name, version, state, serving, progress, error, updated_at } = row
  const position = state === 'live' ? row.group_position : (row.position ?? progress?.position ?? null)
  const behind = head !== undefined && (position === null || BigInt(position) < head)
  const since = state === 'live' ? row.group_updated_at : updated_at
  return {
    name,
    version,
    state,
    serving,
    position,
    head: head === undefined ? null : String(head),
    lag_events: behind ? await eventsAfter(position === null ? undefined : BigInt(position)) : 0,
    lag_seconds: behind && since !== null ? Math.max(0, Date.now() - Date.parse(since)) / 1000 : 0,
    events_per_second: state === 'building' ? (progress?.per_second ?? null) : null,
    eta_seconds: state === 'building' && progress ? eta(progress) : null,
    error,
    updated_at,
  }
}

/** From how far it came in the time since it began: positions are what it has to go through. */
function eta({ position, target, started_at }: NonNullable<Stored['progress']>): number | null {
  const done = Number(position)
  const seconds = (Date.now() - Date.parse(started_at)) / 1000
  return done > 0 ? Math.max(0, Math.round((seconds * (Number(target) - done)) / done)) : null
}

async function countAfter(store: EventStore, position: bigint | undefined): Promise<number> {
  let count = 0
  for await (const batch of store.readAll(position)) {
    count += batch.length
    if (count >= countedEvents) return countedEvents
  }
  return count
}

function once(known: Map<string, Promise<number>>, key: bigint | undefined, count: () => Promise<number>) {
  const found = known.get(String(key)) ?? count()
  known.set(String(key), found)
  return found
}

export const projections = ({ database, store }: { database: Database; store: EventStore }): Route[] => [
  route({
    method: 'GET',
    path: '/api/v1/projections',
    permission: 'projection:read',
    answers: { 200: z.object({ items: z.array(ProjectionStatus) }) },
    run: async () => ({ status: 200, body: { items: await statuses(database, store) } }),
  }),
]
