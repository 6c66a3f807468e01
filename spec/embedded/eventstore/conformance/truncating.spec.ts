import { expect } from 'chai'
import { ANY, BACKWARDS, END, NO_STREAM, START, STREAM_EXISTS } from '@eventstore/db-client'
import type { AppendExpectedRevision, ReadStreamOptions, StreamMetadata } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { events, refusal } from '../running.ts'
import { fresh, idsOf, storeUnderTest, until } from './store.ts'

const backwards = { direction: BACKWARDS } as const

/** What a read of a stream of ten gives once it has this metadata. */
const TRUNCATED: [metadata: StreamMetadata, options: ReadStreamOptions, revisions: number[]][] = [
  [{ maxCount: 3 }, {}, [7, 8, 9]],
  [{ maxCount: 3 }, { fromRevision: START, maxCount: 2 }, [7, 8]],
  [{ maxCount: 3 }, { fromRevision: 2n }, [7, 8, 9]],
  [{ maxCount: 3 }, { fromRevision: 8n }, [8, 9]],
  [{ maxCount: 3 }, { ...backwards, fromRevision: END }, [9, 8, 7]],
  [{ maxCount: 3 }, { ...backwards, fromRevision: 8n }, [8, 7]],
  [{ maxCount: 3 }, { ...backwards, fromRevision: 5n }, []],
  [{ maxCount: 1 }, {}, [9]],
  [{ maxCount: 10 }, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ maxCount: 100 }, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ truncateBefore: 8 }, {}, [8, 9]],
  [{ truncateBefore: 8 }, { fromRevision: 9n }, [9]],
  [{ truncateBefore: 8 }, { fromRevision: START, maxCount: 1 }, [8]],
  [{ truncateBefore: 8 }, { ...backwards, fromRevision: END }, [9, 8]],
  [{ truncateBefore: 8 }, { ...backwards, fromRevision: 7n }, []],
  [{ truncateBefore: 0 }, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ truncateBefore: 10 }, {}, []],
  [{ truncateBefore: 4, maxCount: 3 }, {}, [7, 8, 9]],
  [{ truncateBefore: 8, maxCount: 5 }, {}, [8, 9]],
  [{ maxAge: 3600 }, {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  [{ maxAge: 3600, maxCount: 2 }, { ...backwards, fromRevision: END }, [9, 8]],
]

describe('Truncating', () => {
  const store = storeUnderTest()
  const set = (stream: string, metadata: StreamMetadata) => store.client.setStreamMetadata(stream, metadata)
  const streamOfTen = async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(10))
    return stream
  }

  for (const [metadata, options, revisions] of TRUNCATED) {
    const { direction = 'forwards', fromRevision = 'start', maxCount = 'all' } = options
    it(`${JSON.stringify(metadata)} of ten: ${direction} from ${fromRevision}, ${maxCount}: ${revisions.join(' ') || 'nothing'}`, async () => {
      const stream = await streamOfTen()
      await set(stream, metadata)
      expect(await store.revisions(stream, options)).to.deep.equal(revisions)
    })
  }

  it('By $maxCount moves on as the stream is written', async () => {
    const stream = fresh()
    await set(stream, { maxCount: 2 })
    const seen = []
    for (let i = 0; i < 4; i++) {
      await store.client.appendToStream(stream, events(1))
      seen.push(await store.revisions(stream))
    }
    expect(seen).to.deep.equal([[0], [0, 1], [1, 2], [2, 3]])
    await store.client.appendToStream(stream, events(5))
    expect(await store.revisions(stream)).to.deep.equal([7, 8])
  })

  it('By $tb shows what is written later', async () => {
    const stream = await streamOfTen()
    await set(stream, { truncateBefore: 10 })
    expect(await store.revisions(stream, { ...backwards, fromRevision: END })).to.deep.equal([])
    const { nextExpectedRevision } = await store.client.appendToStream(stream, events(2), { expectedRevision: 9n })
    expect(nextExpectedRevision).to.equal(11n)
    expect(await store.revisions(stream)).to.deep.equal([10, 11])
  })

  it('By $tb in the future shows nothing until then', async () => {
    const stream = await streamOfTen()
    await set(stream, { truncateBefore: 12 })
    await store.client.appendToStream(stream, events(1))
    expect(await store.revisions(stream)).to.deep.equal([])
    await store.client.appendToStream(stream, events(2))
    expect(await store.revisions(stream)).to.deep.equal([12])
  })

  it('By $maxAge hides an event once it is older, both ways, and shows what is written later', async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(2))
    await set(stream, { maxAge: 1 })
    await eventually(async () => expect(await store.revisions(stream)).to.deep.equal([]))
    expect(await store.revisions(stream, { ...backwards, fromRevision: END })).to.deep.equal([])
    await store.client.appendToStream(stream, events(1))
    expect(await store.revisions(stream)).to.deep.equal([2])
    expect(await store.revisions(stream, { ...backwards, fromRevision: END })).to.deep.equal([2])
  })

  it('Hides nothing from $all', async () => {
    const mark = await store.mark()
    const stream = await streamOfTen()
    await set(stream, { maxCount: 1, truncateBefore: 5 })
    const found = (await store.since(mark, stream)).filter(({ streamId }) => streamId === stream)
    expect(found.map(({ revision }) => Number(revision))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  for (const [metadata, revisions] of [
    [{ maxCount: 3 }, [7, 8, 9, 10]],
    [{ truncateBefore: 6 }, [6, 7, 8, 9, 10]],
    [{ truncateBefore: 10 }, [10]],
  ] as [StreamMetadata, number[]][])
    it(`A subscription gives nothing of what ${JSON.stringify(metadata)} hid before it began`, async () => {
      const stream = await streamOfTen()
      await set(stream, metadata)
      const subscription = store.client.subscribeToStream(stream)
      const caughtUp = new Promise((resolve) => subscription.once('caughtUp', resolve))
      const taken = until(subscription, ({ event }) => event!.revision === 10n)
      await caughtUp
      await store.client.appendToStream(stream, events(1))
      expect((await taken).map(({ event }) => Number(event!.revision))).to.deep.equal(revisions)
    })

  it('Of one stream changes no other', async () => {
    const [one, other] = [await streamOfTen(), await streamOfTen()]
    await set(one, { truncateBefore: 9 })
    expect(await store.revisions(other)).to.have.length(10)
  })
})

describe('Stream metadata', () => {
  const store = storeUnderTest()

  const kinds: [what: string, metadata: StreamMetadata][] = [
    ['nothing', {}],
    ['$maxCount', { maxCount: 3 }],
    ['$maxAge', { maxAge: 60 }],
    ['$tb', { truncateBefore: 2 }],
    ['$cacheControl', { cacheControl: 15 }],
    ['roles', { acl: { readRoles: ['a'], writeRoles: ['a', 'b'], deleteRoles: ['c'], metaReadRoles: ['d'] } }],
    ['properties of our own', { ours: 'ä☃', number: 1.5, nested: { list: [1, null, { a: true }] } } as StreamMetadata],
    ['everything at once', { maxCount: 3, maxAge: 60, truncateBefore: 2, cacheControl: 1, ours: 1 } as StreamMetadata],
  ]
  for (const [what, metadata] of kinds)
    it(`is given back as it was set: ${what}`, async () => {
      const stream = fresh()
      expect((await store.client.setStreamMetadata(stream, metadata)).success).to.equal(true)
      const found = await store.client.getStreamMetadata(stream)
      expect(found.metadata).to.deep.equal(metadata)
      expect(found.streamName).to.equal(stream)
    })

  it('is nothing where none was set', async () => {
    expect((await store.client.getStreamMetadata(fresh())).metadata).to.equal(undefined)
    const stream = fresh()
    await store.client.appendToStream(stream, events(1))
    expect((await store.client.getStreamMetadata(stream)).metadata).to.equal(undefined)
  })

  it('does not make a stream that is not found one that is', async () => {
    const stream = fresh()
    await store.client.setStreamMetadata(stream, { maxCount: 3 })
    expect(await store.seen(stream)).to.equal('stream-not-found')
  })

  it('is the last that was set, as a whole', async () => {
    const stream = fresh()
    await store.client.setStreamMetadata(stream, { maxCount: 3, ours: 1 } as StreamMetadata)
    await store.client.setStreamMetadata(stream, { maxAge: 60 })
    expect((await store.client.getStreamMetadata(stream)).metadata).to.deep.equal({ maxAge: 60 })
  })

  it('is a stream of which the last event is seen', async () => {
    const stream = fresh()
    for (const maxCount of [1, 2, 3]) await store.client.setStreamMetadata(stream, { maxCount })
    const found = await store.read(`$$${stream}`)
    expect(found).to.have.length(1)
    expect(found[0]!.event).to.include({ type: '$metadata', streamId: `$$${stream}`, revision: 2n, isJson: true })
    expect(found[0]!.event!.data).to.deep.equal({ $maxCount: 3 })
  })

  /** After so many settings, one more at a revision. */
  const expectations: [before: number, expected: AppendExpectedRevision, next: bigint | 'wrong'][] = [
    [0, ANY, 0n],
    [0, NO_STREAM, 0n],
    [0, STREAM_EXISTS, 'wrong'],
    [0, 0n, 'wrong'],
    [2, ANY, 2n],
    [2, NO_STREAM, 'wrong'],
    [2, STREAM_EXISTS, 2n],
    [2, 0n, 'wrong'],
    [2, 1n, 2n],
    [2, 5n, 'wrong'],
  ]
  for (const [before, expectedRevision, next] of expectations)
    it(`set ${before} times, at ${expectedRevision}: ${next === 'wrong' ? 'is not set' : `is set with revision ${next}`}`, async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(4)) // these do not count
      for (let i = 0; i < before; i++) await store.client.setStreamMetadata(stream, { maxCount: 100 + i })
      const setting = store.client.setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision })
      if (next === 'wrong') {
        expect((await refusal(setting)).type).to.equal('wrong-expected-version')
        expect(await store.revisions(stream)).to.deep.equal([0, 1, 2, 3])
      } else {
        expect((await setting).nextExpectedRevision).to.equal(next)
        expect(await store.revisions(stream)).to.deep.equal([3])
      }
    })

  it('undone shows what it hid', async () => {
    const stream = fresh()
    const batch = events(5)
    await store.client.appendToStream(stream, batch)
    await store.client.setStreamMetadata(stream, { maxCount: 1 })
    expect(await store.seen(stream)).to.deep.equal(idsOf(batch).slice(4))
    await store.client.setStreamMetadata(stream, { maxCount: 3 })
    expect(await store.seen(stream)).to.deep.equal(idsOf(batch).slice(2))
  })
})
