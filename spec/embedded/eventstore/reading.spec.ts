import { expect } from 'chai'
import { BACKWARDS, END, jsonEvent, START } from '@eventstore/db-client'
import type { AllStreamResolvedEvent } from '@eventstore/db-client'
import { collect, events, refusal, RunningStore } from './running.ts'

describe('Reading from the embedded event store', function () {
  this.timeout(20_000)
  let store: RunningStore
  before(async () => (store = await RunningStore.start()))
  after(() => store.remove())

  describe('a stream', () => {
    before(() => store.client.appendToStream('read', events(10)))

    it('gives all of it, or what is asked for', async () => {
      const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      expect(await store.revisions('read')).to.deep.equal(all)
      expect(await store.revisions('read', { fromRevision: 7n })).to.deep.equal([7, 8, 9])
      expect(await store.revisions('read', { fromRevision: 3n, maxCount: 2 })).to.deep.equal([3, 4])
      expect(await store.revisions('read', { fromRevision: 10n })).to.deep.equal([])
      expect(await store.revisions('read', { fromRevision: END })).to.deep.equal([])
    })

    it('gives it backwards', async () => {
      const back = { direction: BACKWARDS } as const
      expect(await store.revisions('read', { ...back, fromRevision: END, maxCount: 3 })).to.deep.equal([9, 8, 7])
      expect(await store.revisions('read', { ...back, fromRevision: 1n })).to.deep.equal([1, 0])
      expect(await store.revisions('read', { ...back, fromRevision: 99n, maxCount: 1 })).to.deep.equal([9])
      expect(await store.revisions('read', { ...back, fromRevision: START })).to.deep.equal([0])
    })

    it('says that there is none', async () => {
      const error = await refusal(store.revisions('never written'))
      expect(error.type).to.equal('stream-not-found')
    })
  })

  describe('$all', () => {
    let all: AllStreamResolvedEvent[]
    before(async () => {
      for (let i = 0; i < 40; i++) await store.client.appendToStream(`all-${i % 7}`, bulky(1 + (i % 3)))
      all = await store.readAll()
    })
    const bulky = (count: number) =>
      Array.from({ length: count }, () => jsonEvent({ type: 'Bulky', data: 'x'.repeat(9_000) }))
    const ids = (list: AllStreamResolvedEvent[]) => list.map(({ event }) => event!.id)

    it('gives everything, backwards the same', async () => {
      const back = await store.readAll({ direction: BACKWARDS, fromPosition: END })
      expect(all.length).to.be.greaterThan(80)
      expect(ids(back.reverse())).to.deep.equal(ids(all))
    })

    it('begins at a position, backwards before it', async () => {
      for (const [i, { event }] of all.entries()) {
        const from = { fromPosition: event!.position, maxCount: 2 }
        expect(ids(await store.readAll(from))).to.deep.equal(ids(all.slice(i, i + 2)))
        const back = await store.readAll({ ...from, direction: BACKWARDS })
        expect(ids(back)).to.deep.equal(ids(all.slice(Math.max(0, i - 2), i).reverse()))
      }
    })

    it('goes on at the next event from a position that never was one', async () => {
      for (const i of [1, all.length - 1]) {
        const commit = all[i]!.event!.position.commit - 1n
        const fromPosition = { commit, prepare: commit }
        expect(ids(await store.readAll({ fromPosition, maxCount: 1 }))).to.deep.equal(ids([all[i]!]))
        const back = await store.readAll({ fromPosition, maxCount: 1, direction: BACKWARDS })
        expect(ids(back)).to.deep.equal(ids([all[i - 1]!]))
      }
    })

    it('refuses a position behind its end: that checkpoint is of another store', async () => {
      const fromPosition = { commit: 1n << 40n, prepare: 1n << 40n }
      expect((await refusal(store.readAll({ fromPosition }))).message).to.contain('behind the end of this log')
      const subscription = store.client.subscribeToAll({ fromPosition })
      expect((await refusal(collect(subscription))).message).to.contain('belongs to another one')
    })
  })

  describe('with stream metadata', () => {
    const stream = () => `metadata-${Math.random()}`

    it('gives back what was set', async () => {
      const name = stream()
      const metadata = { maxCount: 3, maxAge: 60, truncateBefore: 2, acl: { readRoles: ['a'] }, ours: { a: 1 } }
      await store.client.setStreamMetadata(name, metadata)
      expect((await store.client.getStreamMetadata(name)).metadata).to.deep.equal(metadata)
      expect((await store.client.getStreamMetadata('no metadata')).metadata).to.equal(undefined)
      expect((await refusal(store.revisions(name))).type).to.equal('stream-not-found')
    })

    it('shows only the last $maxCount events', async () => {
      const name = stream()
      await store.client.appendToStream(name, events(5))
      await store.client.setStreamMetadata(name, { maxCount: 2 })
      expect(await store.revisions(name)).to.deep.equal([3, 4])
      expect(await store.revisions(name, { direction: BACKWARDS, fromRevision: END })).to.deep.equal([4, 3])
      await store.client.appendToStream(name, events(1))
      expect(await store.revisions(name, { fromRevision: 1n })).to.deep.equal([4, 5])
      await store.client.setStreamMetadata(name, {})
      expect(await store.revisions(name)).to.deep.equal([0, 1, 2, 3, 4, 5])
    })

    it('shows nothing before $tb', async () => {
      const name = stream()
      await store.client.appendToStream(name, events(5))
      await store.client.setStreamMetadata(name, { truncateBefore: 3 })
      expect(await store.revisions(name)).to.deep.equal([3, 4])
      expect(await store.revisions(name, { direction: BACKWARDS, fromRevision: 2n })).to.deep.equal([])
      await store.client.setStreamMetadata(name, { truncateBefore: 5 })
      expect(await store.revisions(name)).to.deep.equal([])
    })

    it('shows nothing older than $maxAge', async () => {
      const name = stream()
      await store.client.appendToStream(name, events(1))
      await store.client.setStreamMetadata(name, { maxAge: 1 })
      expect(await store.revisions(name)).to.deep.equal([0])
      const deadline = Date.now() + 5_000
      while ((await store.revisions(name)).length > 0) expect(Date.now()).to.be.lessThan(deadline)
      await store.client.appendToStream(name, events(1))
      expect(await store.revisions(name)).to.deep.equal([1])
    })
  })

  describe('after deletes', () => {
    it('does not find a deleted stream, and shows only what is written to it afterwards', async () => {
      await store.client.appendToStream('deleted', events(3))
      await store.client.setStreamMetadata('deleted', { maxCount: 10, ours: 1 })
      const { position } = await store.client.deleteStream('deleted', { expectedRevision: 2n })
      expect(position).to.deep.equal(
        (await store.readAll({ direction: BACKWARDS, fromPosition: END }))[0]!.event!.position,
      )
      expect((await refusal(store.revisions('deleted'))).type).to.equal('stream-not-found')
      await store.client.appendToStream('deleted', events(2))
      expect(await store.revisions('deleted')).to.deep.equal([3, 4])
      const { metadata } = await store.client.getStreamMetadata('deleted')
      expect(metadata).to.deep.equal({ maxCount: 10, ours: 1, truncateBefore: 3 })
    })

    it('does not show deleted events again because metadata is set', async () => {
      await store.client.appendToStream('deleted-then-set', events(2))
      await store.client.deleteStream('deleted-then-set')
      await store.client.setStreamMetadata('deleted-then-set', { ours: 2 })
      expect(await store.revisions('deleted-then-set')).to.deep.equal([])
      const { metadata } = await store.client.getStreamMetadata('deleted-then-set')
      expect(metadata).to.deep.equal({ ours: 2, truncateBefore: 2 })
    })

    it('refuses to delete at a wrong revision, and what does not exist', async () => {
      await store.client.appendToStream('kept', events(3))
      const wrong = await refusal(store.client.deleteStream('kept', { expectedRevision: 1n }))
      expect(wrong).to.include({ type: 'wrong-expected-version', expectedVersion: 1n, actualVersion: 2n })
      expect(await store.revisions('kept')).to.deep.equal([0, 1, 2])
      const none = await refusal(store.client.deleteStream('never written'))
      expect(none).to.include({ type: 'wrong-expected-version', actualVersion: 'no_stream' })
    })

    it('says for ever that a stream is tombstoned', async () => {
      await store.client.appendToStream('tombstoned', events(3))
      const wrong = await refusal(store.client.tombstoneStream('tombstoned', { expectedRevision: 1n }))
      expect(wrong.type).to.equal('wrong-expected-version')
      await store.client.tombstoneStream('tombstoned', { expectedRevision: 2n })
      await store.client.tombstoneStream('never written, tombstoned', { expectedRevision: 'no_stream' })
      const sayings = async () => {
        for (const name of ['tombstoned', 'never written, tombstoned']) {
          const error = await refusal(store.revisions(name))
          expect(error).to.include({ type: 'stream-deleted', streamName: name })
          for (const refused of [
            () => store.client.appendToStream(name, events(1)),
            () => store.client.setStreamMetadata(name, {}),
            () => store.client.deleteStream(name),
            () => store.client.tombstoneStream(name),
            () => collect(store.client.subscribeToStream(name)),
          ])
            expect((await refusal(refused())).type).to.equal('stream-deleted')
        }
      }
      await sayings()
      store = await store.again()
      await sayings()
    })
  })
})
