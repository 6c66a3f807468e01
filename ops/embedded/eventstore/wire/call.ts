import { constants } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { Code, invalid, Refusal } from '../refusal.ts'
import { decode, encode } from './protobuf.ts'
import type { Fields, MessageOf } from './protobuf.ts'
import { MalformedMessage } from './varint.ts'

/** The client sends batches of up to 3 MiB plus one event. */
const MAX_MESSAGE = 16 * 1024 * 1024
const PREFIX = 5

const printable = (text: string): string => text.replace(/[^\x20-\x7e]+|%/g, encodeURIComponent)

export function frame<F extends Fields>(fields: F, message: MessageOf<F>): Buffer {
  const body = encode(fields, message)
  const bytes = Buffer.allocUnsafe(PREFIX + body.length)
  bytes[0] = 0
  bytes.writeUInt32BE(body.length, 1)
  body.copy(bytes, PREFIX)
  return bytes
}

/** Who a call is made for. */
export interface Caller {
  name: string
  groups: readonly string[]
}

/** One gRPC call on an http2 stream. */
export class Call {
  readonly path: string
  readonly authority: string
  readonly authorization: string | undefined
  /** Nobody, until the server has looked at the credentials. */
  caller: Caller = { name: 'anonymous', groups: [] }
  /** What the client calls its connection. */
  readonly connectionName: string
  readonly #stream: ServerHttp2Stream
  #ended = false
  #corked = false
  #waiter: (() => void) | null = null

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream
    this.path = headers[':path'] ?? ''
    this.authority = headers[':authority'] ?? ''
    this.authorization = headers.authorization
    this.connectionName = String(headers['connection-name'] ?? '')
    stream.on('drain', this.wake)
    stream.on('close', this.wake)
    stream.on('error', this.wake)
  }

  /** The client's address and port. */
  get from(): string {
    const { remoteAddress = '', remotePort = 0 } = this.#stream.session?.socket ?? {}
    return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
  }

  /** Nobody listens any more, or all has been said. */
  get closed(): boolean {
    return this.#ended || this.#stream.destroyed || this.#stream.closed
  }

  /** Ends a `sleep`. There is one waiter: a call is run by one loop. */
  readonly wake = (): void => {
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.()
  }

  /** Until the next `wake`: by the owner, when the client has taken what was sent, or when the call is over. */
  async sleep(): Promise<void> {
    if (this.closed) return
    await new Promise<void>((resolve) => (this.#waiter = resolve))
  }

  /** The client's messages, as fast as they are taken. */
  async *messages<F extends Fields>(fields: F): AsyncGenerator<MessageOf<F>> {
    for await (const body of this.#bodies()) {
      try {
        yield decode(fields, body)
      } catch (error) {
        if (error instanceof MalformedMessage) throw invalid(`Not a request of ${this.path}: ${error.message}`)
        throw error
      }
    }
  }

  async message<F extends Fields>(fields: F): Promise<MessageOf<F>> {
    for await (const message of this.messages(fields)) return message
    throw invalid('The request has no message')
  }

  async *#bodies(): AsyncGenerator<Buffer> {
    let chunks: Buffer[] = []
    let held = 0
    let needed = PREFIX
    const incoming = this.#stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    for await (const chunk of incoming) {
      chunks.push(chunk)
      held += chunk.length
      if (held < needed) continue
      let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, held)
      while (bytes.length >= (needed = lengthOf(bytes))) {
        yield bytes.subarray(PREFIX, needed)
        bytes = bytes.subarray(needed)
      }
      chunks = [bytes]
      held = bytes.length
    }
    if (held > 0 && !this.closed) throw invalid('The last message is incomplete')
  }

  /** Queues bytes of one or more framed messages; what is queued in one turn of the event loop is written at once. */
  write(frames: Buffer): boolean {
    if (this.closed) return false
    if (!this.#stream.headersSent)
      this.#stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true })
    if (!this.#corked) {
      this.#corked = true
      this.#stream.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#stream.uncork()
      })
    }
    return this.#stream.write(frames)
  }

  /** Writes, and waits while the client is slower than that. */
  async send(frames: Buffer): Promise<void> {
    if (this.write(frames)) return
    while (this.#stream.writableNeedDrain && !this.closed) await this.sleep()
  }

  /** Ends with CANCELLED, at once where the client does not take what was already sent. */
  cancel(sentence: string): void {
    if (this.#stream.writableNeedDrain) this.#stream.close(constants.NGHTTP2_CANCEL)
    else this.end(new Refusal(Code.cancelled, sentence))
  }

  end(refusal?: Refusal): void {
    if (this.closed) return
    const trailers: Record<string, string> = { 'grpc-status': String(refusal?.code ?? 0) }
    if (refusal) trailers['grpc-message'] = printable(refusal.message)
    for (const [name, value] of Object.entries(refusal?.trailers ?? {})) trailers[name] = printable(value)
    const stream = this.#stream
    this.#ended = true
    if (stream.headersSent) {
      stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      stream.end()
    } else
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto', ...trailers }, { endStream: true })
    stream.resume()
    this.wake()
  }
}

/** The length of the framed message at the start of `bytes`, or how many bytes it takes to know. */
function lengthOf(bytes: Buffer): number {
  if (bytes.length < PREFIX) return PREFIX
  if (bytes[0] !== 0) throw new Refusal(Code.unimplemented, 'Compressed messages are not served')
  const length = bytes.readUInt32BE(1)
  if (length > MAX_MESSAGE)
    throw new Refusal(Code.resourceExhausted, `A message of ${length} bytes is larger than ${MAX_MESSAGE}`)
  return PREFIX + length
}
