import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Code, Refusal } from '../refusal.ts'
import { Places } from './places.ts'
import { FORMAT_VERSION, headLength, LOG_HEAD, positionAt, RECORD_HEAD, recordLength } from './record.ts'

const LOG_MAGIC = Buffer.from('XYLOEVTS')
const OLDEST_FORMAT = 1
const RUN = 256 * 1024
/** Enough to walk the heads between two places. */
const WALK = 32 * 1024
const NAME = /^events(?:-(\d{15}))?\.log$/
export const TEMPORARY = '.tmp'

export class DamagedLog extends Refusal {
  constructor(sentence: string) {
    super(Code.dataLoss, sentence)
  }
}

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

export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
}

const nameOf = (start: number): string =>
  start === LOG_HEAD ? 'events.log' : `events-${String(start).padStart(15, '0')}.log`

/** Of all segments in a folder, by position. */
export function segmentFiles(folder: string): string[] {
  const names = fs.readdirSync(folder).filter((name) => NAME.test(name))
  return names.sort((a, b) => startOf(a) - startOf(b)).map((name) => path.join(folder, name))
}

function startOf(file: string): number {
  return Number(NAME.exec(path.basename(file))?.[1] ?? LOG_HEAD)
}

export function headerBytes(id: string, scavenges: number): Buffer {
  const head = Buffer.alloc(LOG_HEAD)
  LOG_MAGIC.copy(head)
  head.writeUInt32LE(FORMAT_VERSION, 8)
  head.writeUInt32LE(scavenges, 12)
  head.write(id, 16, 'hex')
  return head
}

export interface Run {
  /** Whole, verified records; each knows its position. */
  records: Buffer
  /** The file offset behind them. */
  offset: number
  /** What follows them, at `offset`, is no record. */
  bad: boolean
}

/**
 * One file of the log: the records from position `start` up to the next segment's start. In an intact segment an offset follows from
 * a position; in a scavenged one it is found through its places.
 */
export class Segment {
  readonly file: string
  readonly fd: number
  readonly start: number
  readonly id: string
  /** How often it was rewritten; 0: intact. */
  readonly scavenges: number
  readonly #places: Places | undefined

  private constructor(file: string, fd: number) {
    this.file = file
    this.fd = fd
    this.start = startOf(file)
    const head = readAt(fd, 0, LOG_HEAD)
    if (head.length < LOG_HEAD || !head.subarray(0, 8).equals(LOG_MAGIC))
      throw new DamagedLog(`${file} is not an event log`)
    const version = head.readUInt32LE(8)
    if (version < OLDEST_FORMAT || version > FORMAT_VERSION)
      throw new DamagedLog(`${file} has format ${version}; this program reads formats up to ${FORMAT_VERSION}`)
    this.scavenges = head.readUInt32LE(12)
    this.id = head.subarray(16).toString('hex')
    if (this.scavenges === 0) return
    this.#places = Places.read(fs.fstatSync(fd).size, (offset, length) => readAt(fd, offset, length))
    if (!this.#places) throw new DamagedLog(`${file} is damaged at its end: it is not served. Restore a backup.`)
  }

  /** Throws `DamagedLog` if it is none of ours. */
  static open(file: string): Segment {
    const fd = fs.openSync(file, fs.constants.O_RDWR)
    try {
      return new Segment(file, fd)
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
  }

  /** An empty one, of a new log unless `id` says of which; it is there as a whole or not at all. */
  static create(folder: string, start: number, id = randomUUID().replaceAll('-', '')): Segment {
    const file = path.join(folder, nameOf(start))
    fs.writeFileSync(file + TEMPORARY, headerBytes(id, 0), { mode: 0o600, flush: true })
    fs.renameSync(file + TEMPORARY, file)
    syncFolder(folder)
    return Segment.open(file)
  }

  close(): void {
    fs.closeSync(this.fd)
  }

  get scavenged(): boolean {
    return this.#places !== undefined
  }

  /** The position behind its last record, as far as its file says. */
  get end(): number {
    return this.#places?.end ?? this.start + fs.fstatSync(this.fd).size - LOG_HEAD
  }

  /** Of an intact segment. */
  offsetOf(position: number): number {
    return position - this.start + LOG_HEAD
  }

  /** Where the first record at or behind `position` lies, which in an intact segment must be a record's. */
  find(position: number): number {
    if (!this.#places) return this.offsetOf(position)
    const { dataEnd } = this.#places
    let at = this.#places.atOrBefore(position, LOG_HEAD)
    while (at < dataEnd) {
      const bytes = readAt(this.fd, at, Math.min(WALK, dataEnd - at))
      let walked = 0
      while (bytes.length - walked >= RECORD_HEAD) {
        const length = headLength(bytes, walked)
        if (length === 0) throw this.damagedAt(at + walked)
        if (positionAt(bytes, walked) >= position) return at + walked
        walked += length
      }
      if (walked === 0) throw this.damagedAt(at)
      at += walked
    }
    return dataEnd
  }

  /** Some records from file offset `from` on, up to position `end`. */
  run(from: number, end: number): Run {
    const to = this.#places && end >= this.#places.end ? this.#places.dataEnd : this.find(end)
    let bytes = readAt(this.fd, from, Math.max(Math.min(RUN, to - from), 0))
    const first = this.#length(bytes, 0, from)
    if (first > bytes.length && from + first <= to) bytes = readAt(this.fd, from, first)
    let length = 0
    while (length < bytes.length) {
      const size = this.#length(bytes, length, from + length)
      if (size === 0 || length + size > bytes.length) {
        const nextRun = size > 0 && length > 0 && from + length + size <= to
        return { records: bytes.subarray(0, length), offset: from + length, bad: !nextRun }
      }
      length += size
    }
    return { records: bytes, offset: from + length, bad: false }
  }

  /** The position to go on at behind a run that ended at file offset `offset`; `end` where that was the last one. */
  positionBehind(offset: number, end: number): number {
    if (!this.#places) return offset - LOG_HEAD + this.start
    return offset < this.#places.dataEnd ? positionAt(readAt(this.fd, offset, RECORD_HEAD), 0) : end
  }

  #length(bytes: Buffer, at: number, offset: number): number {
    if (bytes.length - at < RECORD_HEAD) return RECORD_HEAD
    return recordLength(bytes, at, this.#places ? positionAt(bytes, at) : offset - LOG_HEAD + this.start)
  }

  /** The record at `position`; undefined if it was scavenged. `size` is what the index says of it, from before that. */
  record(position: number, size: number): Buffer | undefined {
    const offset = this.find(position)
    if (this.#places) {
      if (offset === this.#places.dataEnd) return undefined
      const head = readAt(this.fd, offset, RECORD_HEAD)
      if (positionAt(head, 0) !== position) return undefined
      size = headLength(head, 0)
    }
    const bytes = readAt(this.fd, offset, size)
    if (recordLength(bytes, 0, position) !== size) throw this.damagedAt(offset)
    return bytes
  }

  damagedAt(offset: number): DamagedLog {
    return new DamagedLog(
      `${path.basename(this.file)} is damaged at or behind offset ${offset}: it is not served. Restore a backup.`,
    )
  }
}
