import { once } from 'node:events'
import { expect } from 'chai'
import { END, jsonEvent, START, streamNameFilter } from '@eventstore/db-client'
import type { ReadRevision } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { events, refusal } from '../running.ts'
import { fresh, idsOf, ofType, storeUnderTest, until } from './store.ts'

const done = (type = 'Done') => jsonEvent({ type, data: {} })
const isDone = ofType('Done')
const revisionsOf = (list: readonly { event?: { revision: bigint } }[]) =>
  list.map(({ event }) => Number(event!.revision))

describe('Subscribing', () => {
  const store = storeUnderTest()

  describe('to a stream', () => {
    const starts: [what: string, fromRevision: ReadRevision | undefined, revisions: number[]][] = [
      ['of which nothing is said', undefined, [0, 1, 2, 3, 4, 5]],
      ['at the start', START, [0, 1, 2, 3, 4, 5]],
      ['at its first event', 0n, [1, 2, 3, 4, 5]],
      ['in the middle', 2n, [3, 4, 5]],
      ['at its last event', 4n, [5]],
      ['at the end', END, [5]],
    ]
    for (const [what, fromRevision, revisions] of starts)
      it(`from a place ${what} gives what is behind it, then what is written`, async () => {
        const stream = fresh()
        await store.client.appendToStream(stream, events(5))
        const subscription = store.client.subscribeToStream(stream, fromRevision === undefined ? {} : { fromRevision })
        const taken = until(subscription, isDone)
        await once(subscription, 'confirmation')
        await store.client.appendToStream(stream, done())
        expect(revisionsOf(await taken)).to.deep.equal(revisions)
      })

    it('that does not exist yet gives it from its first event on', async () => {
      const stream = fresh()
      const subscription = store.client.subscribeToStream(stream)
      const taken = until(subscription, isDone)
      await once(subscription, 'confirmation')
      await store.client.appendToStream(stream, events(2))
      await store.client.appendToStream(stream, done())
      expect(revisionsOf(await taken)).to.deep.equal([0, 1, 2])
    })

    it('that is deleted gives what is written to it afterwards', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(3))
      await store.client.deleteStream(stream)
      const subscription = store.client.subscribeToStream(stream)
      const taken = until(subscription, isDone)
      await once(subscription, 'confirmation')
      await store.client.appendToStream(stream, [...events(1), done()])
      expect(revisionsOf(await taken)).to.deep.equal([3, 4])
    })

    it('that was written again after a delete gives nothing of before', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(3))
      await store.client.deleteStream(stream)
      await store.client.appendToStream(stream, [...events(2), done()])
      expect(revisionsOf(await until(store.client.subscribeToStream(stream), isDone))).to.deep.equal([3, 4, 5])
    })

    it('that is tombstoned is refused', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(1))
      await store.client.tombstoneStream(stream)
      const refused = until(store.client.subscribeToStream(stream), () => true)
      expect((await refusal(refused)).type).to.equal('stream-deleted')
    })

    it('says that it is confirmed, then gives what is stored, then says that it has caught up, then what is written', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(3))
      const heard: string[] = []
      const subscription = store.client.subscribeToStream(stream)
      for (const name of ['confirmation', 'caughtUp'] as const) subscription.on(name, () => heard.push(name))
      subscription.on('data', ({ event }) => heard.push(String(event!.revision)))
      await once(subscription, 'caughtUp')
      await Promise.all([once(subscription, 'data'), store.client.appendToStream(stream, events(1))])
      expect(heard).to.deep.equal(['confirmation', '0', '1', '2', 'caughtUp', '3'])
      expect(subscription.id).to.be.a('string').and.not.equal('')
      await subscription.unsubscribe()
    })

    it('gives nothing of other streams', async () => {
      const stream = fresh()
      const subscription = store.client.subscribeToStream(stream)
      const taken = until(subscription, isDone)
      await once(subscription, 'confirmation')
      for (const other of [`${stream}0`, stream.slice(0, -1), fresh()])
        await store.client.appendToStream(other, events(1))
      await store.client.appendToStream(stream, done())
      expect(revisionsOf(await taken)).to.deep.equal([0])
    })

    it('of metadata gives every change of it', async () => {
      const stream = fresh()
      const found: unknown[] = []
      const subscription = store.client.subscribeToStream(`$$${stream}`)
      const taken = until(subscription, ({ event }) => {
        found.push((event!.data as { $maxCount: number }).$maxCount)
        return found.length === 3
      })
      await once(subscription, 'confirmation')
      for (const maxCount of [1, 2, 3]) {
        await store.client.setStreamMetadata(stream, { maxCount })
        await eventually(() => expect(found).to.have.length(maxCount))
      }
      await taken
      expect(found).to.deep.equal([1, 2, 3])
    })

    it('gives events of 500 KB whole', async () => {
      const stream = fresh()
      const large = (i: number) => jsonEvent({ type: 'Large', data: { i, text: 'ä'.repeat(250_000) } })
      const taken = until(store.client.subscribeToStream(stream), isDone)
      const sent = [0, 1, 2, 3, 4, 5].map(large)
      for (const event of sent) await store.client.appendToStream(stream, event)
      await store.client.appendToStream(stream, done())
      const data = (await taken).map(({ event }) => event!.data)
      expect(data.slice(0, -1)).to.deep.equal(sent.map((event) => event.data))
    })
  })

  describe('to $all', () => {
    it('from the start begins with the first event there is', async () => {
      const [first] = await until(store.client.subscribeToAll({ fromPosition: START }), () => true)
      for await (const { event } of store.client.readAll({ maxCount: 1 })) expect(event!.id).to.equal(first!.event!.id)
    })

    it('from a position begins behind the event there', async () => {
      const tag = fresh('all')
      const mark = await store.mark()
      for (let i = 0; i < 5; i++) await store.client.appendToStream(`${tag}-${i % 2}`, events(1))
      await store.client.appendToStream(`${tag}-0`, done())
      const stored = await store.since(mark, tag)
      for (const [i, { position }] of stored.slice(0, -1).entries()) {
        const taken = await until(store.client.subscribeToAll({ fromPosition: position }), isDone)
        const ours = taken.filter(({ event }) => event!.streamId.includes(tag))
        expect(idsOf(ours)).to.deep.equal(idsOf(stored.slice(i + 1)))
      }
    })

    it('from the end gives only what is written', async () => {
      const tag = fresh('all')
      await store.client.appendToStream(tag, events(3))
      const subscription = store.client.subscribeToAll({ fromPosition: END })
      const taken = until(subscription, isDone)
      await once(subscription, 'confirmation')
      await store.client.appendToStream(`${tag}-live`, [...events(1, 'First'), done()])
      const ours = (await taken).filter(({ event }) => event!.streamId.includes(tag))
      expect(ours.map(({ event }) => event!.type)).to.deep.equal(['First', 'Done'])
    })

    it('says that it has caught up once what is stored was given', async () => {
      const tag = fresh('all')
      const fromPosition = await store.mark()
      await store.client.appendToStream(tag, events(600))
      const heard: string[] = []
      const subscription = store.client.subscribeToAll({ fromPosition })
      subscription.on('data', ({ event }) => event!.streamId === tag && heard.push('event'))
      subscription.on('caughtUp', () => heard.push('caughtUp'))
      await once(subscription, 'caughtUp')
      expect(heard.indexOf('caughtUp')).to.equal(600)
      await subscription.unsubscribe()
    })

    it('gives a few thousand streams, each of them once', async () => {
      const tag = fresh('many')
      const fromPosition = await store.mark()
      const filter = streamNameFilter({ prefixes: [tag] })
      const taken = until(store.client.subscribeToAll({ fromPosition, filter }), isDone)
      for (let i = 0; i < 3000; i += 500)
        await Promise.all(
          Array.from({ length: 500 }, (_, j) => store.client.appendToStream(`${tag}-${i + j}`, events(1))),
        )
      await store.client.appendToStream(`${tag}-0`, done())
      const names = (await taken).slice(0, -1).map(({ event }) => event!.streamId)
      expect(names).to.have.length(3000)
      expect(new Set(names).size).to.equal(3000)
      expect(await store.revisions(`${tag}-2999`)).to.deep.equal([0])
    })
  })

  describe('while others write', () => {
    // Large enough that what is stored is still being sent while more is written.
    const padding = 'x'.repeat(3000)
    const bulky = (count: number) =>
      Array.from({ length: count }, () => jsonEvent({ type: 'Happened', data: padding as never }))
    const writing = async (tag: string, rounds: number) => {
      for (let i = 0; i < rounds; i++) await store.client.appendToStream(`${tag}-${i % 3}`, bulky(1 + (i % 3)))
    }

    it('goes from what is stored over into what is written without a gap, a double or a swap', async () => {
      const tag = fresh('live')
      const fromPosition = await store.mark()
      await writing(tag, 60)
      const toAll = Array.from({ length: 6 }, () => until(store.client.subscribeToAll({ fromPosition }), isDone))
      const toOne = until(store.client.subscribeToStream(`${tag}-1`, { fromRevision: 10n }), isDone)
      await Promise.all([writing(tag, 100), writing(tag, 100)])
      await store.client.appendToStream(`${tag}-1`, done())
      const stored = idsOf(await store.since(fromPosition, tag))
      for (const taken of await Promise.all(toAll)) {
        const ours = taken.filter(({ event }) => event!.streamId.includes(tag))
        expect(idsOf(ours)).to.deep.equal(stored)
      }
      expect(idsOf(await toOne)).to.deep.equal(idsOf(await store.read(`${tag}-1`, { fromRevision: 11n })))
    })

    it('goes over so at whatever moment it begins', async () => {
      const tag = fresh('live')
      const fromPosition = await store.mark()
      const filter = streamNameFilter({ prefixes: [tag] })
      const all: Promise<unknown[]>[] = []
      const one: Promise<unknown[]>[] = []
      for (let i = 0; i < 30; i++) {
        const append = store.client.appendToStream(`${tag}-${i % 2}`, bulky(1 + (i % 4)))
        all.push(until(store.client.subscribeToAll({ fromPosition, filter }), isDone).then(idsOf))
        if (i > 0) one.push(until(store.client.subscribeToStream(`${tag}-0`), isDone).then(revisionsOf))
        await append
      }
      await store.client.appendToStream(`${tag}-0`, done())
      const stored = idsOf(await store.since(fromPosition, tag))
      for (const ids of await Promise.all(all)) expect(ids).to.deep.equal(stored)
      const revisions = await store.revisions(`${tag}-0`)
      for (const found of await Promise.all(one)) expect(found).to.deep.equal(revisions)
    })

    it('resumes behind any event without losing or doubling one', async () => {
      const tag = fresh('live')
      const start = await store.mark()
      const filter = streamNameFilter({ prefixes: [tag] })
      const finished = writing(tag, 150).then(() => store.client.appendToStream(`${tag}-0`, done()))
      const taken: string[] = []
      for (let fromPosition = start, over = false; !over;) {
        const part = await until(
          store.client.subscribeToAll({ fromPosition, filter }),
          (each, { length }) => length === 20 || isDone(each),
        )
        taken.push(...idsOf(part))
        fromPosition = part.at(-1)!.event!.position
        over = isDone(part.at(-1)!)
      }
      await finished
      expect(taken).to.deep.equal(idsOf(await store.since(start, tag)))
    })
  })

  describe('many at once', () => {
    it('to one stream, each gets everything', async () => {
      const stream = fresh()
      const taken = Array.from({ length: 40 }, () => until(store.client.subscribeToStream(stream), isDone))
      for (let i = 0; i < 20; i++) await store.client.appendToStream(stream, events(5))
      await store.client.appendToStream(stream, done())
      const revisions = Array.from({ length: 101 }, (_, i) => i)
      for (const each of await Promise.all(taken)) expect(revisionsOf(each)).to.deep.equal(revisions)
    })

    it('to streams of their own, each gets its own', async () => {
      const streams = Array.from({ length: 60 }, () => fresh())
      const taken = streams.map((stream) => until(store.client.subscribeToStream(stream), isDone))
      await Promise.all(
        streams.map(async (stream, i) => {
          await store.client.appendToStream(stream, events(1 + (i % 4), `Of-${i}`))
          await store.client.appendToStream(stream, done())
        }),
      )
      for (const [i, each] of (await Promise.all(taken)).entries()) {
        expect(revisionsOf(each)).to.deep.equal(Array.from({ length: 2 + (i % 4) }, (_, revision) => revision))
        expect(new Set(each.map(({ event }) => event!.streamId))).to.deep.equal(new Set([streams[i]]))
      }
    })

    it('a slow reader gets everything, and the others do not wait for it', async () => {
      const stream = fresh()
      const padding = 'x'.repeat(1000)
      const slow = store.client.subscribeToStream(stream, {}, { highWaterMark: 1 })
      await once(slow, 'confirmation')
      const quick = until(store.client.subscribeToStream(stream), isDone)
      for (let i = 0; i < 10; i++)
        await store.client.appendToStream(
          stream,
          Array.from({ length: 300 }, () => jsonEvent({ type: 'Bulky', data: padding })),
        )
      await store.client.appendToStream(stream, done())
      expect(await quick).to.have.length(3001)
      expect(revisionsOf(await until(slow, isDone))).to.deep.equal(Array.from({ length: 3001 }, (_, i) => i))
    })
  })

  describe('when it is unsubscribed', () => {
    it('ends without an error, and gives nothing more', async () => {
      const stream = fresh()
      const subscription = store.client.subscribeToStream(stream)
      const seen: number[] = []
      subscription.on('data', ({ event }) => seen.push(Number(event!.revision)))
      const ended = once(subscription, 'end')
      const witness = until(store.client.subscribeToStream(stream), isDone)
      await store.client.appendToStream(stream, events(1))
      await eventually(() => expect(seen).to.deep.equal([0]))
      await subscription.unsubscribe()
      await ended
      await store.client.appendToStream(stream, done())
      await witness
      expect(seen).to.deep.equal([0])
    })

    it('ends in the middle of a long stream', async () => {
      const stream = fresh()
      for (let i = 0; i < 5; i++) await store.client.appendToStream(stream, events(500))
      const taken = await until(store.client.subscribeToStream(stream), (_, { length }) => length === 7)
      expect(revisionsOf(taken)).to.deep.equal([0, 1, 2, 3, 4, 5, 6])
    })

    it('can be begun again a hundred times', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, done())
      for (let i = 0; i < 10; i++)
        await Promise.all(Array.from({ length: 10 }, () => until(store.client.subscribeToStream(stream), isDone)))
      expect(await store.revisions(stream)).to.deep.equal([0])
    })
  })
})
