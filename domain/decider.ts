/** What every aggregate module is: a category, a pure fold and the history of its stored shapes. */
export interface AnyEvent {
  readonly type: string
  readonly data: object
}

export type Json = Record<string, any>

/** Lifts the stored data of one schema to the next. */
export type Upcast = (data: Json) => Json

/** Facts in, events out. Deciding again on the resulting state gives no event. */
export type Decision<State, Event extends AnyEvent> = (state: State) => readonly Event[]

/** Which fields of an event are sealed, and whose key seals them: the user the stream belongs to, or one named in a field. */
export interface Personal {
  readonly subject: 'stream' | { readonly field: string }
  readonly fields: readonly string[]
}

export interface Decider<State, Event extends AnyEvent> {
  readonly category: string
  readonly initial: State
  readonly evolve: (state: State, event: Event) => State
  /** Event type → upcasts from schema 1 on; the schema written today is their number + 1. */
  readonly history: Readonly<Record<Event['type'], readonly Upcast[]>>
  readonly personal?: Readonly<Partial<Record<Event['type'], Personal>>>
}

export const streamOf = (decider: { readonly category: string }, id: string): string => `${decider.category}-${id}`

/** `facility-0b1c…` → `['facility', '0b1c…']`. */
export function splitStream(stream: string): [category: string, id: string] {
  const dash = stream.indexOf('-')
  return dash < 0 ? [stream, ''] : [stream.slice(0, dash), stream.slice(dash + 1)]
}

export const schemaOf = (decider: { readonly history: Readonly<Record<string, readonly Upcast[]>> }, type: string) =>
  (decider.history[type]?.length ?? 0) + 1

/**
 * The event as today's code knows it, from what was stored under `schema`.
 * Throws on a type or a schema this version has never heard of: whoever reads must stop rather than guess.
 */
export function decode<State, Event extends AnyEvent>(
  decider: Decider<State, Event>,
  stored: { type: string; data: Json; schema: number },
): Event {
  const upcasts = (decider.history as Readonly<Record<string, readonly Upcast[]>>)[stored.type]
  if (!upcasts) throw new Error(`${decider.category} has no event ${stored.type}`)
  if (!Number.isInteger(stored.schema) || stored.schema < 1)
    throw new Error(`${stored.type} was stored without a schema: ${stored.schema}`)
  if (stored.schema > upcasts.length + 1)
    throw new Error(`${stored.type} has schema ${stored.schema}; this version knows ${upcasts.length + 1}`)
  const data = upcasts.slice(stored.schema - 1).reduce((older, lift) => lift(older), stored.data)
  return { type: stored.type, data } as unknown as Event
}

export const fold = <State, Event extends AnyEvent>(decider: Decider<State, Event>, events: readonly Event[]): State =>
  events.reduce(decider.evolve, decider.initial)
