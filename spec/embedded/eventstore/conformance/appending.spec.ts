import { expect } from 'chai'
import { ANY, BACKWARDS, END, NO_STREAM, STREAM_EXISTS, WrongExpectedVersionError } from '@eventstore/db-client'
import type { AppendExpectedRevision, AppendResult } from '@eventstore/db-client'
import { events, refusal } from '../running.ts'
import { fresh, idsOf, PATHS, storeUnderTest } from './store.ts'

type State =
  | 'that is new'
  | 'of two events'
  | 'truncated to nothing'
  | 'that has only metadata'
  | 'that is deleted'
  | 'written again after a delete'
  | 'that is tombstoned'
  | 'of metadata that is new'
  | 'of metadata of two events'
type Outcome = number | 'wrong' | 'deleted'

/** The revision of the first event written, or why none is. */
const TABLE: Record<State, [AppendExpectedRevision, Outcome][]> = {
  'that is new': [
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
    [2n, 'wrong'],
    [7n, 'wrong'],
  ],
  'truncated to nothing': [
    [ANY, 2],
    [NO_STREAM, 'wrong'],
    [STREAM_EXISTS, 2],
    [0n, 'wrong'],
    [1n, 2],
    [7n, 'wrong'],
  ],
  'that has only metadata': [
    [ANY, 0],
    [NO_STREAM, 0],
    [STREAM_EXISTS, 0],
    [0n, 'wrong'],
  ],
  'that is deleted': [
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
    [7n, 'wrong'],
  ],
  'that is tombstoned': [
    [ANY, 'deleted'],
    [NO_STREAM, 'deleted'],
    [STREAM_EXISTS, 'deleted'],
    [0n, 'deleted'],
    [1n, 'deleted'],
    [7n, 'deleted'],
  ],
  'of metadata that is new': [
    [ANY, 0],
    [NO_STREAM, 0],
    [STREAM_EXISTS, 'wrong'],
    [0n, 'wrong'],
  ],
  'of metadata of two events': [
    [ANY, 2],
    [NO_STREAM, 'wrong'],
    [STREAM_EXISTS, 2],
    [0n, 'wrong'],
    [1n, 2],
    [7n, 'wrong'],
  ],
}
const LAST: Record<State, bigint | 'no_stream'> = {
  'that is new': 'no_stream',
  'of two events': 1n,
  'truncated to nothing': 1n,
  'that has only metadata': 'no_stream',
  'that is deleted': 1n,
  'written again after a delete': 2n,
  'that is tombstoned': 1n,
  'of metadata that is new': 'no_stream',
  'of metadata of two events': 1n,
}

/** Appends of events known by number, at a revision, and what becomes of the last one; then the numbers the stream holds. */
// prettier-ignore
const SEQUENCES: [steps: [number[], AppendExpectedRevision][], outcome: 'again' | 'new' | 'wrong', stored: number[]][] = [
  [[[[0], NO_STREAM], [[0], NO_STREAM]], 'again', [0]],
  [[[[0], NO_STREAM], [[0], ANY]], 'again', [0]],
  [[[[0], NO_STREAM], [[0], 0n]], 'new', [0, 0]],
  [[[[0], NO_STREAM], [[0], 1n]], 'wrong', [0]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[0], NO_STREAM]], 'again', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[0], ANY]], 'again', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[1], 0n]], 'again', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[1], ANY], [[1], ANY]], 'again', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[0], 1n]], 'wrong', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[0], 2n]], 'new', [0, 1, 2, 0]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[0], 3n]], 'wrong', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1], 0n], [[2], 1n], [[1, 2], 0n]], 'again', [0, 1, 2]],
  [[[[0, 1], NO_STREAM], [[0, 1], NO_STREAM]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[0, 1], ANY]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[0, 1], 1n]], 'new', [0, 1, 0, 1]],
  [[[[0, 1], NO_STREAM], [[0], NO_STREAM]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[0], ANY]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[1], 0n]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[1], ANY]], 'again', [0, 1]],
  [[[[0, 1], NO_STREAM], [[0, 1, 2], NO_STREAM]], 'wrong', [0, 1]],
  [[[[0, 1], NO_STREAM], [[0, 1, 2], ANY]], 'wrong', [0, 1]],
  [[[[0, 1], NO_STREAM], [[1, 2], ANY]], 'wrong', [0, 1]],
  [[[[0, 1], NO_STREAM], [[1, 2], 0n]], 'wrong', [0, 1]],
  [[[[0, 1], NO_STREAM], [[2, 3], NO_STREAM]], 'wrong', [0, 1]],
  [[[[0, 1], NO_STREAM], [[2], 1n], [[0, 1, 2], NO_STREAM]], 'again', [0, 1, 2]],
  [[[[0], NO_STREAM], [[1, 2], STREAM_EXISTS], [[1, 2], STREAM_EXISTS]], 'again', [0, 1, 2]],
]

describe('Appending', () => {
  const store = storeUnderTest()

  async function prepared(state: State): Promise<string> {
    const { client } = store
    const stream = state.startsWith('of metadata') ? `$$${fresh()}` : fresh()
    if (state === 'that has only metadata') await client.setStreamMetadata(stream, { maxCount: 100 })
    if (LAST[state] === 'no_stream') return stream
    await client.appendToStream(stream, events(2))
    if (state === 'truncated to nothing') await client.setStreamMetadata(stream, { truncateBefore: 2 })
    if (state === 'that is deleted' || state === 'written again after a delete') await client.deleteStream(stream)
    if (state === 'written again after a delete') await client.appendToStream(stream, events(1))
    if (state === 'that is tombstoned') await client.tombstoneStream(stream)
    return stream
  }

  for (const [path, options] of Object.entries(PATHS)) {
    for (const [state, rows] of Object.entries(TABLE) as [State, [AppendExpectedRevision, Outcome][]][])
      for (const [expectedRevision, outcome] of rows) {
        const append = (stream: string, batch: ReturnType<typeof events>): Promise<AppendResult> =>
          store.client.appendToStream(stream, batch, { ...options, expectedRevision })
        // A real store may not know again what was written at no_stream after a delete.
        const known = state !== 'that is deleted' || expectedRevision !== NO_STREAM

        if (typeof outcome === 'number')
          it(`${path}: a stream ${state} at ${expectedRevision} goes on at ${outcome}${known ? ', once however often it is sent' : ''}`, async () => {
            const stream = await prepared(state)
            const batch = events(2)
            const [first, atOnce] = await Promise.all([append(stream, batch), known && append(stream, batch)])
            expect(first.success).to.equal(true)
            expect(first.nextExpectedRevision).to.equal(BigInt(outcome + 1))
            if (known) {
              expect(atOnce).to.deep.equal(first)
              expect(await append(stream, batch)).to.deep.equal(first)
            }
            const last = await store.read(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 2 })
            const ids = idsOf(batch).reverse()
            expect(idsOf(last)).to.deep.equal(stream.startsWith('$$') ? ids.slice(0, 1) : ids)
            expect(last[0]!.event!.revision).to.equal(BigInt(outcome + 1))
            expect(last[0]!.event!.position).to.deep.equal(first.position)
          })
        else
          it(`${path}: a stream ${state} at ${expectedRevision} is refused: ${outcome}`, async () => {
            const stream = await prepared(state)
            const before = await store.seen(stream)
            const error = await refusal(append(stream, events(1)))
            expect(error.type).to.equal(outcome === 'deleted' ? 'stream-deleted' : 'wrong-expected-version')
            expect(error).to.have.property('streamName', stream)
            if (error instanceof WrongExpectedVersionError) {
              expect(error.expectedVersion).to.equal(expectedRevision)
              expect(error.actualVersion).to.equal(LAST[state])
            }
            expect(await store.seen(stream)).to.deep.equal(before)
          })
      }

    for (const [steps, outcome, stored] of SEQUENCES) {
      const told = steps.map(([which, at]) => `${which.join(' ')} at ${at}`).join(', then ')
      const becomes = {
        again: 'the last one is known again',
        new: 'the last one is written',
        wrong: 'the last one is refused',
      }
      it(`${path}: ${told}: ${becomes[outcome]}`, async () => {
        const stream = fresh()
        const known = events(4)
        const append = ([which, expectedRevision]: [number[], AppendExpectedRevision]) =>
          store.client.appendToStream(
            stream,
            which.map((i) => known[i]!),
            { ...options, expectedRevision },
          )
        for (const step of steps.slice(0, -1)) await append(step)
        const last = append(steps.at(-1)!)
        if (outcome === 'wrong') expect((await refusal(last)).type).to.equal('wrong-expected-version')
        else expect((await last).success).to.equal(true)
        const ids = stored.map((i) => known[i]!.id)
        expect(await store.seen(stream)).to.deep.equal(ids.length > 0 ? ids : 'stream-not-found')
      })
    }

    for (const expectedRevision of [ANY, NO_STREAM] as const)
      it(`${path}: an append of nothing to a new stream at ${expectedRevision} leaves it not found`, async () => {
        const stream = fresh()
        const { success } = await store.client.appendToStream(stream, [], { ...options, expectedRevision })
        expect(success).to.equal(true)
        expect(await store.seen(stream)).to.equal('stream-not-found')
        await store.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })
        expect(await store.revisions(stream)).to.deep.equal([0])
      })

    for (const expectedRevision of [ANY, 1n] as const)
      it(`${path}: an append of nothing to two events at ${expectedRevision} changes nothing`, async () => {
        const stream = await prepared('of two events')
        const { nextExpectedRevision } = await store.client.appendToStream(stream, [], { ...options, expectedRevision })
        expect(nextExpectedRevision).to.equal(1n)
        expect(await store.revisions(stream)).to.deep.equal([0, 1])
      })

    it(`${path}: an append of nothing at a revision that is not there yet is refused`, async () => {
      const stream = await prepared('of two events')
      const error = await refusal(store.client.appendToStream(stream, [], { ...options, expectedRevision: 5n }))
      expect(error.type).to.equal('wrong-expected-version')
    })

    it(`${path}: the same event in another stream is another event`, async () => {
      const [one, other] = [fresh(), fresh()]
      const batch = events(2)
      for (const stream of [one, other]) await store.client.appendToStream(stream, batch, options)
      for (const stream of [one, other]) expect(await store.seen(stream)).to.deep.equal(idsOf(batch))
    })

    it(`${path}: ids are the same in upper and lower case`, async () => {
      const stream = fresh()
      const [event] = events(1)
      const upper = { ...event!, id: event!.id.toUpperCase() }
      for (const each of [upper, event!])
        await store.client.appendToStream(stream, each, { ...options, expectedRevision: NO_STREAM })
      expect(await store.seen(stream)).to.deep.equal([event!.id])
    })

    it(`${path}: an append with an old event in the middle of new ones at a stale revision is refused as a whole`, async () => {
      const stream = fresh()
      const [a, b, c] = events(3)
      await store.client.appendToStream(stream, a!, options)
      const mixed = store.client.appendToStream(stream, [b!, a!, c!], { ...options, expectedRevision: NO_STREAM })
      expect((await refusal(mixed)).type).to.equal('wrong-expected-version')
      expect(await store.seen(stream)).to.deep.equal([a!.id])
    })
  }

  it('sends by one path are known again on the other', async () => {
    const stream = fresh()
    const batch = events(3)
    const results = []
    for (const options of [PATHS['Append'], PATHS['BatchAppend'], PATHS['Append']])
      results.push(await store.client.appendToStream(stream, batch, { ...options, expectedRevision: NO_STREAM }))
    expect(results[1]).to.deep.equal(results[0])
    expect(results[2]).to.deep.equal(results[0])
    expect(await store.seen(stream)).to.deep.equal(idsOf(batch))
  })
})
