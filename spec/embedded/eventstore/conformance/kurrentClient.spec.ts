import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { ANY, BACKWARDS, END, jsonEvent, NO_STREAM, START, STREAM_EXISTS } from '@eventstore/db-client'
import type { AppendStreamState, EventData, Filter, ReadStreamOptions, ResolvedEvent } from '@kurrent/kurrentdb-client'
import { refusal } from '../running.ts'
import { KurrentProcess, make } from './kurrent.ts'
import { fresh, idsOf, storeUnderTest } from './store.ts'

const event = (
  type: string,
  data: Record<string, string | number> = {},
  metadata?: Record<string, number>,
): EventData => make('jsonEvent', { id: randomUUID(), type, data, ...(metadata ? { metadata } : {}) })
const events = (count: number, type = 'Happened') => Array.from({ length: count }, (_, i) => event(type, { i }))

/** The successor of the client: its reads are another implementation of gRPC, `expectedRevision` became `streamState`. */
describe('The client @kurrent/kurrentdb-client', () => {
  const store = storeUnderTest()
  let client: KurrentProcess
  before(() => void (client = new KurrentProcess(store.url.replace(/^esdb/, 'kurrentdb'))))
  after(() => client.stop())

  const read = (stream: string, options: ReadStreamOptions = {}): Promise<ResolvedEvent[]> =>
    client.readStream(stream, options)
  const revisions = async (stream: string, options: ReadStreamOptions = {}) =>
    (await read(stream, options)).map(({ event }) => Number(event!.revision))
  const streamOf = async (count: number) => {
    const stream = fresh()
    await client.call('appendToStream', stream, events(count))
    return stream
  }
  const paths = { BatchAppend: {}, Append: { credentials: { username: 'u', password: 'p' } } }

  for (const [path, options] of Object.entries(paths)) {
    const states: [streamState: AppendStreamState, next: bigint | 'wrong'][] = [
      [ANY, 3n],
      [1n, 3n],
      [STREAM_EXISTS, 3n],
      [NO_STREAM, 'wrong'],
      [0n, 'wrong'],
      [7n, 'wrong'],
    ]
    for (const [streamState, next] of states)
      it(`${path}: appends to two events at ${streamState}: ${next}`, async () => {
        const stream = await streamOf(2)
        const append = client.call('appendToStream', stream, events(2), { ...options, streamState })
        if (next === 'wrong') expect((await refusal(append)).type).to.equal('wrong-expected-version')
        else expect((await append).nextExpectedRevision).to.equal(next)
        expect(await revisions(stream)).to.deep.equal(next === 'wrong' ? [0, 1] : [0, 1, 2, 3])
      })

    it(`${path}: an append that is sent again is known`, async () => {
      const stream = fresh()
      const batch = events(3)
      const first = await client.call('appendToStream', stream, batch, { ...options, streamState: NO_STREAM })
      const again = await client.call('appendToStream', stream, batch, { ...options, streamState: NO_STREAM })
      expect(again).to.deep.equal(first)
      expect(idsOf(await read(stream))).to.deep.equal(idsOf(batch))
    })

    it(`${path}: more than 1 MiB is refused`, async () => {
      const stream = fresh()
      const large = event('Large', { text: 'x'.repeat(1024 * 1024) })
      const error = await refusal(client.call('appendToStream', stream, large, options))
      expect(error.type).to.equal('maximum-append-size-exceeded')
      expect((await refusal(read(stream))).type).to.equal('stream-not-found')
    })
  }

  it('keeps what an event carries', async () => {
    const stream = fresh('Ströme/☃')
    const json = event('Gemessen™', { text: 'ä☃'.repeat(1000) }, { schema: 2 })
    const binary = make('binaryEvent', { id: randomUUID(), type: 'Bytes', data: Uint8Array.of(0, 255, 1) })
    await client.call('appendToStream', stream, [json, binary])
    const [first, second] = await read(stream)
    expect(first!.event).to.include({ id: json.id, type: json.type, isJson: true, streamId: stream, revision: 0n })
    expect(first!.event!.data).to.deep.equal(json.data)
    expect(first!.event!.metadata).to.deep.equal({ schema: 2 })
    expect(second!.event).to.include({ id: binary.id, isJson: false, revision: 1n })
    expect([...(second!.event!.data as Uint8Array)]).to.deep.equal([0, 255, 1])
    expect(Math.abs(first!.event!.created.getTime() - Date.now())).to.be.lessThan(60_000)
  })

  const reads: [what: string, options: ReadStreamOptions, wanted: number[]][] = [
    ['all of it', {}, [0, 1, 2, 3, 4]],
    ['from a revision on', { fromRevision: 3n }, [3, 4]],
    ['so many', { fromRevision: START, maxCount: 2 }, [0, 1]],
    ['nothing from behind the end', { fromRevision: 9n }, []],
    ['backwards from the end', { direction: BACKWARDS, fromRevision: END }, [4, 3, 2, 1, 0]],
    ['the last one', { direction: BACKWARDS, fromRevision: END, maxCount: 1 }, [4]],
    ['backwards from a revision', { direction: BACKWARDS, fromRevision: 1n }, [1, 0]],
  ]
  for (const [what, options, wanted] of reads)
    it(`reads a stream: ${what}`, async () => expect(await revisions(await streamOf(5), options)).to.deep.equal(wanted))

  it('says that a stream is not found', async () => {
    for (const options of [{}, { direction: BACKWARDS, fromRevision: END } as const])
      expect((await refusal(read(fresh(), options))).type).to.equal('stream-not-found')
  })

  it('reads a long stream to its end', async () => {
    const stream = fresh()
    for (let i = 0; i < 4; i++) await client.call('appendToStream', stream, events(500))
    expect(await revisions(stream)).to.deep.equal(Array.from({ length: 2000 }, (_, i) => i))
  })

  it('reads $all in both directions, from a position', async () => {
    const tag = fresh('all')
    const fromPosition = await store.mark()
    for (let i = 0; i < 6; i++) await client.call('appendToStream', `${tag}-${i % 2}`, events(2))
    const stored = await store.since(fromPosition, tag)
    const ours = (found: ResolvedEvent[]) => idsOf(found.filter(({ event }) => event!.streamId.includes(tag)))
    expect(ours(await client.readAll({ fromPosition }))).to.deep.equal(idsOf(stored))
    const { position } = stored[4]!
    const [at] = await client.readAll({ fromPosition: position, maxCount: 1 })
    expect(at!.event).to.include({ id: stored[4]!.id })
    expect(at!.event!.position).to.deep.equal(position)
    const back = await client.readAll({ direction: BACKWARDS, fromPosition: position, maxCount: 50 })
    expect(ours(back)).to.deep.equal(idsOf(stored).slice(0, 4).reverse())
    const end = await client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 100 })
    expect(ours(end)).to.deep.equal(idsOf(stored).reverse())
  })

  const filters: [what: string, filter: (tag: string) => Filter, wanted: number[]][] = [
    ['a prefix of stream names', (t) => make('streamNameFilter', { prefixes: [`${t}order`] }), [0, 2, 3]],
    ['prefixes of stream names', (t) => make('streamNameFilter', { prefixes: [`${t}inv`, `${t}none`] }), [1]],
    ['a regex on stream names', (t) => make('streamNameFilter', { regex: `^${t}order-\\d$` }), [0, 2]],
    ['prefixes of event types', (t) => make('eventTypeFilter', { prefixes: [`${t}Sent`, `${t}Closed`] }), [1, 3]],
    ['a regex on event types', (t) => make('eventTypeFilter', { regex: `^${t}(Placed|Closed)$` }), [0, 2, 3]],
  ]
  const write = async (tag: string) => {
    const written = [
      ['order-1', 'Placed'],
      ['invoice-1', 'Sent'],
      ['order-2', 'Placed'],
      ['order-10', 'Closed'],
    ].map(([stream, type]) => ({ stream: tag + stream, sent: event(tag + type) }))
    for (const { stream, sent } of written) await client.call('appendToStream', stream, sent)
    return idsOf(written.map(({ sent }) => sent))
  }
  for (const [what, filter, wanted] of filters) {
    it(`reads $all filtered by ${what}, both ways, and counts what is let through`, async () => {
      const tag = `t${randomUUID().replaceAll('-', '')}`
      const fromPosition = await store.mark()
      const ids = await write(tag)
      const found = async (options: Parameters<typeof client.readAll>[0]) =>
        idsOf(await client.readAll({ ...options, filter: filter(tag) }))
      const all = wanted.map((i) => ids[i]!)
      expect(await found({ fromPosition })).to.deep.equal(all)
      expect(await found({ fromPosition, maxCount: 1 })).to.deep.equal(all.slice(0, 1))
      expect(await found({ direction: BACKWARDS, fromPosition: END, maxCount: wanted.length })).to.deep.equal(
        [...all].reverse(),
      )
    })

    it(`subscribes to $all filtered by ${what}, to what is stored and what is written`, async () => {
      const tag = `t${randomUUID().replaceAll('-', '')}`
      const fromPosition = await store.mark()
      const stored = await write(tag)
      const count = wanted.length * 2
      const { confirmed, result } = client.subscribeToAll({ count }, { fromPosition, filter: filter(tag) })
      await confirmed
      const live = await write(tag)
      const ids = [...wanted.map((i) => stored[i]!), ...wanted.map((i) => live[i]!)]
      expect(idsOf((await result).events)).to.deep.equal(ids)
    })
  }

  it('subscribes to a stream, from the start and from a revision, without a gap', async () => {
    const stream = await streamOf(50)
    const last = { type: 'Done' }
    const taken = [
      client.subscribeToStream(last, stream),
      client.subscribeToStream(last, stream, { fromRevision: 19n }),
      client.subscribeToStream(last, stream, { fromRevision: END }),
    ]
    await taken[2]!.confirmed
    for (let i = 0; i < 50; i++) await client.call('appendToStream', stream, events(1))
    await client.call('appendToStream', stream, events(1, 'Done'))
    const expected = Array.from({ length: 101 }, (_, i) => i)
    for (const [i, from] of [0, 20, 50].entries()) {
      const found = (await taken[i]!.result).events.map(({ event }) => Number(event!.revision))
      expect(found).to.deep.equal(expected.slice(from))
    }
  })

  it('is told when it has caught up, of checkpoints, and not of system events', async () => {
    const stream = await streamOf(3)
    const fromPosition = await store.mark()
    await client.call('appendToStream', stream, events(40))
    await client.call('setStreamMetadata', stream, { maxCount: 100 })
    const filter = make('excludeSystemEvents', { maxSearchWindow: 8 })
    const { confirmed, result } = client.subscribeToAll({ type: 'Done' }, { fromPosition, filter })
    await confirmed
    await client.call('appendToStream', stream, event('Done'))
    const { events: taken, order, checkpoints } = await result
    expect(taken.filter(({ event }) => event!.type.startsWith('$'))).to.deep.equal([])
    expect(taken.filter(({ event }) => event!.streamId === stream)).to.have.length(41)
    expect(order[0]).to.equal('confirmation')
    expect(order.filter((what) => what === 'caughtUp')).to.have.length(1)
    expect(order.at(-1)).to.equal('event')
    expect(checkpoints.at(-1)!.commit > fromPosition.commit).to.equal(true)
  })

  it('resolves links', async () => {
    const [stream, links] = [await streamOf(2), fresh('links')]
    await client.call('appendToStream', links, [
      make('binaryEvent', { type: '$>', data: Buffer.from(`1@${stream}`) }),
      make('binaryEvent', { type: '$>', data: Buffer.from(`9@${stream}`) }),
    ])
    const [there, gone] = await read(links, { resolveLinkTos: true })
    expect(there!.event).to.include({ streamId: stream, revision: 1n })
    expect(there!.link).to.include({ streamId: links, revision: 0n })
    expect(gone!.event).to.equal(undefined)
    expect(gone!.link).to.include({ streamId: links, revision: 1n })
  })

  it('deletes a stream, and writes it again', async () => {
    const stream = await streamOf(2)
    const wrong = await refusal(client.call('deleteStream', stream, { expectedRevision: 0n }))
    expect(wrong.type).to.equal('wrong-expected-version')
    await client.call('deleteStream', stream, { expectedRevision: 1n })
    expect((await refusal(read(stream))).type).to.equal('stream-not-found')
    await client.call('appendToStream', stream, events(1), { streamState: NO_STREAM })
    expect(await revisions(stream)).to.deep.equal([2])
  })

  it('tombstones a stream for ever', async () => {
    const stream = await streamOf(2)
    await client.call('tombstoneStream', stream)
    expect((await refusal(read(stream))).type).to.equal('stream-deleted')
    expect((await refusal(client.call('appendToStream', stream, events(1)))).type).to.equal('stream-deleted')
  })

  it('sets and gets metadata, and reads what it leaves', async () => {
    const stream = await streamOf(5)
    const metadata = { maxCount: 2, truncateBefore: 1, ours: { a: 1 } }
    await client.call('setStreamMetadata', stream, metadata)
    expect((await client.call('getStreamMetadata', stream)).metadata).to.deep.equal(metadata)
    expect(await revisions(stream)).to.deep.equal([3, 4])
    expect(await revisions(stream, { direction: BACKWARDS, fromRevision: END })).to.deep.equal([4, 3])
    expect((await client.call('getStreamMetadata', fresh())).metadata).to.equal(undefined)
  })

  it('finds what the other client wrote, and is found by it', async () => {
    const stream = fresh()
    const [ours, theirs] = [events(1), events(1)]
    await store.client.appendToStream(stream, jsonEvent({ ...ours[0]!, type: 'One', data: {} }))
    await client.call('appendToStream', stream, theirs, { streamState: 0n })
    expect(idsOf(await read(stream))).to.deep.equal(idsOf([...ours, ...theirs]))
    expect(await store.seen(stream)).to.deep.equal(idsOf([...ours, ...theirs]))
  })
})
