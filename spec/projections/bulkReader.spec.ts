import { expect } from 'chai'
import { rmSync } from 'node:fs'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { personalFields } from '../../domain/events.ts'
import { NotForBulk, readInBulk, readStreamsInBulk } from '../../ops/platform/bulkReader.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Config } from '../../ops/platform/config.ts'
import type { Stack } from '../../ops/embedded/stack.ts'
import { startServers, temporaryDataDir } from '../system.ts'

describe('the fast reader of the log', () => {
  const dataDir = temporaryDataDir()
  let stack: Stack
  let config: Config
  let store: EventStore

  before(async function () {
    this.timeout(60_000)
    ;({ stack, config } = await startServers(dataDir))
    store = connectEventStore({ url: config.EVENTSTORE_URL, secret: config.DATA_ENCRYPTION_KEY, personalFields })
    for (let i = 0; i < 300; i++)
      await store.append(
        `spec-${i}-전류-é`,
        Array.from({ length: 1 + (i % 4) }, (_, n) => ({
          id: crypto.randomUUID(),
          type: ['Plain', 'Größe', '🎧'][n % 3]!,
          data: { i, n, text: 'x'.repeat((i * 37) % 5000), deep: [{ a: null }, 'ü\n"'] },
          metadata: n % 2 ? { schema: 1, actor: { kind: 'system', id: 'spec' } } : {},
        })),
        'no_stream',
      )
  })
  after(async () => {
    await store.close()
    await stack.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const seen = async (batches: AsyncIterable<readonly Recorded[]> | readonly (readonly Recorded[])[]) => {
    const events: object[] = []
    for await (const batch of batches)
      for (const { id, stream, type, revision, position, data, metadata } of batch)
        events.push({ id, stream, type, revision, position, data, metadata })
    return events
  }
  const never = (why: Error) => {
    throw why
  }

  it('gives the very events that the official client gives, from the first one or behind any', async () => {
    const all = (await seen(store.readAll(undefined))) as { position: bigint }[]
    expect(all).to.have.length(750)
    expect(await seen(store.readFast(undefined, never))).to.deep.equal(all)
    for (const i of [0, 1, 333, 748, 749]) {
      const { position } = all[i]!
      expect(await seen(store.readFast(position, never))).to.deep.equal(all.slice(i + 1))
    }
  })

  it('gives of many streams what the official client gives of each, and nothing of one that is gone or never was', async () => {
    const gone = 'spec-gone'
    await store.append(gone, [{ id: crypto.randomUUID(), type: 'Plain', data: {}, metadata: {} }], 'no_stream')
    await store.tombstone(gone)
    const names = [...Array(300).keys()].map((i) => `spec-${i}-전류-é`)
    const found = await readStreamsInBulk(config.EVENTSTORE_URL, [...names, gone, 'spec-never'])
    expect([...found.keys()]).to.deep.equal([...names, gone, 'spec-never'])
    for (const [name, events] of found)
      expect(await seen([events]), name).to.deep.equal(
        name === gone ? [] : await seen([await store.read(name, { unreadable: 'too' })]),
      )
  })

  it('reads many streams by the official client where it does not know the way', async () => {
    const { hostname, port } = new URL(config.EVENTSTORE_URL)
    const discovering = connectEventStore({
      url: config.EVENTSTORE_URL.replace(`${hostname}:${port}`, `${hostname}:${port},${hostname}:${port}`),
      secret: config.DATA_ENCRYPTION_KEY,
      personalFields,
    })
    const names = ['spec-3-전류-é', 'spec-gone', 'spec-never']
    const told: Error[] = []
    const found = await discovering.readEach(names, (why) => told.push(why))
    expect(told.map(({ message }) => message)).to.deep.equal(['Only a single node is read in bulk'])
    expect([...found].map(([name, events]) => [name, events.length])).to.deep.equal([
      [names[0], 4],
      [names[1], 0],
      [names[2], 0],
    ])
    await discovering.close()
  })

  it('leaves it to the official client where it does not know the way, and says so', async () => {
    const { hostname, port } = new URL(config.EVENTSTORE_URL)
    const reading = async (url: string) => {
      for await (const _ of readInBulk(url, undefined)) return
    }
    for (const [url, why] of [
      [config.EVENTSTORE_URL.replace('esdb:', 'esdb+discover:'), 'single node'],
      [config.EVENTSTORE_URL.replace(/\/\/[^@]+@/, '//nobody:wrong@'), 'Wrong user or password'],
      [config.EVENTSTORE_URL.replace(`${hostname}:${port}`, 'localhost:1'), 'ECONNREFUSED'],
    ] as const) {
      const error = await reading(url).catch((error: unknown) => error as Error)
      expect(error, url).to.be.instanceOf(NotForBulk)
      expect((error as Error).message).to.include(why)
    }
    const discovering = config.EVENTSTORE_URL.replace('@localhost', '@localhost,localhost')
    expect(await reading(discovering).catch((error: unknown) => error)).to.be.instanceOf(NotForBulk)
  })

  it('gives nothing of a stream that is deleted while it is read, and takes that of the whole log for a fault', async () => {
    const deleted = { 'grpc-status': '9', exception: 'stream-deleted' }
    const { server, url } = await answering((stream) => trailing(stream, deleted))
    expect([...(await readStreamsInBulk(url, ['spec-1']))]).to.deep.equal([['spec-1', []]])
    const all = await seen(readInBulk(url, undefined)).catch((error: unknown) => error)
    expect(all).to.be.instanceOf(Error)
    await new Promise((resolve) => server.close(resolve))
  })

  for (const [what, end] of [
    ['is reset', (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)],
    ['ends with an error', (stream) => trailing(stream, { 'grpc-status': '13', 'grpc-message': 'half way' })],
    [
      'ends in the middle of a message',
      (stream) => (stream.write(frame().subarray(0, 20)), trailing(stream, { 'grpc-status': '0' })),
    ],
    ['ends without a word', (stream) => trailing(stream, {})],
  ] as [string, (stream: http2.ServerHttp2Stream) => void][])
    it(`does not take a read that ${what} for the end of the log`, async () => {
      const { server, url } = await answering(end)
      const given: string[] = []
      const reading = async () => {
        for await (const events of readInBulk(url, undefined)) given.push(...events.map(({ stream }) => stream))
      }
      const error = await reading().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(error).to.be.instanceOf(Error).and.not.instanceOf(NotForBulk)
      expect(given).to.deep.equal(['spec-1'])
      await new Promise((resolve) => server.close(resolve))
    })
})

/** A server that answers so, once for each read. */
async function answering(end: (stream: http2.ServerHttp2Stream) => void) {
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.write(frame(), () => end(stream))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `esdb://127.0.0.1:${(server.address() as AddressInfo).port}?tls=false` }
}

function trailing(stream: http2.ServerHttp2Stream, trailers: http2.OutgoingHttpHeaders) {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end()
}

/** A ReadResp with one event, by the client's own messages. */
function frame(): Buffer {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
  const name = new shared.StreamIdentifier()
  name.setStreamName(Buffer.from('spec-1'))
  recorded.setStreamIdentifier(name)
  recorded.setStreamRevision('0')
  recorded.setCommitPosition('32')
  recorded.getMetadataMap().set('type', 'Plain')
  recorded.setData(Buffer.from('{}'))
  const event = new streams.ReadResp.ReadEvent()
  event.setEvent(recorded)
  const answer = new streams.ReadResp()
  answer.setEvent(event)
  const body = answer.serializeBinary()
  const bytes = Buffer.alloc(5 + body.length)
  bytes.writeUInt32BE(body.length, 1)
  bytes.set(body, 5)
  return bytes
}
