/** An event as it was stored: what most readers never look at is still bytes, and read out of them when somebody does. */
export class StoredEvent {
  stream = ''
  type = ''
  revision = 0
  position = 0n
  readonly #bytes: Buffer
  #json: string | undefined
  #data: Record<string, any> | undefined
  #metadata: Record<string, any> | undefined
  /** Where in the bytes they lie: nowhere, if there are none. */
  idAt = 0
  idEnd = 0
  dataAt = 0
  dataEnd = 0
  metadataAt = 0
  metadataEnd = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get id(): string {
    return this.#bytes.toString('utf8', this.idAt, this.idEnd)
  }
  get data(): Record<string, any> {
    return (this.#data ??= parsed(this.json))
  }
  set data(data: Record<string, any>) {
    this.#data = data
  }
  get json(): string {
    return (this.#json ??= this.#bytes.toString('utf8', this.dataAt, this.dataEnd))
  }
  get metadata(): Record<string, any> {
    return (this.#metadata ??= parsed(this.#bytes.toString('utf8', this.metadataAt, this.metadataEnd)))
  }

  /** What the metadata say of it, found without parsing all of them: we write it first. */
  get schema(): number {
    const at = this.metadataAt
    const isFirst =
      this.metadataEnd - at > 12 &&
      this.#bytes[at + 11] === COMMA &&
      this.#bytes.toString('latin1', at, at + 10) === '{"schema":'
    return isFirst ? this.#bytes[at + 10]! - ZERO : (this.metadata['schema'] as number)
  }
}

const parsed = (json: string) => (json === '' ? {} : JSON.parse(json)) as Record<string, any>

const nothing = Buffer.alloc(0)
const prefix = 5
const DOLLAR = '$'.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)
const TYPE = Buffer.from('type').readUInt32BE()

/** Texts that come again and again: one string for each, made once. */
class Names {
  /** By a number that follows from the bytes; two texts can have the same. */
  readonly #known = new Map<number, { bytes: Buffer; text: string }>()

  of(bytes: Buffer, at: number, end: number): string {
    let sum = 0
    for (let i = at; i < end; i++) sum = (Math.imul(sum, 31) + bytes[i]!) | 0
    const known = this.#known.get(sum)
    if (known && known.bytes.length === end - at && bytes.compare(known.bytes, 0, end - at, at, end) === 0)
      return known.text
    const text = bytes.toString('utf8', at, end)
    if (this.#known.size < mostNames) this.#known.set(sum, { bytes: Buffer.from(text), text })
    return text
  }
}

/** More than there are types: whoever makes them up fills no memory. */
const mostNames = 1000

/**
 * Finds the events in a gRPC stream of ReadResp messages by walking the bytes: only the fields that are needed become objects. Field numbers
 * are those of `event_store.client.streams`; whatever else is there is passed over. System events are left out.
 */
export class EventWalk {
  readonly #types = new Names()
  #rest: Buffer = nothing
  #bytes: Buffer = nothing
  #at = 0

  /** There is half a message. */
  get incomplete(): boolean {
    return this.#rest.length > 0
  }

  /** Adds the events that the chunk completes. */
  take(chunk: Buffer, events: StoredEvent[]): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    while (bytes.length - at >= prefix) {
      const end = at + prefix + bytes.readUInt32BE(at + 1)
      if (end > bytes.length) break
      if (bytes[at] !== 0) throw new Error('A compressed answer')
      this.#bytes = bytes
      const event = this.#message(at + prefix, end)
      if (event) events.push(event)
      at = end
    }
    this.#rest = bytes.subarray(at)
  }

  /** ReadResp {1: ReadEvent {1: RecordedEvent}} */
  #message(at: number, end: number): StoredEvent | undefined {
    this.#at = at
    const read = this.#field(1, end)
    const recorded = read === undefined ? undefined : this.#field(1, read)
    return recorded === undefined ? undefined : this.#recorded(recorded)
  }

  /** Goes into the length-delimited field of this number; returns where it ends. */
  #field(number: number, end: number): number | undefined {
    while (this.#at < end) {
      const tag = this.#varint()
      if (tag === number * 8 + 2) {
        const length = this.#varint()
        return this.#at + length
      }
      this.#pass(tag & 7)
    }
    return undefined
  }

  /** RecordedEvent {1: id {2}, 2: stream {3}, 3: revision, 5: commit, 6: metadata {1: key, 2: value}, 7: custom, 8: data} */
  #recorded(end: number): StoredEvent | undefined {
    const event = new StoredEvent(this.#bytes)
    while (this.#at < end) {
      const tag = this.#varint()
      if (tag === 0x18) event.revision = this.#varint()
      else if (tag === 0x28) event.position = BigInt(this.#varint())
      else if ((tag & 7) !== 2) this.#pass(tag & 7)
      else {
        const length = this.#varint()
        const start = this.#at
        const stop = start + length
        if (tag === 0x0a) {
          event.idEnd = this.#field(2, stop) ?? start
          event.idAt = event.idEnd === start ? start : this.#at
        } else if (tag === 0x12) event.stream = this.#text(3, stop)
        else if (tag === 0x32) this.#header(event, stop)
        else if (tag === 0x3a) [event.metadataAt, event.metadataEnd] = [start, stop]
        else if (tag === 0x42) [event.dataAt, event.dataEnd] = [start, stop]
        this.#at = stop
      }
    }
    return event.type.charCodeAt(0) === DOLLAR ? undefined : event
  }

  #header(event: StoredEvent, end: number): void {
    const keyEnd = this.#field(1, end) ?? end
    const isType = keyEnd - this.#at === 4 && this.#bytes.readUInt32BE(this.#at) === TYPE
    this.#at = keyEnd
    if (!isType) return
    const valueEnd = this.#field(2, end)
    if (valueEnd !== undefined) event.type = this.#types.of(this.#bytes, this.#at, valueEnd)
  }

  #text(number: number, end: number): string {
    const stop = this.#field(number, end)
    if (stop === undefined) return ''
    const text = this.#bytes.toString('utf8', this.#at, stop)
    this.#at = stop
    return text
  }

  #pass(wire: number): void {
    if (wire === 0) this.#varint()
    else if (wire === 1) this.#at += 8
    else if (wire === 2) {
      const length = this.#varint()
      this.#at += length
    } else if (wire === 5) this.#at += 4
    else throw new Error('An answer that is no protobuf')
  }

  /** Exact below 2^53, which no position or revision reaches. */
  #varint(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++]!
    if (byte < 128) return byte
    let value = byte & 127
    for (let scale = 128; ; scale *= 128) {
      byte = bytes[this.#at++]!
      value += (byte & 127) * scale
      if (!(byte >= 128)) return value
    }
  }
}
