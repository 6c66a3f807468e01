import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { BACKWARDS, binaryEvent, END, FORWARDS, jsonEvent, START } from '@eventstore/db-client'
import type { EventData, Position, ReadStreamOptions } from '@eventstore/db-client'
import { collect, events, refusal } from '../running.ts'
import { fresh, idsOf, PATHS, storeUnderTest } from './store.ts'

const back = { direction: BACKWARDS } as const
const forth = { direction: FORWARDS } as const

/** Of a stream of ten events. */
const STREAM: [what: string, options: ReadStreamOptions, revisions: number[]][] = [
  ['all of it', {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['all of it from the start', { ...forth, fromRevision: START }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['from a revision on', { fromRevision: 7n }, [7, 8, 9]],
  ['from the last revision on', { fromRevision: 9n }, [9]],
  ['nothing from behind the last revision on', { fromRevision: 10n }, []],
  ['nothing from far behind the last revision on', { fromRevision: 1_000_000n }, []],
  ['nothing from the end on', { fromRevision: END }, []],
  ['the first one', { maxCount: 1 }, [0]],
  ['so many from a revision on', { fromRevision: 3n, maxCount: 2 }, [3, 4]],
  ['no more than there are', { fromRevision: 8n, maxCount: 5 }, [8, 9]],
  ['exactly as many as there are', { maxCount: 10 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['as many as a bigint says', { maxCount: 3n }, [0, 1, 2]],
  ['all of it from the end', { ...back, fromRevision: END }, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
  ['the last one', { ...back, fromRevision: END, maxCount: 1 }, [9]],
  ['the last three', { ...back, fromRevision: END, maxCount: 3 }, [9, 8, 7]],
  ['from a revision, that one too', { ...back, fromRevision: 2n }, [2, 1, 0]],
  ['so many from a revision', { ...back, fromRevision: 5n, maxCount: 2 }, [5, 4]],
  ['the first one from the start', { ...back, fromRevision: START }, [0]],
  ['the last ones from behind the last revision', { ...back, fromRevision: 99n, maxCount: 2 }, [9, 8]],
  ['no more than there are', { ...back, fromRevision: 1n, maxCount: 5 }, [1, 0]],
]

/** What an event can carry, and how it is read back. */
const CARRIED: [what: string, event: () => EventData][] = [
  ['JSON of every kind', () => jsonEvent({ type: 'Json', data: { a: [1, 2.5, -0.1, null, true, { b: '' }] } })],
  ['text beyond ASCII', () => jsonEvent({ type: 'Text', data: { text: 'äß☃𝄞\u0000\u2028"\\' } })],
  ['a JSON string', () => jsonEvent({ type: 'String', data: 'just this' as never })],
  ['JSON metadata', () => jsonEvent({ type: 'Meta', data: {}, metadata: { schema: 2, by: '☃' } })],
  ['binary data', () => binaryEvent({ type: 'Bytes', data: Uint8Array.from({ length: 256 }, (_, i) => i) })],
  ['empty binary data', () => binaryEvent({ type: 'Empty', data: new Uint8Array() })],
  [
    'binary metadata',
    () => binaryEvent({ type: 'Bytes', data: Uint8Array.of(1), metadata: Uint8Array.of(0xff, 0, 1) }),
  ],
  ['a type beyond ASCII', () => jsonEvent({ type: 'Gemessen™ 測定', data: {} })],
  ['a long type', () => jsonEvent({ type: 'T'.repeat(500), data: {} })],
  ['a type with spaces and slashes', () => jsonEvent({ type: ' a/b@c#d ', data: {} })],
  ['an id of its own', () => jsonEvent({ id: '0a1b2c3d-4e5f-1678-9abc-def012345678', type: 'Own', data: {} })],
  ['an id of high bits', () => jsonEvent({ id: 'ffffffff-ffff-ffff-ffff-ffffffffffff', type: 'Own', data: {} })],
  ['900 KB', () => jsonEvent({ type: 'Large', data: { text: 'x'.repeat(900_000) } })],
  ['900 KB of bytes', () => binaryEvent({ type: 'Large', data: new Uint8Array(900_000).fill(0xe5) })],
]

describe('Reading', () => {
  const store = storeUnderTest()

  describe('a stream of ten', () => {
    const stream = fresh()
    before(() => store.client.appendToStream(stream, events(10)))

    for (const [what, options, revisions] of STREAM)
      it(`gives ${what}${options.direction === BACKWARDS ? ', backwards' : ''}`, async () =>
        expect(await store.revisions(stream, options)).to.deep.equal(revisions))
  })

  it('gives a stream of 3,000 events, both ways, in whatever pages it is asked for', async () => {
    const stream = fresh()
    for (let i = 0; i < 6; i++) await store.client.appendToStream(stream, events(500))
    const all = Array.from({ length: 3000 }, (_, i) => i)
    expect(await store.revisions(stream)).to.deep.equal(all)
    expect(await store.revisions(stream, { ...back, fromRevision: END })).to.deep.equal([...all].reverse())
    const pages: number[] = []
    for (let from = 0; from < 3000; from += 700)
      pages.push(...(await store.revisions(stream, { fromRevision: BigInt(from), maxCount: 700 })))
    expect(pages).to.deep.equal(all)
  })

  for (const [what, options] of Object.entries({ forwards: {}, backwards: { ...back, fromRevision: END } as const }))
    it(`says that there is no such stream, ${what}`, async () => {
      const error = await refusal(store.read(fresh('never-written'), options))
      expect(error.type).to.equal('stream-not-found')
    })

  it('says that there is no such stream from a revision on', async () => {
    const error = await refusal(store.read(fresh('never-written'), { fromRevision: 5n }))
    expect(error.type).to.equal('stream-not-found')
  })

  it('says nothing of another stream whose name begins or ends the same', async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(2))
    for (const other of [stream.slice(0, -1), `${stream}0`, `x${stream}`, stream.toUpperCase()])
      expect(await store.seen(other)).to.equal('stream-not-found')
  })

  it('can be left in the middle, and begun again', async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(2000))
    for (let i = 0; i < 20; i++)
      for await (const { event } of store.client.readStream(stream)) if (event!.revision === 10n) break
    expect(await store.revisions(stream, { fromRevision: 1999n })).to.deep.equal([1999])
  })

  it('gives fifty readers at once all of it each', async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(300))
    const all = Array.from({ length: 300 }, (_, i) => i)
    const reads = await Promise.all(Array.from({ length: 50 }, () => store.revisions(stream)))
    for (const read of reads) expect(read).to.deep.equal(all)
  })

  describe('an event', () => {
    for (const [path, options] of Object.entries(PATHS))
      for (const [what, make] of CARRIED)
        it(`keeps ${what}, by ${path}`, async () => {
          const stream = fresh('Ströme/☃ 1')
          const sent = make()
          const since = Date.now()
          await store.client.appendToStream(stream, [sent, ...events(1)], options)
          const [first, second] = await store.read(stream)
          const { id, type, data, metadata, contentType } = sent
          const isJson = contentType === 'application/json'
          expect(first!.event).to.include({ id, type, isJson, streamId: stream, revision: 0n })
          expect(first!.event!.data).to.deep.equal(data)
          expect(first!.event!.metadata).to.deep.equal(metadata)
          expect(first!.event!.created.getTime()).to.be.within(since - 1000, Date.now() + 1000)
          expect(first!.link).to.equal(undefined)
          expect(second!.event).to.include({ revision: 1n, metadata: undefined })
        })

    for (const name of ['with space', 'a@b', 'a/b/c', 'ünï☃', '%20', 'a'.repeat(300), "'quoted'", '日本語'])
      it(`is found in a stream named ${name.slice(0, 20)}`, async () => {
        const stream = `${name}-${randomUUID()}`
        await store.client.appendToStream(stream, events(1))
        const [found] = await store.read(stream)
        expect(found!.event!.streamId).to.equal(stream)
        await store.client.deleteStream(stream)
        expect(await store.seen(stream)).to.equal('stream-not-found')
      })
  })

  describe('$all', () => {
    const tag = fresh('all')
    /** Twelve events, two at a time, over three streams. */
    let ids: string[]
    let places: Position[]
    let mark: Position
    before(async () => {
      mark = await store.mark()
      for (let i = 0; i < 6; i++) await store.client.appendToStream(`${tag}-${i % 3}`, events(2))
      const found = await store.since(mark, tag)
      ids = idsOf(found)
      places = found.map(({ position }) => position)
    })
    const ours = async (options: Parameters<typeof store.client.readAll>[0]) =>
      idsOf((await collect(store.client.readAll(options))).filter(({ event }) => event!.streamId.includes(tag)))

    it('gives what was written, in the order of writing', () => expect(ids).to.have.length(12))

    it('begins with the event at a position, every one', async () => {
      for (const [i, fromPosition] of places.entries())
        expect(await ours({ fromPosition, maxCount: 1 })).to.deep.equal(ids.slice(i, i + 1))
    })

    it('goes on from a position to the end', async () => {
      for (const i of [0, 5, 11]) expect(await ours({ fromPosition: places[i]! })).to.deep.equal(ids.slice(i))
    })

    it('backwards begins before the event at a position, every one', async () => {
      for (const [i, fromPosition] of places.entries())
        expect(await ours({ ...back, fromPosition, maxCount: 50 })).to.deep.equal(ids.slice(0, i).reverse())
    })

    it('backwards from the end gives all of it', async () => {
      expect(await ours({ ...back, fromPosition: END, maxCount: 200 })).to.deep.equal([...ids].reverse())
    })

    for (const maxCount of [1, 2, 7, 12])
      it(`gives ${maxCount} where ${maxCount} are asked for, both ways`, async () => {
        for (const options of [{ fromPosition: mark }, { ...back, fromPosition: END }] as const)
          expect(await collect(store.client.readAll({ ...options, maxCount }))).to.have.length(maxCount)
      })

    it('gives nothing from the end on', async () => {
      expect(await ours({ fromPosition: END })).to.deep.equal([])
    })

    it('gives nothing backwards from the start', async () => {
      expect(await collect(store.client.readAll({ ...back, fromPosition: START }))).to.deep.equal([])
    })

    it('gives the first event from the start', async () => {
      const [first] = await collect(store.client.readAll({ fromPosition: START, maxCount: 1 }))
      expect(first!.event!.revision).to.equal(0n)
      expect(first!.event!.position.commit <= mark.commit).to.equal(true)
    })

    it('gives an event as its stream gives it', async () => {
      const inAll = await store.since(mark, tag)
      const inStreams = (await Promise.all([0, 1, 2].map((i) => store.read(`${tag}-${i}`)))).flat()
      for (const { event } of inStreams) expect(inAll.find(({ id }) => id === event!.id)).to.deep.equal(event)
    })

    it('in pages gives the same as in one go', async () => {
      const paged: string[] = []
      let fromPosition = mark
      for (;;) {
        const page = await collect(store.client.readAll({ fromPosition, maxCount: 5 }))
        paged.push(...idsOf(page.filter(({ event }) => event!.streamId.includes(tag) && !paged.includes(event!.id))))
        if (page.length < 5) break
        fromPosition = page.at(-1)!.event!.position
      }
      expect(paged).to.deep.equal(ids)
    })

    it('shows a delete, a tombstone and metadata as the events they are', async () => {
      const since = await store.mark()
      const name = fresh('ended')
      await store.client.appendToStream(name, events(1))
      await store.client.setStreamMetadata(name, { maxCount: 5 })
      await store.client.deleteStream(name)
      await store.client.tombstoneStream(name)
      const found = (await store.since(since, name)).map(({ streamId, type }) => [streamId, type])
      expect(found).to.deep.equal([
        [name, 'Happened'],
        [`$$${name}`, '$metadata'],
        [`$$${name}`, '$metadata'],
        [name, '$streamDeleted'],
      ])
    })
  })
})
