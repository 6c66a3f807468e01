/** An event as it was stored, its JSON parsed when it is looked at. */
export class StoredEvent {
  id = ''
  stream = ''
  type = ''
  revision = 0
  position = 0n
  #data: Buffer | Record<string, any> = nothing
  #metadata: Buffer | Record<string, any> = nothing

  get data(): Record<string, any> {
    if (Buffer.isBuffer(this.#data)) this.#data = parsed(this.#data)
    return this.#data
  }
  set data(data: Buffer | Record<string, any>) {
    this.#data = data
  }
  get metadata(): Record<string, any> {
    if (Buffer.isBuffer(this.#metadata)) this.#metadata = parsed(this.#metadata)
    return this.#metadata
  }
  set metadata(metadata: Buffer | Record<string, any>) {
    this.#metadata = metadata
  }

  /** What the metadata says of it, found without parsing all of them: we write it first. */
  get schema(): number {
    const bytes = this.#metadata
    if (
      Buffer.isBuffer(bytes) &&
      bytes.length > 12 &&
      bytes[11] === COMMA &&
      bytes.toString('latin1', 0, 10) === '{"schema":'
    )
      return bytes[10]! - ZERO
    return this.metadata['schema'] as number
  }
}

const nothing = Buffer.alloc(0)
const parsed = (json: Buffer) => (json.length === 0 ? {} : (JSON.parse(json.toString('utf8')) as Record<string, any>))

const prefix = 5
const DOLLAR = '$'.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)

/**
 * Finds the events in a gRPC stream of ReadResp messages by walking the bytes: only the fields that are needed become objects. Field numbers
 * are those of `event_store.client.streams`; whatever else is there is passed over. System events are left out.
 */
export class EventWalk {
  #rest: Buffer = nothing
  #bytes: Buffer = nothing
  #at = 0

  /** There is half a message. */
  get incomplete(): boolean {
    return this.#rest.length > 0
  }

  take(chunk: Buffer): StoredEvent[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    const events: StoredEvent[] = []
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
    return events
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
    const event = new StoredEvent()
    while (this.#at < end) {
      const tag = this.#varint()
      if (tag === 0x18) event.revision = this.#varint()
      else if (tag === 0x28) event.position = BigInt(this.#varint())
      else if ((tag & 7) !== 2) this.#pass(tag & 7)
      else {
        const length = this.#varint()
        const start = this.#at
        const stop = start + length
        if (tag === 0x0a) event.id = this.#text(2, stop)
        else if (tag === 0x12) event.stream = this.#text(3, stop)
        else if (tag === 0x32) this.#header(event, stop)
        else if (tag === 0x3a) event.metadata = this.#bytes.subarray(start, stop)
        else if (tag === 0x42) event.data = this.#bytes.subarray(start, stop)
        this.#at = stop
      }
    }
    return event.type.charCodeAt(0) === DOLLAR ? undefined : event
  }

  #header(event: StoredEvent, end: number): void {
    if (this.#text(1, end) === 'type') event.type = this.#text(2, end)
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
