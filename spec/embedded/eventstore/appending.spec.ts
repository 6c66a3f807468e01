import { expect } from 'chai'
import { ANY, jsonEvent, NO_STREAM, STREAM_EXISTS, WrongExpectedVersionError } from '@eventstore/db-client'
import type { AppendExpectedRevision, AppendResult, AppendToStreamOptions } from '@eventstore/db-client'
import { collect, events, refusal, RunningStore } from './running.ts'

/** The client takes the classic Append for calls with credentials of their own, BatchAppend for all others. */
const PATHS: Record<string, AppendToStreamOptions> = {
  BatchAppend: {},
  Append: { credentials: { username: 'u', password: 'p' } },
}

type State = 'new' | 'of two events' | 'deleted' | 'written again after a delete' | 'tombstoned'
type Outcome = number | 'wrong' | 'deleted'

/** The revision of the first event written, or why none is. */
const TABLE: Record<State, [AppendExpectedRevision, Outcome][]> = {
  new: [
    [ANY, 0],
    [NO_STREAM, 0],
    [STREAM_EXISTS, 'wrong'],
    [0n, 'wrong'],
    [7n, 'wrong'],
  ],
  'of two events': [
    [ANY, 2],
    [NO_STREAM, 'wrong'],
    [STREAM_EXISTS, 2],
    [0n, 'wrong'],
    [1n, 2],
    [7n, 'wrong'],
  ],
  deleted: [
    [ANY, 2],
    [NO_STREAM, 2],
    [STREAM_EXISTS, 'deleted'],
    [0n, 'wrong'],
    [1n, 2],
    [7n, 'wrong'],
  ],
  'written again after a delete': [
    [ANY, 3],
    [NO_STREAM, 'wrong'],
    [STREAM_EXISTS, 3],
    [1n, 'wrong'],
    [2n, 3],
  ],
  tombstoned: [
    [ANY, 'deleted'],
    [NO_STREAM, 'deleted'],
    [STREAM_EXISTS, 'deleted'],
    [0n, 'deleted'],
    [1n, 'deleted'],
  ],
}
const LAST: Record<State, bigint | 'no_stream'> = {
  new: 'no_stream',
  'of two events': 1n,
  deleted: 1n,
  'written again after a delete': 2n,
  tombstoned: 1n,
}

describe('Appending to the embedded event store', () => {
  let store: RunningStore
  let streams = 0
  const fresh = () => `stream-${streams++}`
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())

  async function prepared(state: State): Promise<string> {
    const stream = fresh()
    if (state === 'new') return stream
    await store.client.appendToStream(stream, events(2))
    if (state === 'deleted' || state === 'written again after a delete') await store.client.deleteStream(stream)
    if (state === 'written again after a delete') await store.client.appendToStream(stream, events(1))
    if (state === 'tombstoned') await store.client.tombstoneStream(stream)
    return stream
  }

  for (const [path, options] of Object.entries(PATHS))
    for (const [state, rows] of Object.entries(TABLE) as [State, [AppendExpectedRevision, Outcome][]][])
      for (const [expectedRevision, outcome] of rows) {
        const append = (stream: string, batch: ReturnType<typeof events>): Promise<AppendResult> =>
          store.client.appendToStream(stream, batch, { ...options, expectedRevision })

        if (typeof outcome === 'number')
          it(`${path}: a stream ${state} at ${expectedRevision} goes on at ${outcome}, once however often it is sent`, async () => {
            const stream = await prepared(state)
            const batch = events(2)
            const [first, atOnce] = await Promise.all([append(stream, batch), append(stream, batch)])
            expect(first.nextExpectedRevision).to.equal(BigInt(outcome + 1))
            expect(atOnce).to.deep.equal(first)
            expect(await append(stream, batch)).to.deep.equal(first)
            const last = await collect(
              store.client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 2 }),
            )
            expect(last.map(({ event }) => event!.id)).to.deep.equal(batch.map(({ id }) => id).reverse())
            expect(last[0]!.event!.position).to.deep.equal(first.position)
          })
        else
          it(`${path}: a stream ${state} at ${expectedRevision} is refused: ${outcome}`, async () => {
            const stream = await prepared(state)
            const before = (await store.readAll()).length
            const error = await refusal(append(stream, events(1)))
            expect(error.type).to.equal(outcome === 'deleted' ? 'stream-deleted' : 'wrong-expected-version')
            expect(error).to.have.property('streamName', stream)
            if (error instanceof WrongExpectedVersionError) {
              expect(error.expectedVersion).to.equal(expectedRevision)
              expect(error.actualVersion).to.equal(LAST[state])
            }
            expect(await store.readAll()).to.have.length(before)
          })
      }

  for (const expectedRevision of [ANY, 0n] as const)
    it(`refuses an append that was partly written before, at ${expectedRevision}`, async () => {
      const stream = fresh()
      const [one, two, three] = events(3)
      await store.client.appendToStream(stream, [one!, two!])
      const error = await refusal(store.client.appendToStream(stream, [two!, three!], { expectedRevision }))
      expect(error.type).to.equal('wrong-expected-version')
      expect(await store.revisions(stream)).to.deep.equal([0, 1])
    })

  it('knows an append at an exact revision again after a restart', async () => {
    const stream = fresh()
    const batch = events(3)
    const first = await store.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM })
    store = await store.again()
    const again = await store.client.appendToStream(stream, batch, { expectedRevision: NO_STREAM })
    expect(again).to.deep.equal(first)
    expect(await store.revisions(stream)).to.deep.equal([0, 1, 2])
  })

  it('lets one of many at the same revision win', async () => {
    const stream = fresh()
    const races = Array.from({ length: 20 }, () =>
      store.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM }),
    )
    const outcomes = await Promise.allSettled(races)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    expect(await store.revisions(stream)).to.deep.equal([0])
  })

  it('writes all events of an append or none, side by side, in the order sent, with dense revisions', async () => {
    const written = new Map<string, string[]>()
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      for (let i = 0; i < 15; i++) {
        const batch = events(1 + ((writer + i) % 4), `Order-${writer}-${i}`)
        await store.client.appendToStream(`order-${writer % 5}`, batch)
        written.set(
          `Order-${writer}-${i}`,
          batch.map(({ id }) => id),
        )
      }
    })
    await Promise.all(writers)
    const next = new Map<string, bigint>()
    const batches = new Map<string, string[]>()
    let position = -1n
    let type = ''
    for (const { event } of await store.readAll()) {
      expect(event!.position.commit > position, 'positions increase').to.equal(true)
      position = event!.position.commit
      if (!event!.streamId.startsWith('order-')) continue
      const revision = next.get(event!.streamId) ?? 0n
      expect(event!.revision).to.equal(revision)
      next.set(event!.streamId, revision + 1n)
      if (event!.type !== type) expect(batches.has(event!.type), 'an append lies in one piece').to.equal(false)
      type = event!.type
      batches.set(type, [...(batches.get(type) ?? []), event!.id])
    }
    expect(batches).to.deep.equal(written)
  })

  it('keeps what an event carries', async () => {
    const stream = 'Ströme/☃'
    const since = Date.now()
    const json = jsonEvent({ type: 'Gemessen™', data: { text: 'ä'.repeat(9000) }, metadata: { schema: 2 } })
    await store.client.appendToStream(stream, [json, ...events(1)])
    const [first, second] = await collect(store.client.readStream(stream))
    const { id, type, data, metadata } = json
    expect(first!.event).to.include({ id, type, streamId: stream, isJson: true, revision: 0n })
    expect(first!.event!.data).to.deep.equal(data)
    expect(first!.event!.metadata).to.deep.equal(metadata)
    expect(second!.event!.metadata).to.equal(undefined)
    expect(first!.event!.created.getTime()).to.be.within(since, Date.now())
  })

  for (const [path, options] of Object.entries(PATHS))
    it(`${path}: refuses more than 1 MiB, writes nothing of it, and goes on`, async () => {
      const stream = fresh()
      const big = (bytes: number) => jsonEvent({ type: 'Big', data: 'x'.repeat(bytes) })
      const many = Array.from({ length: 70 }, () => big(100_000)) // several messages of the client
      const error = await refusal(store.client.appendToStream(stream, many, options))
      expect(error).to.include({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 })
      const one = await refusal(store.client.appendToStream(stream, big(1_048_577), options))
      expect(one.type).to.equal('maximum-append-size-exceeded')
      await store.client.appendToStream(stream, big(1_000_000), options)
      expect(await store.revisions(stream)).to.deep.equal([0])
    })

  it('refuses an append only once what it collides with can be read', async () => {
    const collide = async (stream: string) => {
      const options = { expectedRevision: NO_STREAM } as const
      const attempts = await Promise.all(
        [1, 2, 3].map(async () => {
          try {
            await store.client.appendToStream(stream, events(1), options)
            return undefined
          } catch {
            return (await collect(store.client.readStream(stream))).length
          }
        }),
      )
      expect(attempts.filter((seen) => seen !== undefined)).to.deep.equal([1, 1])
    }
    for (let round = 0; round < 20; round++)
      await Promise.all(Array.from({ length: 10 }, (_, i) => collide(`collision-${round}-${i}`)))
  })
})
