import fs from 'node:fs'
import path from 'node:path'
import { open } from 'lmdb'
import type { Database, RootDatabase } from 'lmdb'
import { LOG_HEAD, positionAt, TOMBSTONE_REVISION } from './record.ts'
import { Code, Refusal } from '../refusal.ts'
import { eventsOf } from './storedEvent.ts'

/** Entry points for reads of $all lie at least this far apart. */
const BLOCK = 64 * 1024
/** Raise it when what is stored here changes its shape: the index is then rebuilt. */
const INDEX_VERSION = 1
/** LMDB's keys hold 1978 bytes. */
export const MAX_STREAM_NAME = 1500

export interface StreamEntry {
  number: number
  /** -1: a tombstone without events. */
  last: number
  tombstoned: boolean
}

export interface Location {
  /** Of the record that holds the event. */
  position: number
  size: number
  offset: number
}

/**
 * Where things are in the log; it can be rebuilt from it at any time, so its commits are not synced.
 *
 *   streams   name → number u32 · last revision + 1 u48 · tombstoned u8
 *   events    stream number u32 · revision u48 (big-endian) → record position u48 · record size u32 · offset in it u32, all as they
 *             were written: the log itself knows where a record went when it was scavenged
 *   blocks    record position u48 (big-endian) → nothing: where a read of $all can begin
 */
export class Index {
  readonly #where: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #streams: Database<Buffer, Buffer>
  readonly #events: Database<Buffer, Buffer>
  readonly #blocks: Database<Buffer, Buffer>
  #complete = LOG_HEAD
  #streamCount = 0
  #lastBlock = -Infinity

  /** Opens the index of the log `logId`, emptied first if it belongs to another log or to another version of this program. */
  static async open(folder: string, logId: string): Promise<Index> {
    const where = path.join(folder, 'index')
    try {
      const index = new Index(where, logId)
      if (index.#belongs) return index
      await index.close()
    } catch (error) {
      console.error(`The index cannot be opened (${(error as Error).message}): it is rebuilt`)
    }
    fs.rmSync(where, { recursive: true, force: true })
    return new Index(where, logId)
  }

  readonly #belongs: boolean

  private constructor(where: string, logId: string) {
    this.#where = where
    const encodings = { encoding: 'binary', keyEncoding: 'binary' } as const
    this.#root = open<Buffer, Buffer>({ path: where, noSync: true, maxDbs: 8, noSubdir: false, ...encodings })
    this.#streams = this.#root.openDB<Buffer, Buffer>({ name: 'streams', ...encodings })
    this.#events = this.#root.openDB<Buffer, Buffer>({ name: 'events', ...encodings })
    this.#blocks = this.#root.openDB<Buffer, Buffer>({ name: 'blocks', ...encodings })
    const owner = Buffer.from(`${INDEX_VERSION} ${logId}`)
    const state = this.#root.get(STATE)
    if (!state) this.#root.putSync(OWNER, owner)
    else {
      this.#complete = state.readUIntBE(0, 6)
      this.#streamCount = state.readUInt32BE(6)
      this.#lastBlock = this.blockAtOrBefore(this.#complete) ?? -Infinity
    }
    this.#belongs = this.#root.get(OWNER)?.equals(owner) ?? false
  }

  /** Everything of the log before this offset is indexed. */
  get complete(): number {
    return this.#complete
  }

  /** Also lets the disk have it: a folder that was left in order is trusted. */
  async close(): Promise<void> {
    await this.#root.close()
    const fd = fs.openSync(path.join(this.#where, 'data.mdb'), 'r')
    fs.fsyncSync(fd)
    fs.closeSync(fd)
  }

  /** Indexes whole records, after which everything up to position `end` is indexed; all or nothing. */
  add(bytes: Buffer, end: number): void {
    const before = [this.#complete, this.#streamCount, this.#lastBlock] as const
    try {
      this.#root.transactionSync(() => this.#add(bytes, end))
    } catch (error) {
      ;[this.#complete, this.#streamCount, this.#lastBlock] = before
      // LMDB says no more than "Input/output error" when it could write a page in part.
      const why = (error as Error).message
      throw new Refusal(
        Code.resourceExhausted,
        `The disk is full, or the index cannot be written (${why}): nothing was appended; reads go on`,
      )
    }
  }

  #add(bytes: Buffer, end: number): void {
    const touched = new Map<string, StreamEntry>()
    for (let at = 0; at < bytes.length;) {
      const position = positionAt(bytes, at)
      const size = bytes.readUInt32LE(at + 4)
      if (position - this.#lastBlock >= BLOCK) {
        this.#blocks.putSync(positionKey(position), NOTHING)
        this.#lastBlock = position
      }
      for (const event of eventsOf(bytes, at)) {
        const name = event.stream
        let entry = touched.get(name)
        if (!entry) {
          entry = this.stream(name) ?? { number: this.#streamCount++, last: -1, tombstoned: false }
          touched.set(name, entry)
        }
        const revision = event.revision
        if (revision === TOMBSTONE_REVISION) entry.tombstoned = true
        else {
          entry.last = revision
          this.#events.putSync(eventKey(entry.number, revision), locationValue(position, size, event.offsetInRecord))
        }
      }
      at += size
    }
    for (const [name, entry] of touched) this.#streams.putSync(Buffer.from(name), streamValue(entry))
    this.#complete = end
    const state = Buffer.allocUnsafe(10)
    state.writeUIntBE(this.#complete, 0, 6)
    state.writeUInt32BE(this.#streamCount, 6)
    this.#root.putSync(STATE, state)
  }

  stream(name: string): StreamEntry | undefined {
    const value = this.#streams.getBinaryFast(Buffer.from(name))
    if (!value) return undefined
    return { number: value.readUInt32BE(0), last: value.readUIntBE(4, 6) - 1, tombstoned: value[10] === 1 }
  }

  locate(number: number, revision: number): Location | undefined {
    if (revision > MAX_U48) return undefined
    const value = this.#events.getBinaryFast(eventKey(number, revision))
    if (!value) return undefined
    return { position: value.readUIntBE(0, 6), size: value.readUInt32BE(6), offset: value.readUInt32BE(10) }
  }

  /** The revision next to `from` in the direction of `step` that is still there. */
  nearestRevision(number: number, from: number, step: 1 | -1): number | undefined {
    const range = step > 0 ? { start: eventKey(number, from), end: eventKey(number + 1, 0) } : undefined
    const reverse = { start: eventKey(number, from), end: eventKey(number, 0), reverse: true }
    for (const key of this.#events.getKeys({ ...(range ?? reverse), limit: 1 }))
      if (key.readUInt32BE(0) === number) return key.readUIntBE(4, 6)
    return undefined
  }

  /** Forgets events that were scavenged. */
  forget(events: readonly { number: number; revision: number }[]): void {
    this.#root.transactionSync(() => {
      for (const { number, revision } of events) this.#events.removeSync(eventKey(number, revision))
    })
  }

  blockAtOrBefore(position: number): number | undefined {
    return this.#block({ start: positionKey(position), reverse: true })
  }

  blockAfter(position: number): number | undefined {
    return this.#block({ start: positionKey(position + 1) })
  }

  #block(range: { start: Buffer; reverse?: boolean }): number | undefined {
    for (const key of this.#blocks.getKeys({ ...range, limit: 1 })) return key.readUIntBE(0, 6)
    return undefined
  }
}

const MAX_U48 = 2 ** 48 - 1
const STATE = Buffer.from('state')
const OWNER = Buffer.from('owner')
const NOTHING = Buffer.alloc(0)

function positionKey(position: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(Math.min(position, MAX_U48), 0, 6)
  return key
}

function eventKey(number: number, revision: number): Buffer {
  const key = Buffer.allocUnsafe(10)
  key.writeUInt32BE(number, 0)
  key.writeUIntBE(revision, 4, 6)
  return key
}

function locationValue(position: number, size: number, offset: number): Buffer {
  const value = Buffer.allocUnsafe(14)
  value.writeUIntBE(position, 0, 6)
  value.writeUInt32BE(size, 6)
  value.writeUInt32BE(offset, 10)
  return value
}

function streamValue({ number, last, tombstoned }: StreamEntry): Buffer {
  const value = Buffer.allocUnsafe(11)
  value.writeUInt32BE(number, 0)
  value.writeUIntBE(last + 1, 4, 6)
  value[10] = tombstoned ? 1 : 0
  return value
}
