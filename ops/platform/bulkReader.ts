import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import pLimit from 'p-limit'
import { gathered } from './eventStoreStreams.ts'
import { EventWalk, type StoredEvent } from './eventWalk.ts'
import { allRequest, streamRequest } from './readRequests.ts'

const path = '/event_store.client.streams.Streams/Read'
const streamWindow = 4 * 1024 * 1024
const sessionWindow = 16 * 1024 * 1024
const patience = { silenceMs: 5000, onSilence: () => new Error('The event store did not answer in time') }
const prefix = 5
const streamsAtOnce = 16

/** The server answered in a way that this reader does not know: the official client may know better. */
export class NotForBulk extends Error {
  override readonly name = 'NotForBulk'
}

class Deleted extends Error {}

/**
 * All events behind a position, or all, system events left out, in arrays of what has arrived: several times as fast as the official
 * client, which builds objects of every field. One node only (`esdb://[user:password@]host:port?tls=…&tlsCAFile=…`).
 * Throws NotForBulk before the first event, or what broke behind it.
 */
export async function* readInBulk(url: string, after: bigint | undefined): AsyncGenerator<StoredEvent[]> {
  const connection = connect(url)
  let yielded = false
  try {
    for await (const events of connection.ask(allRequest(after))) {
      yielded = true
      yield events
    }
  } catch (error) {
    throw yielded ? error : new NotForBulk((error as Error).message, { cause: error })
  } finally {
    connection.end()
  }
}

/** The events of many streams, by their names, each oldest first; none of one that is not there or not any more. Throws NotForBulk. */
export async function readStreamsInBulk(url: string, names: readonly string[]): Promise<Map<string, StoredEvent[]>> {
  const connection = connect(url)
  const limit = pLimit(streamsAtOnce)
  const read = async (name: string): Promise<[string, StoredEvent[]]> => {
    const events: StoredEvent[] = []
    try {
      for await (const some of connection.ask(streamRequest(name))) events.push(...some)
      return [name, events]
    } catch (error) {
      if (error instanceof Deleted) return [name, []]
      throw error
    }
  }
  try {
    return new Map(await Promise.all(names.map((name) => limit(read, name))))
  } catch (error) {
    throw new NotForBulk((error as Error).message, { cause: error })
  } finally {
    connection.end()
  }
}

/** Throws NotForBulk for a URL that is not one of a single node. */
function connect(url: string) {
  const { origin, headers, ca } = addressOf(url)
  const session = http2.connect(origin, {
    settings: { initialWindowSize: streamWindow },
    ...(ca && { ca: readFileSync(ca) }),
  })
  let broken: Error | undefined
  session.on('error', (error: Error) => (broken = error))
  session.on('connect', () => session.setLocalWindowSize(sessionWindow))

  /** What the server answers to a ReadReq; throws unless it says itself that this was all. */
  async function* ask(request: { serializeBinary(): Uint8Array }): AsyncGenerator<StoredEvent[]> {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    let status: http2.IncomingHttpHeaders = {}
    stream.on('response', (answered) => (status = answered))
    stream.on('trailers', (trailers) => (status = { ...status, ...trailers }))
    stream.end(framed(request.serializeBinary()))
    const walk = new EventWalk()
    const take = (chunk: Buffer, into: StoredEvent[]) => walk.take(chunk, into)
    yield* gathered(stream, take, patience)
    if (broken) throw broken
    if (status['exception'] === 'stream-deleted') throw new Deleted('The stream is deleted')
    if (status['grpc-status'] !== '0' || walk.incomplete)
      throw new Error(
        `The event store ended a read with ${status['grpc-status'] ?? status[':status'] ?? 'no answer'}: ${String(status['grpc-message'] ?? '')}`,
      )
  }

  return { ask, end: () => session.destroy() }
}

function addressOf(url: string): { origin: string; headers: Record<string, string>; ca: string | undefined } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'esdb:' || !parsed.hostname || parsed.hostname.includes(','))
    throw new NotForBulk('Only a single node is read in bulk')
  const option = (name: string) =>
    [...parsed.searchParams].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  const tls = option('tls') !== 'false'
  const login = parsed.username
    ? `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`
    : undefined
  return {
    origin: `${tls ? 'https' : 'http'}://${parsed.hostname}:${parsed.port || '2113'}`,
    // Credentials go over TLS alone, as with the official client.
    headers: login && tls ? { authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {},
    ca: tls ? option('tlsCAFile') : undefined,
  }
}

/** As gRPC sends a message. */
function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(prefix + body.length)
  frame.writeUInt32BE(body.length, 1)
  frame.set(body, prefix)
  return frame
}
