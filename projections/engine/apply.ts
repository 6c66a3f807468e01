import type { Client } from 'pg'
import { positions } from '../../ops/platform/channels.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { isFaultOfData, wordsOf } from './faults.ts'
import { type Changes, foldBatch } from './fold.ts'
import type { AnyProjection } from './projection.ts'
import type { Skipped } from './orders.ts'
import type { Table } from './table.ts'

/** A position in a log, and the event that this log has there: undefined where that was not kept. */
export interface Place {
  position: bigint | undefined
  eventId?: string | undefined
}

/** Where the batch leads from and to; the row is moved only if it is still where we left it. */
export type Checkpoint = Place & { name: string } & (
    { table: 'projection_groups' } | { table: 'projections'; version: number }
  )

/** Somebody else moved the checkpoint: this instance leads no longer. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved'
}

/** The event that stopped a projection, and why. */
export interface Halt {
  position: string
  stream: string
  revision: number
  type: string
  message: string
}

export interface Stopped extends Place {
  name: string
  version: number
  /** Readers see it. */
  serving: boolean
  error: Halt
}

/**
 * Folds a batch into all tables and writes rows, checkpoint and notification in one statement.
 * Tables whose projection met an event it could not fold, or whose row Postgres cannot hold, are stopped at the event
 * before it, in the same statement.
 */
export async function applyBatch(
  client: Client,
  checkpoint: Checkpoint,
  tables: readonly Table[],
  events: readonly Recorded[],
  skipped: Skipped,
  alreadyStopped: readonly string[] = [],
): Promise<Stopped[]> {
  try {
    return await write(client, checkpoint, await fold(client, tables, events, skipped), events, alreadyStopped)
  } catch (error) {
    if (!isFaultOfData(error)) throw error
  }
  // Some row of the batch cannot be held: event by event it shows whose.
  const stopped: Stopped[] = []
  const at = { ...checkpoint }
  for (const event of events) {
    const live = tables.filter(({ projection }) => !stopped.some((one) => isOf(one, projection)))
    if (live.length === 0 && checkpoint.table === 'projections') break
    const names = [...alreadyStopped, ...servingNames(stopped)]
    stopped.push(...(await applyOne(client, at, live, event, skipped, names)))
    Object.assign(at, placeOf(event))
  }
  return stopped
}

interface Folded {
  table: Table
  changes: Changes
  /** Positions of the batch that an operator told it to pass over. */
  passedOver: bigint[]
}

async function fold(
  client: Client,
  tables: readonly Table[],
  events: readonly Recorded[],
  skipped: Skipped,
): Promise<Folded[]> {
  const folded: Folded[] = []
  for (const table of tables) {
    const { projection } = table
    const passedOver = events.map(({ position }) => position).filter((position) => skipped(projection.name, position))
    const seen = events.filter(({ position }) => !passedOver.includes(position))
    folded.push({ table, passedOver, changes: await foldBatch(projection, seen, (ids) => table.load(client, ids)) })
  }
  return folded
}

/** One event; a table that cannot hold what it makes of it is found by writing to each alone, and taken back. */
async function applyOne(
  client: Client,
  checkpoint: Checkpoint,
  tables: readonly Table[],
  event: Recorded,
  skipped: Skipped,
  alreadyStopped: readonly string[],
): Promise<Stopped[]> {
  const folded: Folded[] = []
  for (const table of tables) folded.push(await foldAlone(client, table, event, skipped))
  for (const one of folded) {
    const error = await refusal(client, one)
    if (error) one.changes = { rows: new Map(), created: new Set(), appended: [], poison: { event, error } }
  }
  return write(client, checkpoint, folded, [event], alreadyStopped)
}

/** Rows that Postgres cannot look for stop the table that asks for them. */
async function foldAlone(client: Client, table: Table, event: Recorded, skipped: Skipped): Promise<Folded> {
  try {
    return (await fold(client, [table], [event], skipped))[0]!
  } catch (error) {
    if (!isFaultOfData(error)) throw error
    return {
      table,
      passedOver: [],
      changes: { rows: new Map(), created: new Set(), appended: [], poison: { event, error } },
    }
  }
}

async function refusal(client: Client, { table, changes }: Folded): Promise<Error | undefined> {
  const values: unknown[] = []
  const writes = table.writes(changes, (value) => `$${values.push(value)}`)
  if (writes.length === 0) return undefined
  const parts = ['moved as materialized (select 1)', ...writes.map((statement, i) => `w${i} as (${statement})`)]
  await client.query('begin')
  try {
    await client.query(`with ${parts.join(',\n')} select 1`, values)
    return undefined
  } catch (error) {
    if (isFaultOfData(error)) return error as Error
    throw error
  } finally {
    await client.query('rollback')
  }
}

async function write(
  client: Client,
  checkpoint: Checkpoint,
  folded: readonly Folded[],
  events: readonly Recorded[],
  alreadyStopped: readonly string[],
): Promise<Stopped[]> {
  const stopped = folded.flatMap(({ table, changes }) => stoppedAt(table, changes, events, checkpoint))

  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const own = checkpoint.table === 'projections' ? stopped[0] : undefined
  const to = own ?? placeOf(events.at(-1)!)
  // A projection's own checkpoint is its row: it is stopped by the same update that moves it.
  const halted = own ? `, state = 'stopped', error = ${bind(JSON.stringify(own.error))}::jsonb` : ''
  // What it passes over is written down as it does: whoever moves it may have heard of more of it than others.
  const passedOver = (folded[0]?.passedOver ?? []).filter((position) => position <= (to.position ?? 0n)).map(String)
  const passed =
    checkpoint.table === 'projections' && passedOver.length > 0
      ? `, passed_over = passed_over || ${bind(JSON.stringify(passedOver))}::jsonb`
      : ''
  const ofVersion = checkpoint.table === 'projections' ? ` and version = ${bind(checkpoint.version)}` : ''
  const parts = [
    `moved as materialized (update ${checkpoint.table} set ${placed(to, bind)}${halted}${passed}, updated_at = now()
      where name = ${bind(checkpoint.name)}${ofVersion} and position is not distinct from ${bind(checkpoint.position?.toString() ?? null)}::numeric returning 1)`,
  ]
  const add = (statement: string) => parts.push(`w${parts.length} as (${statement})`)
  for (const { table, changes } of folded) table.writes(changes, bind).forEach(add)
  if (!own)
    for (const { name, version, error, ...place } of stopped)
      add(`update projections set state = 'stopped', ${placed(place, bind)}, error = ${bind(JSON.stringify(error))}::jsonb, updated_at = now()
        from moved where name = ${bind(name)} and version = ${bind(version)}`)
  const told = JSON.stringify({
    position: to.position?.toString() ?? null,
    stopped: [...alreadyStopped, ...servingNames(stopped)],
  })
  const notification = checkpoint.table === 'projection_groups' ? `pg_notify('${positions}', ${bind(told)})` : '1'
  const result = await client.query(`with ${parts.join(',\n')} select ${notification} from moved`, values)
  if (result.rowCount === 0) throw new CheckpointMoved(`${checkpoint.name} is no longer at ${checkpoint.position}`)

  for (const { table, changes } of folded) table.written(changes)
  return stopped
}

function stoppedAt(table: Table, { poison }: Changes, events: readonly Recorded[], from: Place): Stopped[] {
  if (!poison) return []
  const { event, error } = poison
  const before = events[events.indexOf(event) - 1]
  const { name, version } = table.projection
  const { position, eventId } = before ? placeOf(before) : from
  return [{ name, version, serving: table.serving, position, eventId, error: haltAt(event, error) }]
}

export const placeOf = ({ position, id }: Recorded): Place => ({ position, eventId: id })

const placed = ({ position, eventId }: Place, bind: (value: unknown) => string) =>
  `position = ${bind(position?.toString() ?? null)}::numeric, event_id = ${bind(eventId ?? null)}::uuid`

export const servingNames = (stopped: readonly Stopped[]) =>
  stopped.filter(({ serving }) => serving).map(({ name }) => name)

export const isOf = (stopped: Stopped, { name, version }: AnyProjection) =>
  stopped.name === name && stopped.version === version

export const haltAt = (
  event: Omit<Halt, 'message' | 'position'> & { position: bigint | string },
  error: Error,
): Halt => ({
  position: String(event.position),
  stream: event.stream,
  revision: event.revision,
  type: event.type,
  message: wordsOf(error),
})
