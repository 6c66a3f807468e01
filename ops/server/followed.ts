import { setTimeout as delay } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { type AnyEvent, type Decider, decode, streamOf } from '../../domain/decider.ts'
import type { EventStore, Recorded } from '../platform/eventStore.ts'
import { Unavailable } from '../platform/eventStoreErrors.ts'
import type { Log } from '../platform/log.ts'
import { hear, type Hearing } from './hearing.ts'

/** Streams as folded, which requests ask for over and over: read once, and kept true by what the log says since. */
export interface Followed extends Hearing {
  /** As far as this instance has heard: read where it is asked for the first time. Throws Unavailable. */
  state<State, Event extends AnyEvent>(decider: Decider<State, Event>, id: string): State | Promise<State>
  /** Whether there is such a stream, as far as this instance has asked or heard. */
  hasMet(decider: Decider<any, any>, id: string): boolean
  /**
   * As it is stored now: for whoever would refuse by what was heard. What was read since the request began will do. However many ask for a stream,
   * it is read a few times a second at most: they wait for their turn, and share it. Throws Unavailable.
   * @param since of performance.now(), when the request began; now where it is not given
   */
  refreshed<State, Event extends AnyEvent>(
    decider: Decider<State, Event>,
    id: string,
    since?: number,
  ): State | Promise<State>
}

interface Entry {
  decider: Decider<any, any>
  state: unknown
  /** -1 when there is no event. */
  revision: number
  /** When it was read last, of performance.now(): what was stored by then is in it. */
  readAt: number
  /** When its next reading would be due, were they evenly apart. */
  dueAt: number
}

interface Loading {
  entry: Promise<Entry>
  /** The newest revision that was heard of meanwhile. */
  heard: number
  /** Infinity before its turn has come. */
  beganAt: number
}

const mostStreams = 150_000
/** Of streams that are not there, which anybody can make up: they never drive out those that are. */
const mostAbsent = 10_000
/** A stream is read so many times in a row, and then only so often. */
const atOnce = 4
const apartMs = 250
const tries = 3

export function followStreams(options: {
  store: EventStore
  deciders: readonly Decider<any, any>[]
  log: Log
  signal: AbortSignal
}): Followed {
  const { store, deciders, log, signal } = options
  const present = new LRUCache<string, Entry>({ max: mostStreams })
  const absent = new LRUCache<string, Entry>({ max: mostAbsent })
  const loads = new Map<string, Loading>()

  function apply(event: Recorded) {
    const { stream, revision } = event
    const loading = loads.get(stream)
    if (loading) loading.heard = Math.max(loading.heard, revision)
    absent.delete(stream)
    const entry = present.peek(stream)
    if (!entry || revision <= entry.revision) return
    present.delete(stream)
    if (revision !== entry.revision + 1) return
    try {
      present.set(stream, advanced(entry, event))
    } catch (error) {
      // Whoever asks reads it again, and is told.
      log.warn({ error, stream, revision }, 'an event that this release does not know')
    }
  }

  const remembered = (stream: string) => present.get(stream) ?? absent.get(stream)

  async function read(decider: Decider<any, any>, stream: string, loading: Loading): Promise<Entry> {
    const askedAt = performance.now()
    const dueAt = Math.max(remembered(stream)?.dueAt ?? 0, askedAt) + apartMs
    const waitMs = dueAt - askedAt - atOnce * apartMs
    if (waitMs > 0) await delay(waitMs)
    for (let attempt = 1; attempt <= tries; attempt++) {
      const known = present.peek(stream) ?? { decider, state: decider.initial, revision: -1 }
      const readAt = (loading.beganAt = performance.now())
      const events = await store.read(stream, { from: known.revision + 1 })
      if (events.length > 0) hearing.saw(events.at(-1)!)
      const entry = events.reduce(advanced, { ...known, readAt, dueAt })
      // What was heard while reading must be in what was read.
      if (loading.heard > entry.revision) continue
      if (entry.revision < 0) absent.set(stream, entry)
      else present.set(stream, entry)
      return entry
    }
    throw new Unavailable(`${stream} is read behind what was heard of it`)
  }

  function load(decider: Decider<any, any>, stream: string): Promise<Entry> {
    const running = loads.get(stream)
    if (running) return running.entry
    const loading = { heard: -1, beganAt: Infinity } as Loading
    loads.set(stream, loading)
    return (loading.entry = read(decider, stream, loading).finally(() => loads.delete(stream)))
  }

  async function readSince(decider: Decider<any, any>, stream: string, since: number): Promise<Entry> {
    for (let entry = remembered(stream); ; entry = remembered(stream)) {
      if (entry && entry.readAt >= since) return entry
      const running = loads.get(stream)
      if (!running || running.beganAt >= since) return load(decider, stream)
      // It may have passed by what has been stored before this was asked.
      await running.entry.catch(() => undefined)
    }
  }

  function stateOf(decider: Decider<any, any>, id: string, since: number): any {
    const stream = streamOf(decider, id)
    const entry = remembered(stream)
    if (entry && entry.readAt >= since) return entry.state
    return readSince(decider, stream, since).then(({ state }) => state)
  }

  const hearing = hear({
    store,
    // Whatever is stored already will be in what is read.
    from: () => store.head(),
    only: { prefixes: deciders.map(({ category }) => `${category}-`) },
    apply,
    startOver: () => [present, absent].forEach((known) => known.clear()),
    of: 'keys, devices and sessions',
    log,
    signal,
  })
  return {
    ...hearing,
    hasMet: (decider, id) => present.has(streamOf(decider, id)),
    state: (decider, id) => stateOf(decider, id, -Infinity),
    refreshed: (decider, id, since = performance.now()) => stateOf(decider, id, since),
  }
}

function advanced(entry: Entry, { type, data, metadata, revision }: Recorded): Entry {
  const event = decode(entry.decider, { type, data, schema: metadata['schema'] as number })
  return { ...entry, state: entry.decider.evolve(entry.state, event), revision }
}
