import { LRUCache } from 'lru-cache'
import { v5 as uuid } from 'uuid'
import { type AnyEvent, type Decider, type Decision, schemaOf, streamOf } from '../domain/decider.ts'
import { Refusal } from '../domain/refusal.ts'
import type { EventStore, NewEvent } from '../ops/platform/eventStore.ts'
import { RevisionConflict } from '../ops/platform/eventStoreErrors.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { turns } from '../ops/platform/turns.ts'
import { advance, type Loaded, nothing, remember } from './loaded.ts'

export interface Outcome<State> {
  state: State
  revision: number
  /** Of the stream's last event, also when nothing was added. */
  position: bigint
  /** Whether this very command had been carried out before. */
  repeated: boolean
}

const tries = 3
const namespace = '6c3e7d58-62a0-4d0f-8a3c-1f0f3a2b9c11'

/** A name-based id: the same words give the same id on every instance, at every try. */
export const derivedId = (...words: readonly string[]) => uuid(words.join('\0'), namespace)

const caches = new WeakMap<EventStore, LRUCache<string, Loaded<any>>>()
const queues = new WeakMap<EventStore, ReturnType<typeof turns>>()

/** The stream as it is now: what is cached, brought up to date. */
export async function load<State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  id: string,
): Promise<Loaded<State>> {
  const stream = streamOf(decider, id)
  const cached = cacheOf(store).get(stream) as Loaded<State> | undefined
  const base = cached ?? nothing(decider)
  const events = await store.read(stream, { from: base.revision + 1 })
  const loaded = events.reduce((before, event) => advance(decider, before, event), base)
  if (loaded.revision >= 0) cacheOf(store).set(stream, loaded)
  return loaded
}

/** The stream as this process saw it last, if it did: good enough for whoever appends next, which tells. */
export const lastSeen = <State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  id: string,
): Loaded<State> | undefined => cacheOf(store).get(streamOf(decider, id))

interface Command<State, Event extends AnyEvent> {
  store: EventStore
  decider: Decider<State, Event>
  id: string
  decision: Decision<State, Event>
  intent: Intent
}

/**
 * Load, decide, append at the exact revision. A conflict loads and decides again, three times at most.
 * A command that the stream remembers answers as it did the first time; the same id for other words is a clash.
 */
export function handle<State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  id: string,
  decision: Decision<State, Event>,
  intent: Intent,
): Promise<Outcome<State>> {
  return turnsOf(store)(streamOf(decider, id), async () => {
    const command = { store, decider, id, decision, intent }
    const begun = await begin(command)
    if (begun) return begun
    for (let attempt = 1; attempt <= tries; attempt++) {
      const outcome = await once(command)
      if (outcome) return outcome
    }
    throw new Problem('contended', 'Too many changes at once; try again')
  })
}

async function once<State, Event extends AnyEvent>(
  command: Command<State, Event>,
): Promise<Outcome<State> | undefined> {
  const { store, decider, id, decision, intent } = command
  const stream = streamOf(decider, id)
  const cached = cacheOf(store).get(stream) as Loaded<State> | undefined
  const before = cached ?? (await load(store, decider, id))
  // Only an append proves that the cache is current; every other outcome is decided on what is stored now.
  const isCurrent = async () => cached === undefined || (await load(store, decider, id)).revision === before.revision

  const remembered = before.commands.get(intent.id)
  if (remembered) return repeated(store, decider, stream, remembered, intent)
  if (intent.expected_revision !== undefined && intent.expected_revision !== before.revision) {
    if (!(await isCurrent())) return undefined
    throw new Problem('revision_conflict', `The revision is ${before.revision} by now`)
  }
  let decided: readonly Event[]
  try {
    decided = decision(before.state)
  } catch (error) {
    if (error instanceof Refusal && !(await isCurrent())) return undefined
    throw error
  }
  if (decided.length === 0) {
    if (!(await isCurrent())) return undefined
    return { state: before.state, revision: before.revision, position: before.position ?? 0n, repeated: false }
  }

  return append(command, before, decided)
}

/** What begins a stream need not look first whether there is one: the append tells. Undefined where that is not what this is, or there is one. */
async function begin<State, Event extends AnyEvent>(
  command: Command<State, Event>,
): Promise<Outcome<State> | undefined> {
  const { store, decider, id, decision, intent } = command
  if (intent.expected_revision !== undefined || cacheOf(store).has(streamOf(decider, id))) return undefined
  let decided: readonly Event[]
  try {
    decided = decision(decider.initial)
  } catch {
    // It takes something that is there.
    return undefined
  }
  return decided.length > 0 ? append(command, nothing(decider), decided) : undefined
}

/** Undefined where the stream is not as it was `before`. */
async function append<State, Event extends AnyEvent>(
  { store, decider, id, intent }: Command<State, Event>,
  before: Loaded<State>,
  decided: readonly Event[],
): Promise<Outcome<State> | undefined> {
  const stream = streamOf(decider, id)
  const events = decided.map((event, index) => toStore(store, decider, stream, event, index, intent))
  try {
    const { revision, position } = await store.append(
      stream,
      events,
      before.revision < 0 ? 'no_stream' : before.revision,
    )
    const state = decided.reduce(decider.evolve, before.state)
    const commands = remember(before.commands, intent.id, { hash: intent.hash, revision })
    cacheOf(store).set(stream, { state, revision, position, origin: before.origin ?? events[0]!.metadata, commands })
    return { state, revision, position, repeated: false }
  } catch (error) {
    cacheOf(store).delete(stream)
    if (error instanceof RevisionConflict) return undefined
    throw error
  }
}

/**
 * What this very command did before; undefined when the stream does not remember it. To be asked before a command looks
 * at or writes to any other stream: a repeated request answers as the first did whatever has become of those since,
 * and another request under the same key changes nothing at all.
 */
export async function replay<State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  id: string,
  intent: Intent,
): Promise<Outcome<State> | undefined> {
  const { commands } = await load(store, decider, id)
  const first = commands.get(intent.id)
  return first && repeated(store, decider, streamOf(decider, id), first, intent)
}

/** The answer of the first time: the stream as it was right after. */
async function repeated<State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  stream: string,
  first: { hash: string; revision: number },
  intent: Intent,
): Promise<Outcome<State>> {
  if (first.hash !== intent.hash)
    throw new Problem('idempotency_clash', 'This Idempotency-Key was used for another request')
  const events = await store.read(stream, { max: first.revision + 1 })
  const then = events.reduce((before, event) => advance(decider, before, event), nothing(decider))
  return { state: then.state, revision: then.revision, position: then.position!, repeated: true }
}

/** Its id follows from what it says too: only the very same append passes for a repeat, never another one of the same command. */
function toStore<State, Event extends AnyEvent>(
  { sealing }: EventStore,
  decider: Decider<State, Event>,
  stream: string,
  event: Event,
  index: number,
  intent: Intent,
): NewEvent {
  return {
    id: derivedId(intent.id, stream, String(index), sealing.digest(JSON.stringify(event.data))),
    type: event.type,
    data: event.data,
    metadata: metadataOf(schemaOf(decider, event.type), intent),
  }
}

/** What is stored with every event of a command. */
export const metadataOf = (schema: number, intent: Intent): Record<string, unknown> => ({
  schema,
  $correlationId: intent.correlation_id,
  $causationId: intent.id,
  command_hash: intent.hash,
  actor: intent.actor,
  ...(intent.key_id !== undefined && { key_id: intent.key_id }),
  ...(intent.facility_id !== undefined && { facility_id: intent.facility_id }),
  ...(intent.traceparent !== undefined && { traceparent: intent.traceparent }),
})

function cacheOf(store: EventStore): LRUCache<string, Loaded<any>> {
  let cache = caches.get(store)
  if (!cache) caches.set(store, (cache = new LRUCache({ max: 20_000 })))
  return cache
}

/** What was loaded of this store is looked at no more: it has another log by now. */
export const forgetLoaded = (store: EventStore) => void caches.delete(store)

/** Our own requests on one stream wait for each other instead of fighting. */
function turnsOf(store: EventStore): ReturnType<typeof turns> {
  let known = queues.get(store)
  if (!known) queues.set(store, (known = turns()))
  return known
}
