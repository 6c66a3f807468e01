import http2 from 'node:http2'
import { frame } from '../../embedded/eventstore/wire/call.ts'
import { ReadReq } from '../../embedded/eventstore/wire/messages.ts'

const PREFIX = 5
const WINDOW = 8 * 1024 * 1024

export interface RawRead {
  /** Where $all is read from: the commit position of an event, from the beginning without it. */
  from?: number | undefined
  /** Without it, to the end. */
  count?: number
  /** Of this stream instead of $all. */
  stream?: string
}

/**
 * Reads without looking into the messages; returns how many there were. The chunks, in which messages are cut anywhere, go to
 * `keep`. Rejects when the server refuses.
 */
export async function readRaw(
  port: number,
  { from, count = 2 ** 52, stream }: RawRead,
  keep?: (chunk: Buffer) => void,
): Promise<number> {
  const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW } })
  session.once('connect', () => session.setLocalWindowSize(WINDOW))
  try {
    return await new Promise((resolve, reject) => {
      const place = stream
        ? { stream: { stream: { streamName: Buffer.from(stream) }, start: true as const } }
        : { all: from === undefined ? { start: true as const } : { position: { commit: from, prepare: from } } }
      const options = { ...place, readDirection: 0, count, noFilter: true, uuidOption: { string: true } } as const
      const call = session.request({
        ':method': 'POST',
        ':path': '/event_store.client.streams.Streams/Read',
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      const counter = new MessageCounter()
      let status: unknown
      const noteStatus = (headers: http2.IncomingHttpHeaders) => (status = headers['grpc-status'] ?? status)
      call.on('response', noteStatus).on('trailers', noteStatus)
      call.on('data', (chunk: Buffer) => {
        counter.take(chunk)
        keep?.(chunk)
      })
      call.once('error', reject)
      call.once('close', () =>
        status === '0'
          ? resolve(counter.count)
          : reject(new Error(`The read ended with gRPC status ${String(status)}`)),
      )
      call.end(frame(ReadReq, { options }))
    })
  } finally {
    session.close()
  }
}

/** Counts gRPC messages by their length prefixes, in chunks cut anywhere. */
class MessageCounter {
  count = 0
  /** Of the current message, still to come. */
  #body = 0
  #prefix = 0
  #length = 0

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at)
        this.#body -= skipped
        at += skipped
        continue
      }
      if (this.#prefix === 0 && chunk.length - at >= PREFIX) {
        this.#begin(chunk.readUInt32BE(at + 1))
        at += PREFIX
        continue
      }
      if (this.#prefix > 0) this.#length = this.#length * 256 + chunk[at]!
      at++
      if (++this.#prefix === PREFIX) this.#begin(this.#length)
    }
  }

  #begin(length: number): void {
    this.count++
    this.#body = length
    this.#prefix = 0
    this.#length = 0
  }
}
