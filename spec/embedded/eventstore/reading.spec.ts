import { expect } from 'chai'
import { BACKWARDS, binaryEvent, END, jsonEvent } from '@eventstore/db-client'
import type { AllStreamResolvedEvent } from '@eventstore/db-client'
import { fresh, idsOf } from './conformance/store.ts'
import { collect, events, refusal, RunningStore } from './running.ts'

/** What the protocol leaves open, or what no client of another store may rely on. */
describe('Reading from the embedded event store', () => {
  let store: RunningStore
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())

  it('gives nothing where nothing is asked for', async () => {
    const stream = fresh()
    await store.client.appendToStream(stream, events(3))
    for (const options of [{}, { direction: BACKWARDS, fromRevision: END } as const])
      expect(await store.revisions(stream, { ...options, maxCount: 0 })).to.deep.equal([])
    expect(await store.readAll({ maxCount: 0 })).to.deep.equal([])
  })

  it('says when an event was created', async () => {
    const stream = fresh()
    const since = Date.now()
    await store.client.appendToStream(stream, events(1))
    const [found] = await collect(store.client.readStream(stream))
    expect(found!.event!.created.getTime()).to.be.within(since, Date.now())
  })

  it('gives a link that says nothing alone', async () => {
    const stream = fresh()
    const texts = ['', 'nonsense', '@', '1@', '@there', '-1@there', '1.5@there', `${'9'.repeat(40)}@there`]
    const links = texts.map((text) => binaryEvent({ type: '$>', data: Buffer.from(text) }))
    await store.client.appendToStream(stream, links)
    const found = await collect(store.client.readStream(stream, { resolveLinkTos: true }))
    expect(found.map(({ event }) => event)).to.deep.equal(texts.map(() => undefined))
    expect(found.map(({ link }) => link!.id)).to.deep.equal(idsOf(links))
  })

  describe('$all, over several blocks,', () => {
    let all: AllStreamResolvedEvent[]
    before(async () => {
      const bulky = (count: number) =>
        Array.from({ length: count }, () => jsonEvent({ type: 'Bulky', data: 'x'.repeat(9_000) }))
      for (let i = 0; i < 40; i++) await store.client.appendToStream(`all-${i % 7}`, bulky(1 + (i % 3)))
      all = await store.readAll()
    })

    it('is the same backwards', async () => {
      const back = await store.readAll({ direction: BACKWARDS, fromPosition: END })
      expect(all.length).to.be.greaterThan(80)
      expect(idsOf(back.reverse())).to.deep.equal(idsOf(all))
    })

    it('begins at a position, backwards before it', async () => {
      for (const [i, { event }] of all.entries()) {
        const from = { fromPosition: event!.position, maxCount: 2 }
        expect(idsOf(await store.readAll(from))).to.deep.equal(idsOf(all.slice(i, i + 2)))
        const back = await store.readAll({ ...from, direction: BACKWARDS })
        expect(idsOf(back)).to.deep.equal(idsOf(all.slice(Math.max(0, i - 2), i).reverse()))
      }
    })

    it('goes on at the next event from a position that never was one', async () => {
      for (const i of [1, 2, 40, all.length - 1])
        for (const off of [1n, 7n, 30n]) {
          const commit = all[i]!.event!.position.commit - off
          const fromPosition = { commit, prepare: commit }
          expect(idsOf(await store.readAll({ fromPosition, maxCount: 1 }))).to.deep.equal(idsOf([all[i]!]))
          const back = await store.readAll({ fromPosition, maxCount: 1, direction: BACKWARDS })
          expect(idsOf(back)).to.deep.equal(idsOf([all[i - 1]!]))
        }
    })

    it('refuses a position behind its end: that checkpoint is of another store', async () => {
      for (const commit of [1n << 40n, 1n << 62n, (1n << 64n) - 1n]) {
        const fromPosition = { commit, prepare: commit }
        expect((await refusal(store.readAll({ fromPosition }))).message).to.contain('behind the end of this log')
        const subscription = store.client.subscribeToAll({ fromPosition })
        expect((await refusal(collect(subscription))).message).to.contain('belongs to another one')
      }
    })
  })

  it('says after a restart too that a stream is tombstoned, deleted, or truncated', async () => {
    const [tombstoned, never, deleted, truncated] = [fresh(), fresh(), fresh(), fresh()]
    for (const stream of [tombstoned, deleted, truncated]) await store.client.appendToStream(stream, events(3))
    await store.client.tombstoneStream(tombstoned)
    await store.client.tombstoneStream(never)
    await store.client.deleteStream(deleted)
    await store.client.setStreamMetadata(truncated, { maxCount: 1 })
    for (const restart of [false, true]) {
      if (restart) store = await store.again()
      for (const stream of [tombstoned, never]) {
        const refused = [
          store.revisions(stream),
          store.client.appendToStream(stream, events(1)),
          store.client.setStreamMetadata(stream, {}),
          store.client.deleteStream(stream),
          store.client.tombstoneStream(stream),
          collect(store.client.subscribeToStream(stream)),
        ]
        for (const error of await Promise.all(refused.map(refusal))) expect(error.type).to.equal('stream-deleted')
      }
      expect((await refusal(store.revisions(deleted))).type).to.equal('stream-not-found')
      expect(await store.revisions(truncated)).to.deep.equal([2])
    }
  })

  it('refuses to delete what was never written, at any', async () => {
    const none = await refusal(store.client.deleteStream(fresh()))
    expect(none).to.include({ type: 'wrong-expected-version', actualVersion: 'no_stream' })
  })
})
