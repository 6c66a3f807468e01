import type { Client } from 'pg'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { CheckpointMoved, type Place } from './apply.ts'
import { isFaultOfData } from './faults.ts'
import { type Changes, foldRow } from './fold.ts'
import type { Orders } from './orders.ts'
import { type AnyProjection, isAppendOnly, type Projection } from './projection.ts'
import { NoTable } from './shape.ts'
import { Table } from './table.ts'
import { eventsOf } from './verify.ts'
import { isBuilt, keyOf, move, placeIn, type Version, versions } from './versions.ts'

interface Options {
  client: Client
  store: EventStore
  log: Log
  projections: readonly AnyProjection[]
  orders: Orders
  /** Where the group stands. */
  group: Place
}

/**
 * An operator may have said of an event only after a version had folded it that it is to be passed over. The rows it touched are then folded
 * again without it, between two batches; a version of which that cannot be done is to be built again. So every version is at any
 * time what a build would make of the log. Returns whether rows were written that a table may remember otherwise.
 */
export async function passOver(options: Options): Promise<boolean> {
  const { client, projections, orders, group, log } = options
  let hasWritten = false
  for (const one of await versions(client)) {
    const projection = projections.find(({ name, version }) => name === one.name && version === one.version)
    // A build writes down itself what it passes over.
    if (!projection || !isBuilt(one)) continue
    const said = orders.skippedBy(one.name)
    const place = one.state === 'live' ? group : placeIn(one)
    const late = said.filter((position) => !knows(one, position) && isBehind(position, place))
    if (late.length > 0) {
      const done = one.state === 'live' && (await mend(projection, late, options))
      if (done === 'later') continue
      hasWritten ||= done
      log.warn({ version: keyOf(one), positions: late }, done ? 'rows were folded again' : 'a version is built again')
      if (!done) await move(client, one, { states: [one.state] }, { state: 'building', position: null })
    }
    // Others may be in the hands of a build that has not heard of it.
    else if (one.passed_over === null || (one.state === 'live' && said.some((position) => !knows(one, position))))
      await client.query('update projections set passed_over = $3 where name = $1 and version = $2', [
        one.name,
        one.version,
        JSON.stringify(said),
      ])
  }
  return hasWritten
}

const knows = ({ passed_over }: Version, position: string) => passed_over === null || passed_over.includes(position)
const isBehind = (position: string, place: Place) => place.position !== undefined && BigInt(position) <= place.position

/** Whether the rows are what they would be without these events; `later`: `resource_events`, by which they are found, is not followed. */
async function mend(
  projection: AnyProjection,
  positions: readonly string[],
  options: Options,
): Promise<boolean | 'later'> {
  const { client, store, orders, group } = options
  if (isAppendOnly(projection)) return false
  const found = await client.query<{ version: number }>(
    `select version from projections where name = 'resource_events' and serving and state = 'live'`,
  )
  if (!found.rows[0]) return 'later'
  const known = `resource_events_v${found.rows[0].version}`
  const { rows } = await client.query<{ id: string }>(
    `select distinct id from ${known} where position = any($1::numeric[])`,
    [positions],
  )
  if (rows.length === 0) return false
  const ids = rows.map(({ id }) => id)
  const { skipped } = orders
  const events = await eventsOf({ client, store, position: group.position, projection, skipped, known }, ids)
  const changes: Changes = { rows: new Map(), created: new Set(), appended: [] }
  try {
    for (const id of ids) changes.rows.set(id, foldRow(projection, id, events.get(id) ?? []).at(-1)?.after ?? null)
  } catch {
    return false // The build says what cannot be folded without it.
  }
  try {
    await write(projection, changes, options)
    return true
  } catch (error) {
    if (error instanceof NoTable || isFaultOfData(error)) return false
    throw error
  }
}

/** Rows and what they were made without, only where the group still stands where they were folded up to. */
async function write(projection: Projection, changes: Changes, { client, orders, group }: Options): Promise<void> {
  const table = await Table.open(client, projection, false)
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const parts = [
    `held as materialized (select 1 from projection_groups
      where name = 'live' and position is not distinct from ${bind(group.position?.toString() ?? null)}::numeric for update)`,
    `moved as materialized (update projections set passed_over = ${bind(JSON.stringify(orders.skippedBy(projection.name)))}::jsonb, updated_at = now()
       from held where name = ${bind(projection.name)} and version = ${bind(projection.version)} and state = 'live' returning 1)`,
    ...table.writes(changes, bind).map((statement, i) => `w${i} as (${statement})`),
  ]
  const { rowCount } = await client.query(`with ${parts.join(',\n')} select 1 from moved`, values)
  if (rowCount === 0) throw new CheckpointMoved(`${keyOf(projection)} is no longer where it was`)
}
