import type { StoredEvent } from '../log/storedEvent.ts'
import { encode } from './protobuf.ts'
import { varintLength, writeVarint } from './varint.ts'
import { Uuid } from './messages.ts'

const FLUSH_AT = 64 * 1024
/** id (1) of 38 bytes: string (2) of 36. */
const STRING_ID = 40

/**
 * Joins ReadResp messages with events, each with its gRPC length prefix, into buffers of about 64 KiB: one http2 write for many
 * messages. An event lies in the log as the protocol's RecordedEvent without positions, so this copies and adds those.
 */
export class EventFrames {
  readonly #structuredIds: boolean
  #bytes = Buffer.allocUnsafe(FLUSH_AT + 4096)
  #length = 0

  constructor(structuredIds: boolean) {
    this.#structuredIds = structuredIds
  }

  get empty(): boolean {
    return this.#length === 0
  }

  get full(): boolean {
    return this.#length >= FLUSH_AT
  }

  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#bytes = Buffer.allocUnsafe(FLUSH_AT + 4096)
    this.#length = 0
    return taken
  }

  /**
   * One ReadEvent: an event, the link by which it was found, or both; its position is that of the link where there is one.
   * `retries` is what a persistent subscription says of how often it was sent before.
   */
  add(event: StoredEvent | undefined, link?: StoredEvent, retries?: number): void {
    const found = (link ?? event)!
    const recorded = event && new Recorded(event, this.#structuredIds)
    const linked = link && new Recorded(link, this.#structuredIds)
    const retriesSize = retries === undefined ? 0 : 1 + varintLength(retries)
    const readEvent =
      fieldSize(recorded?.size ?? 0) + fieldSize(linked?.size ?? 0) + 1 + varintLength(found.position) + retriesSize
    const message = fieldSize(readEvent)
    const bytes = this.#reserve(5 + message)
    let at = this.#length
    bytes[at] = 0 // not compressed
    bytes.writeUInt32BE(message, at + 1)
    at += 5
    bytes[at++] = 0x0a // ReadResp.event
    at = writeVarint(bytes, at, readEvent)
    if (recorded) at = recorded.write(bytes, at, 0x0a) // ReadEvent.event
    if (linked) at = linked.write(bytes, at, 0x12) // ReadEvent.link
    bytes[at++] = 0x18 // ReadEvent.commit_position
    at = writeVarint(bytes, at, found.position)
    if (retries !== undefined) {
      bytes[at++] = 0x28 // ReadEvent.retry_count
      at = writeVarint(bytes, at, retries)
    }
    this.#length = at
  }

  #reserve(length: number): Buffer {
    if (this.#length + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(this.#length + length)
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    return this.#bytes
  }
}

/** RecordedEvent: what the log holds of an event, with its positions. */
class Recorded {
  readonly size: number
  readonly #event: StoredEvent
  readonly #id: Buffer | undefined
  readonly #from: number

  constructor(event: StoredEvent, structured: boolean) {
    const { wireStart, end, position } = event
    this.#event = event
    this.#id = structured ? structuredId(event.id) : undefined
    this.#from = this.#id ? wireStart + STRING_ID : wireStart
    this.size = (this.#id?.length ?? 0) + (end - this.#from) + 2 * (1 + varintLength(position))
  }

  write(bytes: Buffer, at: number, tag: number): number {
    const { position, end } = this.#event
    bytes[at++] = tag
    at = writeVarint(bytes, at, this.size)
    if (this.#id) at += this.#id.copy(bytes, at)
    at += this.#event.bytes.copy(bytes, at, this.#from, end)
    bytes[at++] = 0x20 // prepare_position
    at = writeVarint(bytes, at, position)
    bytes[at++] = 0x28 // commit_position
    return writeVarint(bytes, at, position)
  }
}

/** Of a length-delimited field with a one-byte tag; 0: it is absent. */
const fieldSize = (length: number): number => (length === 0 ? 0 : 1 + varintLength(length) + length)

function structuredId(id: string): Buffer {
  const hex = id.replaceAll('-', '')
  const structured = { most: BigInt(`0x${hex.slice(0, 16)}`), least: BigInt(`0x${hex.slice(16)}`) }
  return encode({ id: [1, Uuid] } as const, { id: { structured } })
}
