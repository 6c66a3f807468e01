import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type AllStreamRecordedEvent,
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  BACKWARDS,
  END,
  ErrorType,
  EventStoreDBClient,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  NO_STREAM,
  type Position,
  type ResolvedEvent,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import pLimit from 'p-limit'
import { errorType, RevisionConflict, StreamGone, translated, Unavailable } from './eventStoreErrors.ts'
import { NotForBulk, readInBulk, readStreamsInBulk } from './bulkReader.ts'
import { batches, checkpoint, gathered, letGo, until } from './eventStoreStreams.ts'
import type { Direction, EventStore, ExpectedRevision, FollowOptions, NewEvent, Recorded } from './eventStore.ts'
import { createSealing, type MasterKeys } from './sealing.ts'
import { spanned } from './tracing.ts'

const appendTimeoutMs = 3000
const appendTries = 4
const batchSize = 2000
/** Streams, where many are asked for. */
const readAtOnce = 16
/** Times 32 events: so many are looked at again, at most, when a subscription broke that wants none of them. */
const checkpointInterval = 32
const patience = { silenceMs: 3000, onSilence: () => new Unavailable('The event store did not answer in time') }

type PersonalFields = (stored: {
  stream: string
  type: string
  data: Record<string, any>
}) => [string, readonly string[]] | undefined

/**
 * EventStoreDB behind the few words the product needs. `personalFields` says which fields are sealed under whose key, `erasedBy` which user
 * an event erases: that key is kept no longer by whoever reads of it.
 */
export function connectEventStore(
  options: MasterKeys & {
    url: string
    personalFields: PersonalFields
    erasedBy?: (stored: { stream: string; type: string }) => string | undefined
  },
): EventStore {
  const client = EventStoreDBClient.connectionString(options.url)
  const pending = new Set<Promise<unknown>>()

  const sealing = createSealing(options, async (userId) => {
    try {
      // Each of its events has the key, the last one as it is wrapped today.
      const [newest] = await read(`userKey-${userId}`, { direction: 'backwards', max: 1 })
      if (!newest) throw new Error(`User ${userId} has no key`)
      return newest.data['wrapped'] as string
    } catch (error) {
      if (error instanceof StreamGone) return undefined
      throw error
    }
  })

  /** Of what a read gives, as stored. */
  function recordedOf(resolved: ResolvedEvent | AllStreamResolvedEvent): Recorded {
    const event = resolved.event!
    return {
      id: event.id,
      stream: event.streamId,
      type: event.type,
      revision: Number(event.revision),
      position: event.position?.commit ?? resolved.commitPosition!,
      data: event.data as Record<string, any>,
      metadata: (event.metadata ?? {}) as Record<string, any>,
    }
  }

  /** Opens the personal fields of these; few have any. */
  async function openAll<Events extends readonly Recorded[]>(events: Events): Promise<Events> {
    const opening: Promise<unknown>[] = []
    for (const event of events) {
      const erased = options.erasedBy?.(event)
      if (erased !== undefined) sealing.forget(erased)
    }
    for (const event of events) {
      const personal = options.personalFields(event)
      if (personal) opening.push(unsealed(event, personal))
    }
    if (opening.length > 0) await Promise.all(opening)
    return events
  }

  async function unsealed(recorded: Recorded, personal: NonNullable<ReturnType<PersonalFields>>): Promise<Recorded> {
    recorded.json ??= JSON.stringify(recorded.data)
    try {
      recorded.data = await sealing.open(personal[0], recorded.type, recorded.data, personal[1])
    } catch (error) {
      if (error instanceof Unavailable) throw error
      recorded.unreadable = error as Error
    }
    return recorded
  }

  async function read(
    stream: string,
    {
      from,
      max,
      unreadable: wanted,
      direction = 'forwards',
    }: { from?: number; max?: number; unreadable?: 'too'; direction?: Direction } = {},
  ): Promise<Recorded[]> {
    const events: Recorded[] = []
    try {
      const found = client.readStream(stream, {
        direction,
        fromRevision: from !== undefined ? BigInt(from) : beginningOf(direction),
        ...(max !== undefined && { maxCount: max }),
      })
      for await (const resolved of until<ResolvedEvent>(found, patience))
        if (resolved.event) events.push(recordedOf(resolved))
      await openAll(events)
      const unreadable = events.find((event) => event.unreadable)
      if (unreadable && !wanted)
        throw new Error(`${stream}, revision ${unreadable.revision}: cannot be unsealed`, {
          cause: unreadable.unreadable,
        })
    } catch (error) {
      if (errorType(error) === ErrorType.STREAM_NOT_FOUND) return []
      throw translated(error, stream)
    }
    return events
  }

  const append: EventStore['append'] = (stream, events, expected) =>
    spanned(
      'append',
      { kind: 'client', attributes: { 'db.system.name': 'eventstoredb', 'xylolabs.stream': stream }, isFault },
      () => appended(stream, events, expected),
    )

  async function appended(stream: string, events: readonly NewEvent[], expected: ExpectedRevision) {
    const sealed = await Promise.all(
      events.map(async (event) => {
        const personal = options.personalFields({ stream, ...event })
        return jsonEvent(
          personal ? { ...event, data: await sealing.seal(personal[0], event.type, event.data, personal[1]) } : event,
        )
      }),
    )
    const expectedRevision = expected === 'no_stream' ? NO_STREAM : BigInt(expected)
    for (let attempt = 1; ; attempt++) {
      const attempted = client.appendToStream(stream, sealed, { expectedRevision })
      pending.add(attempted)
      attempted.catch(() => undefined).finally(() => pending.delete(attempted))
      try {
        const done = await withTimeout(attempted, appendTimeoutMs)
        return { revision: Number(done.nextExpectedRevision), position: done.position!.commit }
      } catch (error) {
        const known = translated(error, stream)
        if (!(known instanceof Unavailable) || attempt === appendTries) throw known
        // Unknown outcome: the same ids at the same revision are a success if it did happen.
        await delay(100 * 2 ** attempt)
      }
    }
  }

  async function tombstone(stream: string) {
    try {
      await client.tombstoneStream(stream)
    } catch (error) {
      const known = translated(error, stream)
      if (!(known instanceof StreamGone)) throw known
    }
  }

  async function keepOnly(stream: string, { maxCount, maxAgeSecs }: { maxCount: number; maxAgeSecs?: number }) {
    try {
      await client.setStreamMetadata(stream, { maxCount, ...(maxAgeSecs !== undefined && { maxAge: maxAgeSecs }) })
    } catch (error) {
      throw translated(error, stream)
    }
  }

  async function* follow(options: FollowOptions): AsyncGenerator<Recorded[]> {
    const { after, prefixes, types, signal, onBroken } = options
    let last = after
    /** How far the server has looked, whether or not it found anything to send. */
    let looked: bigint | undefined
    const checkpoints = {
      checkpointInterval,
      checkpointReached: (subscription: AllStreamSubscription, { commit }: Position) => {
        looked = commit
        subscription.emit(checkpoint)
      },
    }
    const byStream = prefixes ? streamNameFilter({ prefixes, ...checkpoints }) : excludeSystemEvents(checkpoints)
    const filter = types ? eventTypeFilter({ prefixes: types, ...checkpoints }) : byStream
    const onEmptied = () => {
      if (looked !== undefined && (last === undefined || looked > last)) last = looked
    }
    for (let failures = 0; !signal.aborted;) {
      looked = undefined
      const subscription = client.subscribeToAll(
        {
          fromPosition: last === undefined ? START : { commit: last, prepare: last },
          filter,
        },
        { highWaterMark: batchSize },
      )
      try {
        for await (const batch of batches<AllStreamResolvedEvent>(subscription, { ...options, batchSize, onEmptied })) {
          failures = 0
          const events = await openAll(batch.filter(({ event }) => event !== undefined).map(recordedOf))
          if (events.length > 0) yield events
          last = events.at(-1)?.position ?? last
        }
        throw new Error('the event store ended the subscription')
      } catch (error) {
        if (signal.aborted) return
        onBroken?.(error as Error)
      } finally {
        await letGo(subscription, () => subscription.unsubscribe())
      }
      if (!signal.aborted)
        await delay(Math.min(50 * 2 ** failures++, 2000), undefined, { signal }).catch(() => undefined)
    }
  }

  async function* readAll(after: bigint | undefined): AsyncGenerator<Recorded[]> {
    const found = client.readAll({ fromPosition: after === undefined ? START : { commit: after, prepare: after } })
    const take = (resolved: AllStreamResolvedEvent, into: Recorded[]) => {
      const { event } = resolved
      if (event && !event.type.startsWith('$') && event.position.commit !== after) into.push(recordedOf(resolved))
    }
    try {
      for await (const events of gathered(found, take, patience)) yield await openAll(events)
    } finally {
      await letGo(found, () => found.cancel())
    }
  }

  async function* readFast(after: bigint | undefined, onFallback: (why: Error) => void): AsyncGenerator<Recorded[]> {
    try {
      for await (const events of readInBulk(options.url, after)) {
        await openAll(events)
        yield events[0]!.position === after ? events.slice(1) : events
      }
    } catch (error) {
      if (!(error instanceof NotForBulk)) throw translated(error, '$all')
      onFallback(error)
      yield* readAll(after)
    }
  }

  const readEach: EventStore['readEach'] = async (streams, onFallback) => {
    const limit = pLimit(readAtOnce)
    try {
      const found = await readStreamsInBulk(options.url, streams)
      // Each may have to ask for a key.
      await Promise.all([...found.values()].map((events) => limit(() => openAll(events))))
      return found
    } catch (error) {
      if (!(error instanceof NotForBulk)) throw translated(error, 'streams')
      onFallback?.(error)
      return new Map(
        await Promise.all(streams.map((stream) => limit(async () => [stream, await allOf(stream)] as const))),
      )
    }
  }

  async function allOf(stream: string): Promise<Recorded[]> {
    try {
      return await read(stream, { unreadable: 'too' })
    } catch (error) {
      if (error instanceof StreamGone) return []
      throw error
    }
  }

  async function readPart(direction: Direction, beyond: bigint | undefined, most: number) {
    const fromPosition = beyond === undefined ? beginningOf(direction) : { commit: beyond, prepare: beyond }
    const events: Recorded[] = []
    let looked = 0
    let next: bigint | undefined
    try {
      const found = client.readAll({ direction, fromPosition, maxCount: most })
      for await (const resolved of until<AllStreamResolvedEvent>(found, patience)) {
        looked++
        const { event } = resolved
        next = event?.position.commit ?? resolved.commitPosition ?? next
        if (event && !event.type.startsWith('$') && event.position.commit !== beyond) events.push(recordedOf(resolved))
      }
    } catch (error) {
      throw translated(error, '$all')
    }
    return { events, ...(looked === most && next !== undefined && { next }) }
  }

  /** The newest of our events for which this holds. */
  async function newest(matches: (event: AllStreamRecordedEvent) => boolean, maxCount = Number.MAX_SAFE_INTEGER) {
    try {
      const backwards = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount })
      for await (const { event } of until<AllStreamResolvedEvent>(backwards, patience))
        if (event && !event.type.startsWith('$') && matches(event)) return event.position.commit
      return undefined
    } catch (error) {
      throw translated(error, '$all')
    }
  }

  // Ours is nearly always among the last few: a read without an end would fill buffers on both sides.
  const head = async () => (await newest(() => true, 8)) ?? newest(() => true)
  const positionBefore = (time: Date) => newest(({ created }) => created < time)

  /** The server's own ones included. */
  async function nextFrom(from: { direction?: typeof BACKWARDS; fromPosition: Position | typeof END }) {
    try {
      for await (const { event } of until<AllStreamResolvedEvent>(client.readAll({ ...from, maxCount: 1 }), patience))
        return event
      return undefined
    } catch (error) {
      throw translated(error, '$all')
    }
  }

  async function eventAt(position: bigint) {
    // Servers differ in what they answer from a position that none of their events has: an error, or what comes behind it.
    const found = await nextFrom({ fromPosition: { commit: position, prepare: position } }).catch((error: unknown) => {
      if (error instanceof Unavailable) throw error
      return undefined
    })
    const named = ({ id, streamId, revision }: AllStreamRecordedEvent) => ({
      ...{ id, stream: streamId, revision: Number(revision) },
    })
    if (found?.position.commit === position) return named(found)
    const last = await nextFrom({ direction: BACKWARDS, fromPosition: END })
    if (last?.position.commit === position) return named(last)
    return last && last.position.commit > position ? ('gone' as const) : ('beyond' as const)
  }

  async function close() {
    await Promise.allSettled(pending)
    leaveOthers(client)
    await client.dispose()
  }

  return {
    ...{ sealing, append, read, readEach, readAll, readFast, readPart, follow, tombstone, keepOnly },
    ...{ head, eventAt, positionBefore, close },
  }
}

/**
 * The client keeps the appends of all clients of a process in one place, and an error of one's stream of appends rejects them all: the stream of the others then meets
 * an answer that nobody waits for, and reads no further one, ever. Of a client that is closed nobody has to hear.
 */
function leaveOthers(client: EventStoreDBClient): void {
  const { disposableStreams } = client as unknown as { disposableStreams: Set<Duplex> }
  for (const stream of disposableStreams) stream.removeAllListeners('error').on('error', () => undefined)
}

const beginningOf = (direction: Direction) => (direction === 'backwards' ? END : START)

/** That a stream has changed is what an append finds out. */
const isFault = (error: unknown) => !(error instanceof RevisionConflict)

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable('The event store did not answer in time')), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
