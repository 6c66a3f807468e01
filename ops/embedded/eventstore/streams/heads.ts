import type { Index } from '../log/index.ts'
import type { Log } from '../log/log.ts'
import { isMetastream, METADATA_OF_METADATA, metastreamOf, NO_METADATA, originalOf, parseMetadata } from './metadata.ts'
import type { StreamMetadata } from './metadata.ts'
import { RecentIds } from './recentIds.ts'
import type { Place } from './recentIds.ts'
import { TOMBSTONE_REVISION } from '../log/record.ts'
import type { PlacedEvent } from '../log/record.ts'
import { eventAt } from '../log/storedEvent.ts'
import type { StoredEvent } from '../log/storedEvent.ts'

export interface Head {
  /** -1: no event. */
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

/**
 * Where each stream stands: what is queued over what is stored. Only the queued changes are held in memory, in two layers that
 * follow the log's flushes.
 */
export class Heads {
  readonly #log: Log
  readonly #index: Index
  /** Of the next flush; of the one under way. */
  #filling = nothingQueued()
  #flushing = nothingQueued()
  readonly #recent = new RecentIds()

  constructor(log: Log, index: Index, advanced: () => void) {
    this.#log = log
    this.#index = index
    log.listener = {
      sealed: () => {
        this.#flushing = this.#filling
        this.#filling = nothingQueued()
      },
      stored: (bytes, end) => index.add(bytes, end),
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
  }

  /** Including what is queued. */
  head(stream: string): Head {
    const queued = this.#filling.heads.get(stream) ?? this.#flushing.heads.get(stream)
    if (queued) return queued
    const entry = this.#index.stream(stream)
    return { last: entry?.last ?? -1, tombstoned: entry?.tombstoned ?? false, metadata: this.metadata(stream) }
  }

  /** When what `head` says of the stream is durable, and seen by readers; rejects when it was not kept. */
  durable(stream: string): Promise<void> {
    const { filling, writing } = this.#log.pending()
    if (this.#filling.heads.has(stream)) return filling
    return this.#flushing.heads.has(stream) ? writing : Promise.resolve()
  }

  /** Where an event of this id was written or queued, as far back as is remembered. */
  place(id: string): Place | undefined {
    return this.#filling.ids.get(id) ?? this.#flushing.ids.get(id) ?? this.#recent.get(id)
  }

  queued(event: PlacedEvent, position: number): void {
    const { stream, revision } = event
    const { heads, ids } = this.#filling
    const { last, tombstoned, metadata } = this.head(stream)
    const ends = revision === TOMBSTONE_REVISION
    heads.set(stream, { last: ends ? last : revision, tombstoned: tombstoned || ends, metadata })
    ids.set(event.id, { stream, revision, position })
    if (!isMetastream(stream)) return
    const original = originalOf(stream)
    if (!isMetastream(original)) heads.set(original, { ...this.head(original), metadata: parseMetadata(event.data) })
  }

  /** Without what is queued: for readers. */
  metadata(stream: string): StreamMetadata {
    if (isMetastream(stream)) return METADATA_OF_METADATA
    const entry = this.#index.stream(metastreamOf(stream))
    const event = entry && this.#at(entry.number, entry.last)
    return event ? parseMetadata(event.data) : NO_METADATA
  }

  /** Without what is queued. */
  stored(stream: string, revision: number): StoredEvent | undefined {
    const entry = this.#index.stream(stream)
    return entry && this.#at(entry.number, revision)
  }

  #at(number: number, revision: number): StoredEvent | undefined {
    const found = this.#index.locate(number, revision)
    const record = found && this.#log.record(found)
    return record && eventAt(record, found.offset)
  }
}
