import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { Code, Refusal } from './refusal.ts'
import { FORMAT_VERSION, LOG_HEAD, recordCapacity, recordLength, writeRecord } from './record.ts'
import type { PlacedEvent } from './record.ts'

const LOG_MAGIC = Buffer.from('XYLOEVTS')
const RUN = 256 * 1024
/** A flush buffer that grew beyond this is not kept. */
const KEPT_BUFFER = 4 * 1024 * 1024

const fdatasync = promisify(fs.fdatasync)

export class DamagedLog extends Refusal {
  constructor(sentence: string) {
    super(Code.dataLoss, sentence)
  }
}

/** The appends that become durable by one write and one fdatasync. */
class Flush {
  readonly start: number
  bytes: Buffer
  length = 0
  readonly done: Promise<void>
  resolve!: () => void
  reject!: (reason: Error) => void

  constructor(start: number, bytes: Buffer) {
    this.start = start
    this.bytes = bytes
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
    this.done.catch(() => {}) // every append waits on it by itself
  }

  get end(): number {
    return this.start + this.length
  }
}

/** Called by the log, in this order for each flush, before its appends are acknowledged. */
export interface LogListener {
  /** What is appended from now on belongs to the next flush. */
  sealed(): void
  /** These whole records, beginning at file offset `start`, are durable and become visible unless this throws. */
  stored(bytes: Buffer, start: number): void
  /** `flushed` has advanced. */
  advanced(): void
  /** Nothing of what was sealed or appended since the last `advanced` was kept. */
  failed(): void
}

/**
 * The append-only file: the truth. `flushed` is the offset up to which everything is durable; `tail` is where the next record
 * goes. Reads are of whole, verified records; they are synchronous since nearly all come out of the page cache.
 */
export class Log {
  readonly id: string
  readonly #fd: number
  #flushed: number
  #filling: Flush
  #writing: Flush | null = null
  #spare: Buffer | null = null
  #running: Promise<void> | null = null
  #broken: string | null = null
  listener: LogListener = { sealed() {}, stored() {}, advanced() {}, failed() {} }

  /** Use `openLog`, or `recover.ts`, which also settles what a crash left behind. */
  constructor(fd: number, id: string, end: number) {
    this.#fd = fd
    this.id = id
    this.#flushed = end
    this.#filling = new Flush(end, Buffer.allocUnsafe(RUN))
  }

  get flushed(): number {
    return this.#flushed
  }

  get queuedBytes(): number {
    return this.#filling.length + (this.#writing?.length ?? 0)
  }

  /** Queues one record. The positions are final once `done` resolves; if it rejects nothing was written. */
  append(events: readonly PlacedEvent[]): { positions: number[]; done: Promise<void> } {
    if (this.#broken) throw new Refusal(Code.unavailable, this.#broken)
    const flush = this.#filling
    const needed = flush.length + recordCapacity(events)
    if (needed > flush.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, flush.bytes.length * 2))
      flush.bytes.copy(larger, 0, 0, flush.length)
      flush.bytes = larger
    }
    const place = { position: flush.end, flushStart: flush.start, created: Date.now() }
    const { end, offsets } = writeRecord(flush.bytes, flush.length, place, events)
    flush.length = end
    // One turn of the event loop gathers all that has already arrived.
    this.#running ??= new Promise(setImmediate).then(() => this.#run())
    return { positions: offsets.map((offset) => place.position + offset), done: flush.done }
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
    fs.closeSync(this.#fd)
  }

  async #run(): Promise<void> {
    while (this.#filling.length > 0) {
      const flush = this.#filling
      this.#writing = flush
      this.#filling = new Flush(flush.end, this.#spare ?? Buffer.allocUnsafe(RUN))
      this.#spare = null
      this.listener.sealed()
      try {
        await this.#store(flush)
        this.listener.stored(flush.bytes.subarray(0, flush.length), flush.start)
      } catch (error) {
        this.#fail(flush, error as Error)
        continue
      }
      this.#writing = null
      this.#flushed = flush.end
      flush.resolve()
      this.listener.advanced()
      if (flush.bytes.length <= KEPT_BUFFER) this.#spare = flush.bytes
    }
    this.#running = null
  }

  async #store(flush: Flush): Promise<void> {
    // Into the page cache: a hop to another thread would cost more.
    for (let done = 0; done < flush.length;) {
      done += fs.writeSync(this.#fd, flush.bytes, done, flush.length - done, flush.start + done)
    }
    try {
      await fdatasync(this.#fd)
    } catch (error) {
      // The kernel may have dropped the pages: what a later fdatasync says cannot be trusted any more.
      this.#broken = `The log cannot be flushed (${(error as Error).message}): appends are refused until a restart`
      throw error
    }
  }

  #fail(flush: Flush, error: Error): void {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    const refusal = full
      ? new Refusal(Code.resourceExhausted, 'The disk is full: nothing was appended; reads go on')
      : new Refusal(Code.unavailable, `The log cannot be written: ${error.message}`)
    const queued = this.#filling
    this.#writing = null
    this.#filling = new Flush(this.#flushed, Buffer.allocUnsafe(RUN))
    try {
      fs.ftruncateSync(this.#fd, this.#flushed)
    } catch (failure) {
      this.#broken ??= `The log cannot be cut back (${(failure as Error).message}): appends are refused until a restart`
    }
    console.error(refusal.message)
    this.listener.failed()
    flush.reject(refusal)
    queued.reject(refusal)
  }

  /** The record at `position`, `size` bytes long according to the index. */
  record(position: number, size: number): Buffer {
    const bytes = readAt(this.#fd, position, size)
    if (recordLength(bytes, 0, position) !== size) throw damagedAt(position)
    return bytes
  }

  /** Some whole records from `position`, which must be a record's, up to `end`; empty only at `end`. */
  run(position: number, end: number): Buffer {
    if (position >= end) return Buffer.alloc(0)
    const { records } = verifiedRun(this.#fd, position, end)
    if (records.length === 0) throw damagedAt(position)
    return records
  }
}

const damagedAt = (position: number): DamagedLog =>
  new DamagedLog(`events.log is damaged at or behind offset ${position}: it is not served. Restore a backup.`)

export function readAt(fd: number, position: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let done = 0
  while (done < size) {
    const read = fs.readSync(fd, bytes, done, size - done, position + done)
    if (read === 0) break
    done += read
  }
  return bytes.subarray(0, done)
}

/** Some whole records from `position` and, where what follows them is none, the offset of that. */
export function verifiedRun(fd: number, position: number, end: number): { records: Buffer; bad: number | undefined } {
  let bytes = readAt(fd, position, Math.min(RUN, end - position))
  const first = recordLength(bytes, 0, position)
  if (first > bytes.length && position + first <= end) bytes = readAt(fd, position, first)
  let length = 0
  while (length < bytes.length) {
    const size = recordLength(bytes, length, position + length)
    if (size === 0 || length + size > bytes.length) {
      const nextRun = size > 0 && length > 0 && position + length + size <= end
      return { records: bytes.subarray(0, length), bad: nextRun ? undefined : position + length }
    }
    length += size
  }
  return { records: bytes, bad: undefined }
}

export function openLog(folder: string): { fd: number; id: string } {
  const file = path.join(folder, 'events.log')
  const fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
  const head = readAt(fd, 0, LOG_HEAD)
  if (head.length < LOG_HEAD) return { fd, id: createHead(fd, folder) }
  const version = head.readUInt32LE(8)
  if (!head.subarray(0, 8).equals(LOG_MAGIC)) throw new DamagedLog(`${file} is not an event log`)
  if (version !== FORMAT_VERSION)
    throw new DamagedLog(`${file} has format ${version}; this program reads format ${FORMAT_VERSION}`)
  return { fd, id: head.subarray(16).toString('hex') }
}

function createHead(fd: number, folder: string): string {
  const id = randomUUID().replaceAll('-', '')
  const head = Buffer.alloc(LOG_HEAD)
  LOG_MAGIC.copy(head)
  head.writeUInt32LE(FORMAT_VERSION, 8)
  head.write(id, 16, 'hex')
  fs.writeSync(fd, head, 0, LOG_HEAD, 0)
  fs.fsyncSync(fd)
  const parent = fs.openSync(folder, 'r')
  fs.fsyncSync(parent)
  fs.closeSync(parent)
  return id
}
