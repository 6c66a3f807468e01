import type { Index } from '../log/index.ts'
import type { Log } from '../log/log.ts'
import { LOG_HEAD } from '../log/record.ts'
import { Code, invalid, Refusal, StreamDeleted } from '../refusal.ts'
import { eventAt, eventsOf } from '../log/storedEvent.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { isMetastream, originalOf } from './metadata.ts'
import type { Heads } from './heads.ts'

export interface Stores {
  log: Log
  index: Index
  heads: Heads
}

/** Something that can be read on as the log grows. */
export interface Cursor {
  /** What is there now and has not been given yet. */
  upToNow(): Generator<StoredEvent>
  /** The position of the last event looked at; undefined where checkpoints make no sense. */
  readonly seen: number | undefined
}

export class AllCursor implements Cursor {
  readonly #stores: Stores
  /** Where the next record begins. */
  #next: number
  readonly #from: number
  seen: number | undefined

  /** From the event at `from` on, or from the first one behind it. */
  constructor(stores: Stores, from: number) {
    this.#stores = stores
    this.#from = from
    this.#next = from >= stores.log.flushed ? stores.log.flushed : (stores.index.blockAtOrBefore(from) ?? LOG_HEAD)
    if (from > stores.log.flushed)
      throw new Refusal(
        Code.outOfRange,
        `Position ${from - 1} is behind the end of this log (${stores.log.flushed}): it belongs to another one`,
      )
  }

  *upToNow(): Generator<StoredEvent> {
    const end = this.#stores.log.flushed
    while (this.#next < end) {
      const { records, next } = this.#stores.log.run(this.#next, end)
      this.#next = next
      for (const event of eventsIn(records)) {
        if (event.position < this.#from) continue
        this.seen = event.position
        yield event
      }
    }
  }
}

function* eventsIn(records: Buffer): Generator<StoredEvent> {
  for (let at = 0; at < records.length; at += records.readUInt32LE(at + 4)) yield* eventsOf(records, at)
}

/** The events before `position`, latest first. */
export function* allBackwards({ log, index }: Stores, position: number): Generator<StoredEvent> {
  const flushed = log.flushed
  if (position <= LOG_HEAD) return
  let end = Math.min(index.blockAfter(position - 1) ?? flushed, flushed)
  for (let block = index.blockAtOrBefore(Math.min(position, flushed) - 1); block !== undefined;) {
    const events: StoredEvent[] = []
    for (let at = block; at < end;) {
      const { records, next } = log.run(at, end)
      for (const event of eventsIn(records)) if (event.position < position) events.push(event)
      at = next
    }
    yield* events.reverse()
    end = block
    block = index.blockAtOrBefore(block - 1)
  }
}

interface Visible {
  number: number
  first: number
  last: number
  createdAfter: number
}

/** What a reader may see of a stream now; undefined if it is not found. Throws `StreamDeleted` if it is tombstoned. */
export function visible({ index, heads }: Stores, stream: string): Visible | undefined {
  const entry = index.stream(stream)
  if (entry?.tombstoned || (isMetastream(stream) && index.stream(originalOf(stream))?.tombstoned))
    throw new StreamDeleted(stream)
  if (!entry || entry.last < 0) return undefined
  const metadata = heads.metadata(stream)
  if (metadata.deleted) return undefined
  return {
    number: entry.number,
    first: Math.max(0, metadata.truncateBefore, entry.last - metadata.maxCount + 1),
    last: entry.last,
    createdAfter: Date.now() - metadata.maxAgeMs,
  }
}

/** From which revision on events are young enough, so that the many that are not need not be looked at one by one. */
function firstYoung({ log, index }: Pick<Stores, 'log' | 'index'>, seen: Visible, low: number, high: number): number {
  if (seen.createdAfter === -Infinity) return low
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const revision = index.locate(seen.number, middle) ? middle : index.nearestRevision(seen.number, middle, 1)
    const found = revision === undefined ? undefined : index.locate(seen.number, revision)
    const record = found && log.record(found)
    const event = record && eventAt(record, found.offset)
    // The clock may have been set back: what is left is looked at one by one.
    if (event && event.created < seen.createdAfter) low = middle + 1
    else high = middle
  }
  return low
}

/** The visible events with revisions from `from` to `to`, in either order. */
function* between({ log, index }: Stores, seen: Visible, from: number, to: number): Generator<StoredEvent> {
  let held: { position: number; record: Buffer | undefined } | undefined
  const step = from <= to ? 1 : -1
  const young = firstYoung({ log, index }, seen, Math.min(from, to), Math.max(from, to))
  if (step > 0) from = Math.max(from, young)
  else to = Math.max(to, young)
  for (let revision = from; (to - revision) * step >= 0; revision += step) {
    const found = index.locate(seen.number, revision)
    if (!found) {
      const nearest = index.nearestRevision(seen.number, revision, step)
      if (nearest === undefined) return
      revision = nearest - step // what lies between was scavenged
      continue
    }
    if (held?.position !== found.position) held = { position: found.position, record: log.record(found) }
    const event = held.record && eventAt(held.record, found.offset)
    if (event && event.created >= seen.createdAfter) yield event
  }
}

export function* streamBackwards(stores: Stores, seen: Visible, from: number): Generator<StoredEvent> {
  const start = Math.min(from, seen.last)
  if (start >= seen.first) yield* between(stores, seen, start, seen.first)
}

export class StreamCursor implements Cursor {
  readonly #stores: Stores
  readonly #stream: string
  #next: number
  readonly seen = undefined

  constructor(stores: Stores, stream: string, from: number) {
    if (from < 0) throw invalid(`Revision ${from} does not exist`)
    this.#stores = stores
    this.#stream = stream
    this.#next = from
  }

  *upToNow(): Generator<StoredEvent> {
    const seen = visible(this.#stores, this.#stream)
    if (!seen) return
    const from = Math.max(this.#next, seen.first)
    this.#next = Math.max(this.#next, seen.last + 1)
    if (from <= seen.last) yield* between(this.#stores, seen, from, seen.last)
  }
}
