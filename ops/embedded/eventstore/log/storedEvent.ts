import { EVENT_HEAD, isComplete, positionAt, RECORD_HEAD } from './record.ts'

/** A view of one event in verified bytes; every getter reads the bytes. */
export class StoredEvent {
  readonly bytes: Buffer
  readonly at: number
  readonly position: number

  constructor(bytes: Buffer, at: number, position: number) {
    this.bytes = bytes
    this.at = at
    this.position = position
  }

  get offsetInRecord(): number {
    return this.bytes.readUInt32LE(this.at + 4)
  }
  get created(): number {
    return this.bytes.readUIntLE(this.at + 8, 6)
  }
  get wireStart(): number {
    return this.at + EVENT_HEAD
  }
  get end(): number {
    return this.at + this.bytes.readUInt32LE(this.at)
  }
  get id(): string {
    const at = this.wireStart + 4
    return this.bytes.toString('latin1', at, at + 36)
  }
  get stream(): string {
    const at = this.wireStart + 40 + 1
    const name = behindVarint(this.bytes, at) + 1
    const start = behindVarint(this.bytes, name)
    return this.bytes.toString('utf8', start, start + varintAt(this.bytes, name))
  }
  get revision(): number {
    return varintAt(this.bytes, this.#revisionAt())
  }
  get type(): string {
    const entry = behindVarint(this.bytes, this.#revisionAt()) + 1
    const length = behindVarint(this.bytes, entry) + 7
    const start = behindVarint(this.bytes, length)
    return this.bytes.toString('utf8', start, start + varintAt(this.bytes, length))
  }
  get data(): Buffer {
    for (let at = this.#revisionAt() - 1; at < this.end;) {
      const tag = this.bytes[at]!
      const value = behindVarint(this.bytes, at + 1)
      if (tag === 0x18) at = value
      else if (tag === 0x42) return this.bytes.subarray(value, value + varintAt(this.bytes, at + 1))
      else at = value + varintAt(this.bytes, at + 1)
    }
    return this.bytes.subarray(0, 0)
  }

  #revisionAt(): number {
    const identifier = this.wireStart + 40 + 1
    return behindVarint(this.bytes, identifier) + varintAt(this.bytes, identifier) + 1
  }
}

function varintAt(bytes: Buffer, at: number): number {
  let value = bytes[at]!
  if (value < 128) return value
  value &= 127
  for (let scale = 128; ; scale *= 128) {
    const byte = bytes[++at]!
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}

function behindVarint(bytes: Buffer, at: number): number {
  while (bytes[at]! >= 128) at++
  return at + 1
}

/** The events of the verified record at `at`, oldest first. */
export function* eventsOf(bytes: Buffer, at: number): Generator<StoredEvent> {
  const end = at + bytes.readUInt32LE(at + 4)
  const position = positionAt(bytes, at)
  for (let next = at + RECORD_HEAD; next < end; next += bytes.readUInt32LE(next))
    yield new StoredEvent(bytes, next, position + bytes.readUInt32LE(next + 4))
}

/** The event that was written at `offset` of this record; undefined if it was scavenged out of it. */
export function eventAt(record: Buffer, offset: number): StoredEvent | undefined {
  if (isComplete(record)) return new StoredEvent(record, offset, positionAt(record, 0) + offset)
  for (const event of eventsOf(record, 0)) if (event.offsetInRecord === offset) return event
  return undefined
}
