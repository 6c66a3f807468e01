import { randomUUID } from 'node:crypto'
import type { Index } from './index.ts'
import type { Log, LogListener } from './log.ts'
import { isMetastream, METADATA_OF_METADATA, metastreamOf, NO_METADATA, originalOf } from './metadata.ts'
import { parseMetadata, truncation } from './metadata.ts'
import type { StreamMetadata } from './metadata.ts'
import { RecentIds } from './recentIds.ts'
import type { Place } from './recentIds.ts'
import { TOMBSTONE_REVISION } from './record.ts'
import type { NewEvent, PlacedEvent } from './record.ts'
import { MAX_APPEND_SIZE, MaxAppendSizeExceeded, StreamDeleted, WrongExpectedVersion } from './refusal.ts'
import type { Expected } from './refusal.ts'
import { StoredEvent } from './storedEvent.ts'

/** Appends wait where they are once this much is queued. */
const MAX_QUEUED = 16 * 1024 * 1024

interface Head {
  last: number
  tombstoned: boolean
  metadata: StreamMetadata
}

/** What appends that are not yet flushed will have changed. */
interface Queued {
  heads: Map<string, Head>
  ids: Map<string, Place>
}
const nothingQueued = (): Queued => ({ heads: new Map(), ids: new Map() })

export interface Appended {
  /** The stream's last revision; -1 where there is still no event. */
  revision: number
  /** Of the last event written; undefined if there was none to write. */
  position: number | undefined
}

/** Decides on appends, deletes and tombstones against what is stored and what is queued, and queues them. */
export class Streams {
  readonly #log: Log
  readonly #index: Index
  /** Queued for the next flush; being flushed. */
  #filling = nothingQueued()
  #flushing = nothingQueued()
  readonly #recent = new RecentIds()

  constructor(log: Log, index: Index, advanced: () => void) {
    this.#log = log
    this.#index = index
    const listener: LogListener = {
      sealed: () => {
        this.#flushing = this.#filling
        this.#filling = nothingQueued()
      },
      stored: (bytes, start) => index.add(bytes, start),
      advanced: () => {
        for (const [id, place] of this.#flushing.ids) this.#recent.add(id, place)
        this.#flushing = nothingQueued()
        advanced()
      },
      failed: () => {
        this.#flushing = nothingQueued()
        this.#filling = nothingQueued()
      },
    }
    log.listener = listener
  }

  /**
   * Resolves once the events are durable. The same ids at the same expected revision are a success with the original
   * position. Throws `WrongExpectedVersion`, `StreamDeleted`, `MaxAppendSizeExceeded`, or the log's refusal.
   */
  async append(stream: string, expected: Expected, events: readonly NewEvent[]): Promise<Appended> {
    if (sizeOf(events) > MAX_APPEND_SIZE) throw new MaxAppendSizeExceeded()
    while (this.#log.queuedBytes > MAX_QUEUED) await this.#log.settled()
    const head = this.#live(stream)
    const before = this.#repeated(stream, head, expected, events)
    if (before) {
      await this.#log.durable(before.position)
      return before
    }
    if (!allows(expected, head)) {
      if (expected === 'stream_exists' && head.metadata.deleted) throw new StreamDeleted(stream)
      throw new WrongExpectedVersion(stream, expected, head.last)
    }
    if (events.length === 0) return { revision: head.last, position: undefined }
    const placed = events.map((event, i) => ({ ...event, stream, revision: head.last + 1 + i }))
    return this.#write([...this.#revival(stream, head), ...placed, ...this.#survival(stream, head, events)], placed)
  }

  /** Hides the stream's events; numbering goes on if it is written again. */
  async delete(stream: string, expected: Expected): Promise<Appended> {
    const head = this.#live(stream)
    const implicit = head.last < 0 && head.metadata !== NO_METADATA
    if (!allows(expected, head) || (head.last < 0 && !implicit))
      throw new WrongExpectedVersion(stream, expected, head.last)
    const event = this.#metadataEvent(stream, truncation(head.metadata.document, 'deleted'))
    return this.#write([event], [event])
  }

  /** Ends the stream for ever. */
  async tombstone(stream: string, expected: Expected): Promise<Appended> {
    const head = this.#live(stream)
    if (!allows(expected, head)) throw new WrongExpectedVersion(stream, expected, head.last)
    const nothing = Buffer.alloc(0)
    const end = { type: '$streamDeleted', contentType: 'application/json', customMetadata: nothing, data: nothing }
    const event = { ...end, id: randomUUID(), stream, revision: TOMBSTONE_REVISION }
    return this.#write([event], [event])
  }

  /** What is stored: the queued changes are not seen. */
  metadata(stream: string): StreamMetadata {
    if (isMetastream(stream)) return METADATA_OF_METADATA
    const entry = this.#index.stream(metastreamOf(stream))
    const event = entry && this.stored(entry.number, entry.last)
    return event ? parseMetadata(event.data) : NO_METADATA
  }

  stored(number: number, revision: number): StoredEvent | undefined {
    const found = this.#index.locate(number, revision)
    if (!found) return undefined
    const record = this.#log.record(found.position, found.size)
    return new StoredEvent(record, found.offset, found.position + found.offset)
  }

  /** The head including queued changes; throws if the stream, or the one whose metadata it holds, is tombstoned. */
  #live(stream: string): Head {
    const head = this.#head(stream)
    if (head.tombstoned || (isMetastream(stream) && this.#head(originalOf(stream)).tombstoned))
      throw new StreamDeleted(stream)
    return head
  }

  #head(stream: string): Head {
    const queued = this.#filling.heads.get(stream) ?? this.#flushing.heads.get(stream)
    if (queued) return queued
    const entry = this.#index.stream(stream)
    return { last: entry?.last ?? -1, tombstoned: entry?.tombstoned ?? false, metadata: this.metadata(stream) }
  }

  async #write(events: PlacedEvent[], acknowledged: readonly PlacedEvent[]): Promise<Appended> {
    const { positions, done } = this.#log.append(events)
    events.forEach((event, i) => this.#queue(event, positions[i]!))
    const last = acknowledged.at(-1)!
    const position = positions[events.indexOf(last)]!
    await done
    return { revision: last.revision, position }
  }

  #queue(event: PlacedEvent, position: number): void {
    const { stream, revision } = event
    const { heads, ids } = this.#filling
    const head = this.#head(stream)
    heads.set(stream, revision === TOMBSTONE_REVISION ? { ...head, tombstoned: true } : { ...head, last: revision })
    ids.set(event.id, { stream, revision, position })
    if (!isMetastream(stream)) return
    const original = originalOf(stream)
    if (!isMetastream(original)) heads.set(original, { ...this.#head(original), metadata: parseMetadata(event.data) })
  }

  #metadataEvent(stream: string, event: NewEvent): PlacedEvent {
    const metastream = metastreamOf(stream)
    return { ...event, stream: metastream, revision: this.#head(metastream).last + 1 }
  }

  /** Writing to a soft-deleted stream shows what is written, and nothing of before. */
  #revival(stream: string, head: Head): PlacedEvent[] {
    if (!head.metadata.deleted) return []
    return [this.#metadataEvent(stream, truncation(head.metadata.document, head.last + 1))]
  }

  /** New metadata for a soft-deleted stream must not show its old events again. */
  #survival(stream: string, head: Head, events: readonly NewEvent[]): PlacedEvent[] {
    if (!isMetastream(stream)) return []
    const original = this.#head(originalOf(stream))
    const written = parseMetadata(events.at(-1)!.data)
    if (!original.metadata.deleted || written.truncateBefore > 0) return []
    const event = truncation(written.document, original.last + 1)
    return [{ ...event, stream, revision: head.last + events.length + 1 }]
  }

  /** The original result, if exactly these events were written where this append would have put them. */
  #repeated(stream: string, head: Head, expected: Expected, events: readonly NewEvent[]): RepeatedAppend | undefined {
    if (events.length === 0 || head.last < 0) return undefined
    if (expected === 'any' || expected === 'stream_exists') return this.#remembered(stream, head, expected, events)
    if (expected === head.last) return undefined
    if (expected === 'no_stream')
      return this.#sameAt(stream, 0, events) ?? this.#sameAt(stream, head.metadata.truncateBefore, events)
    return this.#sameAt(stream, expected + 1, events)
  }

  #sameAt(stream: string, first: number, events: readonly NewEvent[]): RepeatedAppend | undefined {
    const number = this.#index.stream(stream)?.number
    let position = -1
    for (const [i, event] of events.entries()) {
      const place = this.#place(event.id)
      if (place?.stream === stream && place.revision === first + i) position = place.position
      else {
        const stored = number === undefined ? undefined : this.stored(number, first + i)
        if (stored?.id !== event.id) return undefined
        position = stored.position
      }
    }
    return { revision: first + events.length - 1, position }
  }

  /** With `any` there is no revision to look at: only a bounded memory of ids knows. */
  #remembered(stream: string, head: Head, expected: Expected, events: readonly NewEvent[]): RepeatedAppend | undefined {
    const places = events
      .map(({ id }) => this.#place(id))
      .map((place) => (place?.stream === stream ? place : undefined))
    const first = places[0]
    if (first && places.every((place, i) => place?.revision === first.revision + i)) return places.at(-1)
    if (places.some((place) => place)) throw new WrongExpectedVersion(stream, expected, head.last)
    return undefined
  }

  #place(id: string): Place | undefined {
    return this.#filling.ids.get(id) ?? this.#flushing.ids.get(id) ?? this.#recent.get(id)
  }
}

interface RepeatedAppend {
  revision: number
  position: number
}

function allows(expected: Expected, { last, metadata }: Head): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'no_stream':
      return last < 0 || metadata.deleted
    case 'stream_exists':
      return last >= 0 && !metadata.deleted
    default:
      return expected === last
  }
}

function sizeOf(events: readonly NewEvent[]): number {
  let size = 0
  for (const { type, data, customMetadata } of events) size += data.length + customMetadata.length + type.length * 2
  return size
}
