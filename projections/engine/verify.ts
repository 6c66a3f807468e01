import type { Client } from 'pg'
import { setTimeout as delay } from 'node:timers/promises'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Expected } from './building.ts'
import { foldRow, type Row } from './fold.ts'
import type { Skipped } from './orders.ts'
import { type AnyProjection, isAppendOnly, type Projection, tableOf } from './projection.ts'
import { Shape } from './shape.ts'
import { type State, toPosition } from './versions.ts'

/** Rows that are folded again; all of them where there are no more. */
const sampledRows = 1000
const knownWithinMs = 60_000

/** How a row of the table differs from the fold of its events. */
export interface Drift {
  id: string
  fields: { field: string; stored: unknown; folded: unknown }[]
  /** `<revision>@<stream>`, oldest first. */
  events: string[]
}

export interface Verified {
  rows: number
  refolded: number
  /** What is wrong, for a person; undefined: nothing. */
  fault?: string
  drift?: Drift[]
}

export interface VerifyOptions {
  client: Client
  store: EventStore
  projection: AnyProjection
  expected: Expected
  /** Up to which the table was folded. */
  position: bigint | undefined
  skipped: Skipped
  signal: AbortSignal
  sample?: number
  /** Readers have nothing else to see: where no table says which events a row has, its counts and checksums must do. */
  serving?: boolean
  /** Called when the event store cannot be read in bulk, and is read by its client. */
  onFallback?: (why: Error) => void
}

/** Compares a finished table with what its build counted, and a sample of its rows with the events in their own streams. */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const { client, projection, expected } = options
  const table = tableOf(projection)
  const shape = await Shape.of(client, table)
  const { rows } = await client.query<{ rows: number; checksum: string }>(
    `select count(*)::int8 as rows, ${shape.checksumSql} as checksum from ${table}`,
  )
  const found = rows[0]!
  if (found.rows !== expected.rows)
    return { ...found, refolded: 0, fault: `${table} has ${found.rows} rows, its build made ${expected.rows}` }
  if (found.checksum !== expected.checksum)
    return { ...found, refolded: 0, fault: `${table} does not hold what its build wrote: the checksums differ` }
  if (isAppendOnly(projection)) return { rows: found.rows, refolded: 0 }
  const known = await eventsTable(options)
  if (!known && options.serving) return { rows: found.rows, refolded: 0 }
  if (!known) throw new Error('resource_events has not reached the build, so that it cannot be verified')
  const { refolded, drift } = await refold({ ...options, projection, known })
  if (drift.length === 0) return { rows: found.rows, refolded }
  const { id, fields, events } = drift[0]!
  const fault = `${drift.length} of ${refolded} rows of ${table} differ from their events, such as ${id} in ${fields.map(({ field }) => field).join(', ')} (${events.join(', ')})`
  return { rows: found.rows, refolded, fault, drift }
}

async function refold(
  options: VerifyOptions & { projection: Projection; known: string },
): Promise<{ refolded: number; drift: Drift[] }> {
  const { client, projection, sample = sampledRows } = options
  const table = tableOf(projection)
  const { rows } = await client.query<{ id: string }>(`select id from ${table} order by random() limit $1`, [sample])
  const ids = rows.map(({ id }) => id)
  const events = await eventsOf(options, ids)
  const folded: Row[] = ids.flatMap((id) => foldRow(projection, id, events.get(id) ?? []).at(-1)?.after ?? [])
  return { refolded: ids.length, drift: await differences(client, table, ids, folded, events) }
}

/**
 * The table by which a row's events are found, once it has them all: it is followed by the group, which may be behind a build, or was itself
 * built that far and is yet to be taken in. Undefined: it is stopped before that, or does not get there in time.
 */
async function eventsTable({ client, position = 0n, signal }: VerifyOptions): Promise<string | undefined> {
  for (const until = Date.now() + knownWithinMs; Date.now() < until; await delay(50, undefined, { signal })) {
    const { rows } = await client.query<{ version: number; state: State; at: string | null }>(
      `select version, state, coalesce(p.position, g.position) as at
         from projections p left join projection_groups g on g.name = 'live' and p.state = 'live'
        where p.name = 'resource_events' and serving`,
    )
    const [known] = rows
    if (known?.state === 'building' || known?.state === 'verifying') continue
    if (known && (toPosition(known.at) ?? -1n) >= position) return `resource_events_v${known.version}`
    if (known?.state === 'stopped') return undefined
  }
  return undefined
}

export async function groupPosition(client: Client): Promise<bigint | undefined> {
  const { rows } = await client.query<{ position: string | null }>(
    `select position from projection_groups where name = 'live'`,
  )
  return toPosition(rows[0]?.position ?? null)
}

/** Of each row, its events in order, read from the streams that have them; `known` says which these are. */
export async function eventsOf(
  {
    client,
    store,
    position,
    projection,
    skipped,
    known = 'resource_events',
    onFallback,
  }: Pick<VerifyOptions, 'client' | 'store' | 'position' | 'projection' | 'skipped' | 'onFallback'> & {
    known?: string
  },
  ids: readonly string[],
): Promise<Map<string, Recorded[]>> {
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<{ id: string; stream: string; revision: number; position: string }>(
    `select distinct id, stream, revision, position from ${known} where id = any($1::uuid[]) and position <= $2::numeric order by position`,
    [ids, String(position ?? 0n)],
  )
  const read = await store.readEach([...new Set(rows.map(({ stream }) => stream))], onFallback)
  const events = new Map<string, Recorded[]>()
  for (const { id, stream, revision } of rows) {
    const event = read.get(stream)!.find((one) => one.revision === revision)
    if (event && !skipped(projection.name, event.position)) events.set(id, [...(events.get(id) ?? []), event])
  }
  return events
}

async function differences(
  client: Client,
  table: string,
  ids: readonly string[],
  folded: readonly Row[],
  events: ReadonlyMap<string, readonly Recorded[]>,
): Promise<Drift[]> {
  // Postgres itself brings the folded rows into the form of the stored ones.
  const { rows } = await client.query<{ id: string; stored: Row | null; folded: Row | null }>(
    `select id, to_jsonb(t) as stored, to_jsonb(f) as folded
       from (select * from ${table} where id = any($1::uuid[])) t
       full join jsonb_populate_recordset(null::${table}, $2::jsonb) f using (id)
      where to_jsonb(t) is distinct from to_jsonb(f)`,
    [ids, JSON.stringify(folded)],
  )
  return rows.map(({ id, stored, folded }) => ({
    id,
    fields: [...new Set([...Object.keys(stored ?? {}), ...Object.keys(folded ?? {})])]
      .map((field) => ({ field, stored: stored?.[field] ?? null, folded: folded?.[field] ?? null }))
      .filter(({ stored, folded }) => JSON.stringify(stored) !== JSON.stringify(folded)),
    events: (events.get(id) ?? []).map(({ revision, stream }) => `${revision}@${stream}`),
  }))
}
