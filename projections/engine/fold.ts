import { decodeFrom } from '../../domain/events.ts'
import { splitStream } from '../../domain/decider.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import {
  type AnyProjection,
  type AsStored,
  type Handler,
  isAppendOnly,
  type Occurred,
  type Projection,
} from './projection.ts'

export type Row = { id: string } & Record<string, unknown>

/** What a batch did to one table. A null row is deleted. */
export interface Changes {
  rows: Map<string, Row | null>
  /** Those of the rows that the table must not hold yet. */
  created: Set<string>
  appended: unknown[]
  /** The event that could not be folded; the changes are those of the events before it. */
  poison?: { event: Recorded; error: Error }
}

/** Parses and decodes when a fold first looks at the data, so that only who needs a broken event stops at it. */
class Seen implements Occurred, AsStored {
  readonly #event: Recorded
  #id: string | undefined
  #data: object | undefined

  constructor(event: Recorded) {
    this.#event = event
  }

  get id() {
    return (this.#id ??= splitStream(this.#event.stream)[1])
  }
  get stream() {
    return this.#event.stream
  }
  get type() {
    return this.#event.type
  }
  get revision() {
    return this.#event.revision
  }
  get position() {
    return String(this.#event.position)
  }
  get eventId() {
    return this.#event.id
  }
  get stored() {
    return this.#event.data
  }
  get json() {
    return this.#event.json ?? JSON.stringify(this.#event.data)
  }
  get metadata() {
    return this.#event.metadata
  }
  get data(): object {
    return (this.#data ??= decoded(this.#event))
  }
}

function decoded(event: Recorded): object {
  if (event.unreadable) throw event.unreadable
  const { stream, type, data } = event
  const known = decodeFrom({ stream, type, data, schema: event.schema ?? (event.metadata['schema'] as number) })
  if (!known) throw new Error(`${stream} is no stream of ours`)
  return known.data
}

export const occurred = (event: Recorded): Occurred & AsStored => new Seen(event)

export type AnyHandler = Handler<Row, any>
export const creates = (handler: AnyHandler): handler is Extract<AnyHandler, { create: unknown }> => 'create' in handler
export const handlerOf = (projection: Projection, type: string) =>
  (projection.on as Record<string, AnyHandler | undefined>)[type]

/** The ids whose rows must be at hand before the event can be folded. */
export function idsFor(handler: AnyHandler, event: Occurred): string[] {
  if (typeof handler === 'function') return [event.id]
  if (creates(handler)) return []
  const ids = handler.rows(event as never)
  if (ids.length === 1) return ids[0] === undefined ? [] : [ids[0]]
  return [...new Set(ids)].filter((id): id is string => id !== undefined)
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const isId = (id: string) => uuid.test(id)

/** A row that is not at hand can only be looked for by what is an id. */
export function checkId(id: string): void {
  if (!isId(id)) throw new Error('It names a row by what is no id')
}

/** What one event changes: all of it, or nothing when a fold throws. */
function foldEvent(
  handler: AnyHandler,
  event: Occurred,
  rowOf: (id: string) => Row | null,
): [id: string, row: Row | null][] {
  if (creates(handler)) return [[event.id, foldOne(handler, event, rowOf(event.id))]]
  return idsFor(handler, event).flatMap((id) => {
    const before = rowOf(id)
    if (before === null) checkId(id)
    const after = foldOne(handler, event, before)
    return after === before ? [] : [[id, after]]
  })
}

/** What one event makes of one of the rows that it names. */
export function foldOne(handler: AnyHandler, event: Occurred, before: Row | null): Row | null {
  if (typeof handler === 'function') return before && handler(before, event as never)
  if (!creates(handler)) return handler.fold(before, event as never)
  // Nobody decides that twice: to overwrite what is there would hide that a fold names the wrong event. Elsewhere the table's key refuses it.
  if (before) throw new Error(`${event.type} makes a row that is there already`)
  return handler.create(event as never)
}

/** Folds a batch in order over rows that are at hand or loaded once for the whole batch. */
export async function foldBatch(
  projection: AnyProjection,
  events: readonly Recorded[],
  load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): Promise<Changes> {
  const changes: Changes = { rows: new Map(), created: new Set(), appended: [] }
  if (isAppendOnly(projection)) {
    for (const event of events) {
      try {
        changes.appended.push(...projection.each(occurred(event)))
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
      for (const id of idsFor(handler, seen)) if (isId(id)) wanted.add(id)
    } catch {
      break // Reported below, where its turn comes.
    }
  }
  const stored: ReadonlyMap<string, Row> = wanted.size > 0 ? await load([...wanted]) : new Map()
  const rowOf = (id: string) => (changes.rows.has(id) ? changes.rows.get(id)! : (stored.get(id) ?? null))
  for (const { handler, event, seen } of handled) {
    try {
      for (const [id, row] of foldEvent(handler, seen, rowOf)) {
        if (creates(handler) && !changes.rows.has(id)) changes.created.add(id)
        changes.rows.set(id, row)
      }
    } catch (error) {
      return { ...changes, poison: { event, error: error as Error } }
    }
  }
  return changes
}

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
