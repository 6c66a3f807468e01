import fs from 'node:fs'
import { promisify } from 'node:util'
import { Code, MaxAppendSizeExceeded, Refusal } from '../refusal.ts'
import { Flush, refusalOf } from './flush.ts'
import type { Location } from './index.ts'
import { MAX_RECORD, recordCapacity, writeRecord } from './record.ts'
import type { PlacedEvent } from './record.ts'
import { Segment } from './segment.ts'

const BUFFER = 256 * 1024
const MAX_QUEUED = 16 * 1024 * 1024
const QUICK_SYNC_MS = 1
/** A flush buffer that grew beyond this is not kept. */
const KEPT_BUFFER = 4 * 1024 * 1024

const fdatasync = promisify(fs.fdatasync)

/** Called by the log, in this order for each flush, before its appends are acknowledged. */
export interface LogListener {
  /** What is appended from now on belongs to the next flush. */
  sealed(): void
  /** These whole records, up to position `end`, are durable and become visible unless this throws. */
  stored(bytes: Buffer, end: number): void
  /** `flushed` has advanced. */
  advanced(): void
  /** Nothing of what was sealed or appended since the last `advanced` was kept. */
  failed(): void
}

/**
 * The append-only log: the truth. A position is an offset in it; `flushed` is the one up to which everything is durable. It lies in
 * segments, of which the last one is written to. Reads are of whole, verified records; they are synchronous since nearly all come
 * out of the page cache.
 */
export class Log {
  readonly id: string
  readonly folder: string
  readonly #segmentSize: number
  readonly #segments: Segment[]
  #flushed: number
  #filling: Flush
  #writing: Flush | null = null
  #spare: Buffer | null = null
  #running: Promise<void> | null = null
  #sealing = false
  #broken: string | null = null
  #complaint = ''
  #syncMs = Infinity
  listener: LogListener = { sealed() {}, stored() {}, advanced() {}, failed() {} }

  /** `openStore` makes it, once what a crash left behind is settled: `end` is where the good records end. */
  constructor(folder: string, segments: Segment[], end: number, segmentSize: number) {
    this.folder = folder
    this.#segments = segments
    this.#segmentSize = segmentSize
    this.id = this.#active.id
    this.#flushed = end
    this.#filling = new Flush(end, Buffer.allocUnsafe(BUFFER))
  }

  get #active(): Segment {
    return this.#segments.at(-1)!
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get flushed(): number {
    return this.#flushed
  }

  /** When there is room for another append: they wait where they are while much is queued. */
  async room(): Promise<void> {
    while (this.#filling.length + (this.#writing?.length ?? 0) > MAX_QUEUED) await this.#filling.done.catch(() => {})
  }

  /** Queues one record. The positions are final once `done` resolves; if it rejects nothing was written. */
  append(events: readonly PlacedEvent[]): { positions: number[]; done: Promise<void> } {
    if (this.#broken) throw new Refusal(Code.unavailable, this.#broken)
    const flush = this.#filling
    const capacity = recordCapacity(events)
    if (capacity > MAX_RECORD) throw new MaxAppendSizeExceeded() // it could never be read again
    const needed = flush.length + capacity
    if (needed > flush.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, flush.bytes.length * 2))
      flush.bytes.copy(larger, 0, 0, flush.length)
      flush.bytes = larger
    }
    const place = { position: flush.end, flushStart: flush.start, created: Date.now() }
    const { end, offsets } = writeRecord(flush.bytes, flush.length, place, events)
    flush.length = end
    flush.appends++
    // One turn of the event loop gathers all that has already arrived.
    this.#running ??= new Promise(setImmediate).then(() => this.#run())
    return { positions: offsets.map((offset) => place.position + offset), done: flush.done }
  }

  /** The flush that takes appends now, and the one under way. */
  pending(): { filling: Promise<void>; writing: Promise<void> } {
    return { filling: this.#filling.done, writing: this.#writing?.done ?? Promise.resolve() }
  }

  /** When the event at `position`, queued or stored, is durable. */
  async durable(position: number): Promise<void> {
    if (position >= this.#filling.start) return this.#filling.done
    if (position >= this.#flushed) return this.#writing?.done
  }

  /** When all that was appended so far is durable (or has failed). */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  async close(): Promise<void> {
    await this.settled()
    for (const segment of this.#segments) segment.close()
  }

  /** Ends the segment that is being written; what is appended from now on goes to a new one. */
  async seal(): Promise<void> {
    if (this.#broken) throw new Refusal(Code.unavailable, this.#broken)
    const active = this.#active
    while (active === this.#active && active.start < this.#flushed) {
      this.#sealing = true
      if (this.#running) await Promise.race([this.#running, this.#filling.done]).catch(() => {})
      else this.#roll(this.#flushed)
    }
    this.#sealing = false
  }

  /** Puts a rewritten segment in the place of the one with the same start. */
  replace(rewritten: Segment): void {
    const at = this.#segments.findIndex(({ start }) => start === rewritten.start)
    this.#segments[at]!.close()
    this.#segments[at] = rewritten
  }

  #roll(start: number): void {
    if (start > this.#active.start) this.#segments.push(Segment.create(this.folder, start, this.id))
    this.#sealing = false
  }

  async #run(): Promise<void> {
    while (this.#filling.length > 0) {
      const flush = this.#filling
      this.#writing = flush
      this.#filling = new Flush(flush.end, this.#spare ?? Buffer.allocUnsafe(BUFFER))
      this.#spare = null
      this.listener.sealed()
      try {
        if (this.#sealing || flush.start - this.#active.start >= this.#segmentSize) this.#roll(flush.start)
        await this.#store(flush)
        this.listener.stored(flush.bytes.subarray(0, flush.length), flush.end)
      } catch (error) {
        this.#fail(flush, error as Error)
        continue
      }
      this.#writing = null
      this.#flushed = flush.end
      this.#complaint = ''
      flush.resolve()
      this.listener.advanced()
      if (flush.bytes.length <= KEPT_BUFFER) this.#spare = flush.bytes
    }
    this.#running = null
  }

  async #store(flush: Flush): Promise<void> {
    const { fd } = this.#active
    const offset = this.#active.offsetOf(flush.start)
    // Into the page cache: a hop to another thread would cost more.
    for (let done = 0; done < flush.length;) {
      done += fs.writeSync(fd, flush.bytes, done, flush.length - done, offset + done)
    }
    try {
      const start = performance.now()
      // A hop to another thread and back costs as much as a quick disk; a slow one must not stop the readers.
      if (flush.appends === 1 && this.#syncMs < QUICK_SYNC_MS) fs.fdatasyncSync(fd)
      else await fdatasync(fd)
      this.#syncMs = performance.now() - start
    } catch (error) {
      // The kernel may have dropped the pages: what a later fdatasync says cannot be trusted any more.
      this.#broken = `The log cannot be flushed (${(error as Error).message}): appends are refused until a restart`
      throw error
    }
  }

  #fail(flush: Flush, error: Error): void {
    const refusal = refusalOf(error)
    const queued = this.#filling
    this.#writing = null
    this.#filling = new Flush(this.#flushed, Buffer.allocUnsafe(BUFFER))
    try {
      fs.ftruncateSync(this.#active.fd, this.#active.offsetOf(this.#flushed))
    } catch (failure) {
      this.#broken ??= `The log cannot be cut back (${(failure as Error).message}): appends are refused until a restart`
    }
    if (this.#complaint !== refusal.message) console.error(refusal.message)
    this.#complaint = refusal.message
    this.listener.failed()
    flush.reject(refusal)
    queued.reject(refusal)
  }

  /** The record that the index says is there; undefined if it was scavenged. */
  record({ position, size }: Location): Buffer | undefined {
    return this.#segmentOf(position).record(position, size)
  }

  /**
   * Some whole records: the first ones at or behind `from`, which in a segment that was not scavenged must be a record's position. None
   * only if there is nothing up to `end`. `next` is where to go on.
   */
  run(from: number, end: number): { records: Buffer; next: number } {
    let position = from
    while (position < end) {
      const segment = this.#segmentOf(position)
      const segmentEnd = Math.min(end, this.#segments[this.#segments.indexOf(segment) + 1]?.start ?? end)
      const { records, offset, bad } = segment.run(segment.find(position), segmentEnd)
      if (records.length === 0 && bad) throw segment.damagedAt(offset)
      if (records.length > 0) return { records, next: segment.positionBehind(offset, segmentEnd) }
      position = segmentEnd
    }
    return { records: NOTHING, next: end }
  }

  #segmentOf(position: number): Segment {
    return this.#segments.findLast(({ start }) => start <= position) ?? this.#segments[0]!
  }
}

const NOTHING = Buffer.alloc(0)
