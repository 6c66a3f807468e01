import type { StoredEvent } from '../storedEvent.ts'
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

  add(event: StoredEvent): void {
    const { bytes: source, wireStart, end, position } = event
    const otherId = this.#structuredIds ? structuredId(event.id) : undefined
    const from = otherId ? wireStart + STRING_ID : wireStart
    const positionLength = varintLength(position)
    const recorded = (otherId?.length ?? 0) + (end - from) + 2 * (1 + positionLength)
    const readEvent = 1 + varintLength(recorded) + recorded + 1 + positionLength
    const message = 1 + varintLength(readEvent) + readEvent
    const bytes = this.#reserve(5 + message)
    let at = this.#length
    bytes[at] = 0 // not compressed
    bytes.writeUInt32BE(message, at + 1)
    at += 5
    bytes[at++] = 0x0a // ReadResp.event
    at = writeVarint(bytes, at, readEvent)
    bytes[at++] = 0x0a // ReadEvent.event
    at = writeVarint(bytes, at, recorded)
    if (otherId) at += otherId.copy(bytes, at)
    at += source.copy(bytes, at, from, end)
    bytes[at++] = 0x20 // RecordedEvent.prepare_position
    at = writeVarint(bytes, at, position)
    bytes[at++] = 0x28 // RecordedEvent.commit_position
    at = writeVarint(bytes, at, position)
    bytes[at++] = 0x18 // ReadEvent.commit_position
    this.#length = writeVarint(bytes, at, position)
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

function structuredId(id: string): Buffer {
  const hex = id.replaceAll('-', '')
  const structured = { most: BigInt(`0x${hex.slice(0, 16)}`), least: BigInt(`0x${hex.slice(16)}`) }
  return encode({ id: [1, Uuid] } as const, { id: { structured } })
}
