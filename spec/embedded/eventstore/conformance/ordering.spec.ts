import { once } from 'node:events'
import { expect } from 'chai'
import { BACKWARDS, END, NO_STREAM, streamNameFilter } from '@eventstore/db-client'
import { collect, events, refusal } from '../running.ts'
import { fresh, idsOf, ofType, PATHS, storeUnderTest, until } from './store.ts'

describe('Order', () => {
  const store = storeUnderTest()

  for (const [path, options] of Object.entries(PATHS)) {
    it(`${path}: appends of many at once are each written in one piece, in the order sent, with dense revisions`, async () => {
      const tag = fresh('order')
      const mark = await store.mark()
      const written = new Map<string, string[]>()
      const writers = Array.from({ length: 12 }, async (_, writer) => {
        for (let i = 0; i < 10; i++) {
          const batch = events(1 + ((writer + i) % 4), `Order-${writer}-${i}`)
          await store.client.appendToStream(`${tag}-${writer % 5}`, batch, options)
          written.set(batch[0]!.type, idsOf(batch))
        }
      })
      await Promise.all(writers)
      const next = new Map<string, bigint>()
      const found = new Map<string, string[]>()
      let position = -1n
      let type = ''
      for (const event of await store.since(mark, tag)) {
        expect(event.position.commit > position, 'positions increase').to.equal(true)
        position = event.position.commit
        const revision = next.get(event.streamId) ?? 0n
        expect(event.revision).to.equal(revision)
        next.set(event.streamId, revision + 1n)
        if (event.type !== type) expect(found.has(event.type), 'an append lies in one piece').to.equal(false)
        type = event.type
        found.set(type, [...(found.get(type) ?? []), event.id])
      }
      expect(found).to.deep.equal(written)
      const perWriter = [...found.keys()].map((key) => key.split('-').slice(1).map(Number))
      for (let writer = 0; writer < 12; writer++)
        expect(perWriter.filter(([by]) => by === writer).map(([, i]) => i)).to.deep.equal([
          0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
        ])
    })

    it(`${path}: one of many at the same revision wins`, async () => {
      const stream = fresh()
      const races = Array.from({ length: 20 }, () =>
        store.client.appendToStream(stream, events(2), { ...options, expectedRevision: NO_STREAM }),
      )
      const outcomes = await Promise.allSettled(races)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
      expect(await store.revisions(stream)).to.deep.equal([0, 1])
    })

    it(`${path}: writers that try again at the revision they read lose and double nothing`, async () => {
      const stream = fresh()
      const sent: string[] = []
      const write = async () => {
        const [event] = events(1)
        sent.push(event!.id)
        for (;;) {
          const last = await store
            .read(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 })
            .catch(() => [])
          const expectedRevision = last[0]?.event?.revision ?? NO_STREAM
          try {
            return await store.client.appendToStream(stream, event!, { ...options, expectedRevision })
          } catch (error) {
            expect((error as { type: string }).type).to.equal('wrong-expected-version')
          }
        }
      }
      const results = await Promise.all(Array.from({ length: 15 }, write))
      expect(await store.revisions(stream)).to.deep.equal(sent.map((_, i) => i))
      expect([...(await store.seen(stream))].sort()).to.deep.equal(sent.sort())
      expect(new Set(results.map(({ position }) => position!.commit)).size).to.equal(15)
    })

    it(`${path}: 500 events in one append keep their order`, async () => {
      const stream = fresh()
      const batch = events(500)
      const { nextExpectedRevision } = await store.client.appendToStream(stream, batch, options)
      expect(nextExpectedRevision).to.equal(499n)
      expect(await store.seen(stream)).to.deep.equal(idsOf(batch))
    })

    it(`${path}: the position of an append is that of its last event, in the stream, in $all, and in subscriptions`, async () => {
      const tag = fresh('position')
      const mark = await store.mark()
      const streamSubscription = until(store.client.subscribeToStream(tag), ofType('Last'))
      const filter = streamNameFilter({ prefixes: [tag] })
      const allSubscription = until(store.client.subscribeToAll({ fromPosition: mark, filter }), ofType('Last'))
      const batches = [events(1), events(3), events(2), events(1, 'Last')]
      const results = []
      for (const batch of batches) results.push(await store.client.appendToStream(tag, batch, options))
      const positions = results.map(({ position }) => position!.commit)
      expect(positions).to.deep.equal([...positions].sort((a, b) => (a < b ? -1 : 1)))
      expect(positions[0]! > mark.commit).to.equal(true)
      const inStream = await store.read(tag)
      const places = inStream.map(({ event }) => event!.position!)
      expect([0, 3, 5, 6].map((i) => places[i])).to.deep.equal(results.map(({ position }) => position))
      for (const [i, { commit }] of places.entries())
        if (i > 0) expect(commit > places[i - 1]!.commit, 'positions increase').to.equal(true)
      expect((await store.since(mark, tag)).map(({ position }) => position)).to.deep.equal(places)
      expect((await allSubscription).map(({ event }) => event!.position)).to.deep.equal(places)
      expect((await streamSubscription).map(({ event }) => event!.position)).to.deep.equal(places)
    })

    it(`${path}: a refused append leaves nothing, in the stream or in $all`, async () => {
      const tag = fresh('refused')
      const mark = await store.mark()
      await store.client.appendToStream(tag, events(1), options)
      const refused = store.client.appendToStream(tag, events(50), { ...options, expectedRevision: NO_STREAM })
      expect((await refusal(refused)).type).to.equal('wrong-expected-version')
      await store.client.appendToStream(tag, events(1), { ...options, expectedRevision: 0n })
      expect((await store.since(mark, tag)).map(({ revision }) => revision)).to.deep.equal([0n, 1n])
    })
  }

  it('An append that the client sends in many messages is one append, or none', async () => {
    const tag = fresh('pieces')
    const mark = await store.mark()
    const [batch, refused] = [events(300), events(300)]
    const pieces = { batchAppendSize: 1000, expectedRevision: NO_STREAM } as const
    const others = Array.from({ length: 30 }, (_, i) => store.client.appendToStream(`${tag}-${i}`, events(1)))
    const { nextExpectedRevision } = await store.client.appendToStream(tag, batch, pieces)
    expect(nextExpectedRevision).to.equal(299n)
    expect((await refusal(store.client.appendToStream(tag, refused, pieces))).type).to.equal('wrong-expected-version')
    await Promise.all(others)
    const stored = await store.since(mark, tag)
    const first = stored.findIndex(({ streamId }) => streamId === tag)
    expect(idsOf(stored.slice(first, first + 300))).to.deep.equal(idsOf(batch))
    expect(stored).to.have.length(330)
  })

  it('What an append collided with can be read when it is refused', async () => {
    const collide = async (stream: string) => {
      const attempts = await Promise.all(
        [1, 2, 3].map(async () => {
          try {
            await store.client.appendToStream(stream, events(1), { expectedRevision: NO_STREAM })
            return undefined
          } catch {
            return (await store.read(stream)).length
          }
        }),
      )
      expect(attempts.filter((seen) => seen !== undefined)).to.deep.equal([1, 1])
    }
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, () => collide(fresh())))
  })

  it('An append that is acknowledged can be read at once, by stream, by $all and by another client', async () => {
    const stream = fresh()
    for (let i = 0; i < 50; i++) {
      const { position } = await store.client.appendToStream(stream, events(1))
      const backwards = { direction: BACKWARDS, maxCount: 1 } as const
      expect(await store.revisions(stream, { ...backwards, fromRevision: END })).to.deep.equal([i])
      const inAll = await collect(store.client.readAll({ fromPosition: position!, maxCount: 1 }))
      expect(inAll[0]!.event!.revision).to.equal(BigInt(i))
    }
  })

  it('A subscriber never sees an event before the ones with lower positions', async () => {
    const tag = fresh('seen')
    const filter = streamNameFilter({ prefixes: [tag] })
    const subscription = store.client.subscribeToAll({ fromPosition: await store.mark(), filter })
    await once(subscription, 'confirmation')
    const positions: bigint[] = []
    const done = until(subscription, ({ event }) => {
      positions.push(event!.position.commit)
      return positions.length === 300
    })
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.client.appendToStream(`${tag}-${i}`, events(3))))
    await done
    expect(positions).to.deep.equal([...positions].sort((a, b) => (a < b ? -1 : 1)))
  })
})
