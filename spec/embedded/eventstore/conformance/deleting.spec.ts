import { expect } from 'chai'
import { ANY, BACKWARDS, END, NO_STREAM } from '@eventstore/db-client'
import type { AppendExpectedRevision, ExpectedRevision, StreamMetadata } from '@eventstore/db-client'
import { events, refusal } from '../running.ts'
import { fresh, idsOf, storeUnderTest, until } from './store.ts'
import type { StoreUnderTest } from './store.ts'

type Outcome = 'done' | 'wrong'
/** Of a stream of three events. */
const OF_THREE: [expected: ExpectedRevision, outcome: Outcome][] = [
  [ANY, 'done'],
  [2n, 'done'],
  [NO_STREAM, 'wrong'],
  [1n, 'wrong'],
  [0n, 'wrong'],
  [3n, 'wrong'],
]

async function streamIn(store: StoreUnderTest, count: number): Promise<string> {
  const stream = fresh()
  await store.client.appendToStream(stream, events(count))
  return stream
}

describe('Deleting', () => {
  const store = storeUnderTest()
  const streamOf = (count: number) => streamIn(store, count)

  for (const [expectedRevision, outcome] of OF_THREE)
    it(`a stream of three at ${expectedRevision}: ${outcome}`, async () => {
      const stream = await streamOf(3)
      const deleting = store.client.deleteStream(stream, { expectedRevision })
      if (outcome === 'done') {
        await deleting
        expect(await store.seen(stream)).to.equal('stream-not-found')
      } else {
        const error = await refusal(deleting)
        expect(error).to.include({ type: 'wrong-expected-version', streamName: stream })
        expect(await store.revisions(stream)).to.deep.equal([0, 1, 2])
      }
    })

  it('says which revision was expected and which one there is', async () => {
    const stream = await streamOf(3)
    const error = await refusal(store.client.deleteStream(stream, { expectedRevision: 1n }))
    expect(error).to.include({ expectedVersion: 1n, actualVersion: 2n })
  })

  it('a stream that was never written, expected to be at a revision, is refused', async () => {
    const stream = fresh()
    const error = await refusal(store.client.deleteStream(stream, { expectedRevision: 0n }))
    expect(error).to.include({ type: 'wrong-expected-version', streamName: stream })
    expect(await store.seen(stream)).to.equal('stream-not-found')
  })

  it('a stream that has only metadata can be done at no_stream', async () => {
    const stream = fresh()
    await store.client.setStreamMetadata(stream, { cacheControl: 10 })
    await store.client.deleteStream(stream, { expectedRevision: NO_STREAM })
    expect(await store.seen(stream)).to.equal('stream-not-found')
  })

  it('gives the position of the delete in $all', async () => {
    const stream = await streamOf(2)
    const mark = await store.mark()
    const { position } = await store.client.deleteStream(stream)
    const [found] = await store.since(mark, stream)
    expect(found!.position).to.deep.equal(position)
    expect(found).to.include({ streamId: `$$${stream}`, type: '$metadata' })
  })

  it('does not find the stream in either direction, from any revision', async () => {
    const stream = await streamOf(3)
    await store.client.deleteStream(stream)
    for (const options of [{}, { fromRevision: 2n }, { direction: BACKWARDS, fromRevision: END } as const])
      expect(await store.seen(stream, options)).to.equal('stream-not-found')
  })

  it('leaves the events in $all', async () => {
    const mark = await store.mark()
    const stream = await streamOf(3)
    await store.client.deleteStream(stream)
    const found = (await store.since(mark, stream)).filter(({ streamId }) => streamId === stream)
    expect(found).to.have.length(3)
  })

  it('touches no other stream', async () => {
    const [one, other] = [await streamOf(2), await streamOf(2)]
    await store.client.deleteStream(one)
    expect(await store.revisions(other)).to.deep.equal([0, 1])
  })

  const revivals: [expected: AppendExpectedRevision][] = [[ANY], [NO_STREAM], [1n]]
  for (const [expectedRevision] of revivals)
    it(`lets the stream be written again at ${expectedRevision}: numbers go on, and old events stay hidden`, async () => {
      const stream = await streamOf(2)
      await store.client.deleteStream(stream)
      const batch = events(3)
      const { nextExpectedRevision } = await store.client.appendToStream(stream, batch, { expectedRevision })
      expect(nextExpectedRevision).to.equal(4n)
      expect(await store.revisions(stream)).to.deep.equal([2, 3, 4])
      const last = { direction: BACKWARDS, fromRevision: END } as const
      expect(await store.seen(stream, last)).to.deep.equal(idsOf(batch).reverse())
      expect(await store.revisions(stream, { fromRevision: 0n, maxCount: 1 })).to.deep.equal([2])
    })

  it('lets only the first append at no_stream win', async () => {
    const stream = await streamOf(2)
    await store.client.deleteStream(stream)
    const append = () => store.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })
    await append()
    expect((await refusal(append())).type).to.equal('wrong-expected-version')
    expect(await store.revisions(stream)).to.deep.equal([2])
  })

  it('keeps the metadata, and says from where on the stream is seen', async () => {
    const stream = await streamOf(2)
    const metadata = { maxCount: 100, acl: { deleteRoles: ['some-role'] }, key1: true, key2: 17, key3: 'a' }
    await store.client.setStreamMetadata(stream, metadata)
    await store.client.deleteStream(stream)
    await store.client.appendToStream(stream, events(3))
    const found = await store.client.getStreamMetadata(stream)
    expect(found.metadata).to.deep.equal({ ...metadata, truncateBefore: 2 })
    expect(await store.revisions(stream)).to.deep.equal([2, 3, 4])
  })

  it('does not show old events again because metadata is set', async () => {
    const stream = await streamOf(2)
    await store.client.deleteStream(stream)
    await store.client.setStreamMetadata(stream, { maxCount: 100, ours: 2 } as StreamMetadata)
    expect(await store.seen(stream)).to.deep.equal([])
    const { metadata } = await store.client.getStreamMetadata(stream)
    expect(metadata).to.deep.equal({ maxCount: 100, ours: 2, truncateBefore: 2 })
    await store.client.appendToStream(stream, events(1))
    expect(await store.revisions(stream)).to.deep.equal([2])
  })

  it('can be done and undone again and again', async () => {
    const stream = await streamOf(1)
    for (let i = 1; i <= 5; i++) {
      await store.client.deleteStream(stream, { expectedRevision: BigInt(i - 1) })
      expect(await store.seen(stream)).to.equal('stream-not-found')
      await store.client.appendToStream(stream, events(1))
      expect(await store.revisions(stream)).to.deep.equal([i])
    }
  })
})

describe('Tombstoning', () => {
  const store = storeUnderTest()
  const streamOf = (count: number) => streamIn(store, count)

  for (const [expectedRevision, outcome] of OF_THREE)
    it(`a stream of three at ${expectedRevision}: ${outcome}`, async () => {
      const stream = await streamOf(3)
      const tombstoning = store.client.tombstoneStream(stream, { expectedRevision })
      if (outcome === 'done') {
        await tombstoning
        expect(await store.seen(stream)).to.equal('stream-deleted')
      } else {
        expect(await refusal(tombstoning)).to.include({ type: 'wrong-expected-version', streamName: stream })
        expect(await store.revisions(stream)).to.deep.equal([0, 1, 2])
      }
    })

  for (const [expectedRevision, outcome] of [
    [ANY, 'done'],
    [NO_STREAM, 'done'],
    [0n, 'wrong'],
  ] as const)
    it(`a stream that was never written at ${expectedRevision}: ${outcome}`, async () => {
      const stream = fresh()
      const tombstoning = store.client.tombstoneStream(stream, { expectedRevision })
      if (outcome === 'done') await tombstoning
      else expect((await refusal(tombstoning)).type).to.equal('wrong-expected-version')
      expect(await store.seen(stream)).to.equal(outcome === 'done' ? 'stream-deleted' : 'stream-not-found')
    })

  /** What is refused for ever. */
  const everything: Record<string, (stream: string) => Promise<unknown>> = {
    'an append': (stream) => store.client.appendToStream(stream, events(1)),
    'an append with credentials': (stream) =>
      store.client.appendToStream(stream, events(1), { credentials: { username: 'u', password: 'p' } }),
    'an append at no_stream': (stream) =>
      store.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM }),
    'an append of nothing': (stream) => store.client.appendToStream(stream, []),
    'a read': (stream) => store.read(stream),
    'a read backwards': (stream) => store.read(stream, { direction: BACKWARDS, fromRevision: END }),
    'a read from a revision': (stream) => store.read(stream, { fromRevision: 1n }),
    'a subscription': (stream) => until(store.client.subscribeToStream(stream), () => true),
    'another tombstone': (stream) => store.client.tombstoneStream(stream),
    'a delete': (stream) => store.client.deleteStream(stream),
    metadata: (stream) => store.client.setStreamMetadata(stream, { maxCount: 1 }),
    'a read of its metadata': (stream) => store.client.getStreamMetadata(stream),
  }
  for (const [what, prepare] of Object.entries({
    'a stream': () => streamOf(2),
    'a deleted stream': async () => {
      const stream = await streamOf(2)
      await store.client.setStreamMetadata(stream, { maxCount: 5 })
      await store.client.deleteStream(stream)
      return stream
    },
  }))
    describe(what, () => {
      let stream: string
      before(async () => {
        stream = await prepare()
        await store.client.tombstoneStream(stream)
      })
      for (const [doing, attempt] of Object.entries(everything))
        it(`refuses ${doing}`, async () => expect((await refusal(attempt(stream))).type).to.equal('stream-deleted'))
    })

  it('gives its position, and is the last event of the stream in $all', async () => {
    const mark = await store.mark()
    const stream = await streamOf(2)
    const { position } = await store.client.tombstoneStream(stream)
    const found = await store.since(mark, stream)
    expect(found.map(({ type }) => type)).to.deep.equal(['Happened', 'Happened', '$streamDeleted'])
    expect(found.at(-1)!.position).to.deep.equal(position)
    expect(found.at(-1)!.revision).to.equal(2n ** 63n - 1n)
  })

  it('touches no other stream', async () => {
    const [one, other] = [await streamOf(2), await streamOf(2)]
    await store.client.tombstoneStream(one)
    await store.client.appendToStream(other, events(1))
    expect(await store.revisions(other)).to.deep.equal([0, 1, 2])
  })
})
