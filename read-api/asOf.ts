import type { Knex } from 'knex'
import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { type Moment, Problem } from '../ops/platform/route.ts'
import { cannotFold, changesOf, type Fields, type ResourceDeps, shownFolding } from './folding.ts'
import { one } from './page.ts'
import { eventsAt, type Place, placesOf, timesOf } from './resourceEvents.ts'

export interface Past {
  /** As in `resource_events`. */
  resource: string
  readModel: string
  shape: z.ZodType
  /** The rows that the caller may see: asked of the row as it was then. */
  visible: (facility: string | undefined) => Knex.QueryBuilder
  /** The same of the row as it is now, where a caller may see what was of more than they see now. */
  remembered?: (facility: string | undefined) => Knex.QueryBuilder
}

/** What is asked of the past: which row, for whom. */
interface Then {
  id: string
  facility: string | undefined
  moment: Moment
  signal: AbortSignal
}

/** The row as it was then; undefined where there was none. */
export async function rowAt<Row>(deps: ResourceDeps, past: Past, then: Then): Promise<Row | undefined> {
  try {
    return (await stateAt<Row>(deps, past, then)).row
  } catch (error) {
    if (error instanceof Problem && error.code === 'not_found') return undefined
    throw error
  }
}

/**
 * The row as it was after the last event up to that moment, in the form in which the read model would have held it. Whoever asks must see
 * both this row and the one of now. `isPresent`: nothing has happened to it since.
 */
export async function stateAt<Row>(
  deps: ResourceDeps,
  { resource, readModel, shape, visible, remembered = visible }: Past,
  { id, facility, moment, signal }: Then,
): Promise<{ row: Row; isPresent: boolean }> {
  await whenReached(deps, moment, signal)
  await one(deps.database, remembered(facility).where({ id }).select('id'))
  const folding = await shownFolding(deps, readModel)
  const places = (await placesOf(deps, resource, id)).filter(({ position }) => !folding.isSkipped(position))
  const seen = await seenUntil(moment, places, deps.store)
  const folded = changesOf(folding, id, seen).at(-1)?.after ?? null
  if (folded === null) throw new Problem('not_found', 'There was no such resource at that time')
  const held = visible(facility).where({ id }).with(readModel, asHeld(folding.table, folded))
  const row = await one<Row>(deps.database, held).catch((error: unknown) => {
    throw isFaultOfData(error) ? cannotFold(readModel) : error
  })
  if (hasHole(row, shape)) throw cannotFold(readModel)
  return { row, isPresent: seen.length === places.length }
}

/** Which events are the resource's is known as far as the read models are; a position beyond the log is its end. */
async function whenReached({ store, freshness }: ResourceDeps, moment: Moment, signal: AbortSignal): Promise<void> {
  const asked = 'position' in moment ? moment.position : 0n
  const isPast = (freshness.position() ?? -1n) >= asked
  const head = isPast ? asked : ((await store.head()) ?? 0n)
  await freshness.waitFor(asked < head ? asked : head, ['resource_events'], signal)
}

/** By time, the last event that counts has all before it count, whatever the clocks of those who wrote them said. */
async function seenUntil(moment: Moment, places: readonly Place[], store: EventStore): Promise<readonly Recorded[]> {
  if ('position' in moment)
    return eventsAt(
      store,
      places.filter(({ position }) => position <= moment.position),
    )
  const events = await eventsAt(store, places)
  const until = Date.parse(moment.time)
  const last = timesOf(events).findLastIndex((time) => time === undefined || Date.parse(time) <= until)
  return events.slice(0, last + 1)
}

/** Postgres itself brings the row into the form of those it holds: times, ids, numbers, the order of the columns. */
const asHeld = (table: string, row: NonNullable<Fields>) =>
  queryBuilder.raw('select r.* from jsonb_populate_record(null::??, ?::jsonb) r', [table, JSON.stringify(row)])

/** Class 22 and 23: it would not have held the row. */
const isFaultOfData = (error: unknown) => /^2[23]...$/.test((error as { code?: string }).code ?? '')

/** Nor one without a value where there must be one. */
function hasHole(row: unknown, shape: z.ZodType): boolean {
  const issues = shape.safeParse(row).error?.issues ?? []
  return issues.some(({ path: [field, ...deeper] }) => deeper.length === 0 && (row as never)[field as never] === null)
}
