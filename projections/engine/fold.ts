import { decodeFrom } from '../../domain/events.ts'
import { splitStream } from '../../domain/decider.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { type AnyProjection, type Handler, isAppendOnly, type Occurred, type Projection } from './projection.ts'

export type Row = { id: string } & Record<string, unknown>

/** What a batch did to one table. A null row is deleted. */
export interface Changes {
  rows: Map<string, Row | null>
  appended: unknown[]
  /** The event that could not be folded; the changes are those of the events before it. */
  poison?: { event: Recorded; error: Error }
}

/** Decodes when a fold first looks at the data, so that only who needs a broken event stops at it. */
export function occurred(event: Recorded): Occurred {
  let decoded: object | undefined
  return {
    id: splitStream(event.stream)[1],
    stream: event.stream,
    type: event.type,
    revision: event.revision,
    position: String(event.position),
    get data() {
      if (decoded) return decoded
      if (event.unreadable) throw event.unreadable
      const known = decodeFrom({
        stream: event.stream,
        type: event.type,
        data: event.data,
        schema: event.metadata['schema'] as number,
      })
      if (!known) throw new Error(`${event.stream} is no stream of ours`)
      return (decoded = known.data)
    },
  }
}

type AnyHandler = Handler<Row, any>
export const handlerOf = (projection: Projection, type: string) =>
  (projection.on as Record<string, AnyHandler | undefined>)[type]

/** The ids whose rows must be at hand before the event can be folded. */
export function idsFor(handler: AnyHandler, event: Occurred): string[] {
  if (typeof handler === 'function') return [event.id]
  if ('create' in handler) return []
  return [...new Set(handler.rows(event as never))].filter((id): id is string => id !== undefined)
}

/** What one event changes: all of it, or nothing when a fold throws. */
export function foldEvent(
  handler: AnyHandler,
  event: Occurred,
  rowOf: (id: string) => Row | null,
): [id: string, row: Row | null][] {
  if (typeof handler !== 'function' && 'create' in handler) return [[event.id, handler.create(event as never)]]
  return idsFor(handler, event).flatMap((id) => {
    const before = rowOf(id)
    if (typeof handler === 'function' && before === null) return []
    const after =
      typeof handler === 'function' ? handler(before!, event as never) : handler.fold(before, event as never)
    return after === before ? [] : [[id, after]]
  })
}

/** Folds a batch in order over rows that are at hand or loaded once for the whole batch. */
export async function foldBatch(
  projection: AnyProjection,
  events: readonly Recorded[],
  load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): Promise<Changes> {
  const changes: Changes = { rows: new Map(), appended: [] }
  if (isAppendOnly(projection)) {
    for (const event of events) {
      try {
        changes.appended.push(...projection.each(occurredAsStored(event)))
      } catch (error) {
        return { ...changes, poison: { event, error: error as Error } }
      }
    }
    return changes
  }

  const handled = events.flatMap((event) => {
    const handler = handlerOf(projection, event.type)
    return handler ? [{ handler, event, seen: occurred(event) }] : []
  })
  const wanted = new Set<string>()
  for (const { handler, seen } of handled) {
    try {
      for (const id of idsFor(handler, seen)) wanted.add(id)
    } catch {
      break // Reported below, where its turn comes.
    }
  }
  const stored: ReadonlyMap<string, Row> = wanted.size > 0 ? await load([...wanted]) : new Map()
  const rowOf = (id: string) => (changes.rows.has(id) ? changes.rows.get(id)! : (stored.get(id) ?? null))
  for (const { handler, event, seen } of handled) {
    try {
      for (const [id, row] of foldEvent(handler, seen, rowOf)) changes.rows.set(id, row)
    } catch (error) {
      return { ...changes, poison: { event, error: error as Error } }
    }
  }
  return changes
}

export const occurredAsStored = (event: Recorded) => ({
  id: splitStream(event.stream)[1],
  stream: event.stream,
  type: event.type,
  revision: event.revision,
  position: String(event.position),
  // Parsed when somebody looks at it: most never do.
  get data() {
    return event.data
  },
})

/** One row after each of these events, oldest first: how history says what changed. */
export function foldRow(
  projection: Projection,
  id: string,
  events: readonly Recorded[],
): { before: Row | null; after: Row | null }[] {
  let row: Row | null = null
  return events.map((event) => {
    const before = row
    const handler = handlerOf(projection, event.type)
    const changed = handler ? foldEvent(handler, occurred(event), (asked) => (asked === id ? row : null)) : []
    for (const [one, after] of changed) if (one === id) row = after
    return { before, after: row }
  })
}
