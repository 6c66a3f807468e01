import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { eventTypeFilter, excludeSystemEvents, jsonEvent, streamNameFilter } from '@eventstore/db-client'
import type { Filter, Position } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { events } from '../running.ts'
import { fresh, idsOf, ofType, storeUnderTest, until } from './store.ts'

const done = (type: string) => jsonEvent({ type, data: {} })

/** Stream and type, each behind the run's own tag where it does not begin with $. */
const WRITTEN: [stream: string, type: string][] = [
  ['order-1', 'OrderPlaced'],
  ['invoice-1', 'InvoiceSent'],
  ['order-2', 'OrderPlaced'],
  ['order-2', '$Happened'],
  ['order-10', 'OrderClosed'],
  ['orders', 'orderPlaced'],
  ['Order-3', 'Other.Type'],
]
type Make = (tag: string) => Filter
const FILTERS: [what: string, filter: Make, wanted: number[]][] = [
  ['one prefix of stream names', (t) => streamNameFilter({ prefixes: [`${t}order-`] }), [0, 2, 3, 4]],
  [
    'several prefixes of stream names',
    (t) => streamNameFilter({ prefixes: [`${t}inv`, `${t}none`, `${t}Order`] }),
    [1, 6],
  ],
  [
    'prefixes of stream names of which both match',
    (t) => streamNameFilter({ prefixes: [t, `${t}order-1`] }),
    [0, 1, 2, 3, 4, 5, 6],
  ],
  ['a whole stream name as a prefix', (t) => streamNameFilter({ prefixes: [`${t}order-1`] }), [0, 4]],
  ['a regex on stream names', (t) => streamNameFilter({ regex: `^${t}order-\\d$` }), [0, 2, 3]],
  [
    'a regex that may match anywhere in a stream name',
    (t) => streamNameFilter({ regex: `${t}.*rder-[23]` }),
    [2, 3, 6],
  ],
  [
    'a regex of alternatives on stream names',
    (t) => streamNameFilter({ regex: `^${t}(orders|invoice-\\d+)$` }),
    [1, 5],
  ],
  ['one prefix of event types', (t) => eventTypeFilter({ prefixes: [`${t}Order`] }), [0, 2, 4]],
  ['several prefixes of event types', (t) => eventTypeFilter({ prefixes: [`${t}Inv`, `${t}order`] }), [1, 5]],
  ['a regex on event types', (t) => eventTypeFilter({ regex: `^${t}.*(Placed|Sent)$` }), [0, 1, 2, 5]],
  ['a regex with an escaped dot on event types', (t) => eventTypeFilter({ regex: `^${t}Other\\.` }), [6]],
  ['a regex with classes on event types', (t) => eventTypeFilter({ regex: `^${t}[Oo]rder\\w+$` }), [0, 2, 4, 5]],
]

describe('Filtering', () => {
  const store = storeUnderTest()
  const write = async (tag: string): Promise<string[]> => {
    const batches = WRITTEN.map(([, type]) => done(type.startsWith('$') ? type : tag + type))
    for (const [i, batch] of batches.entries()) await store.client.appendToStream(tag + WRITTEN[i]![0], batch)
    return idsOf(batches)
  }

  for (const [what, make, wanted] of FILTERS) {
    it(`takes by ${what} from what is stored, then from what is written`, async () => {
      const tag = fresh('t').replaceAll('-', '')
      const fromPosition = await store.mark()
      const stored = await write(tag)
      const subscription = store.client.subscribeToAll({ fromPosition, filter: make(tag) })
      const taken = until(subscription, (_, { length }) => length === wanted.length * 2)
      await once(subscription, 'caughtUp')
      const live = await write(tag)
      const ids = [...wanted.map((i) => stored[i]!), ...wanted.map((i) => live[i]!)]
      expect(idsOf(await taken)).to.deep.equal(ids)
    })
  }

  it('takes everything but system events', async () => {
    const tag = fresh('t')
    const fromPosition = await store.mark()
    const ids = await write(tag)
    await store.client.setStreamMetadata(tag, { maxCount: 3 })
    await store.client.appendToStream(tag, done('Last'))
    const filter = excludeSystemEvents()
    const taken = await until(store.client.subscribeToAll({ fromPosition, filter }), ofType('Last'))
    expect(taken.filter(({ event }) => event!.type.startsWith('$'))).to.deep.equal([])
    const ours = taken.filter(({ event }) => event!.streamId.startsWith(tag))
    expect(idsOf(ours).slice(0, -1)).to.deep.equal(ids.filter((_, i) => !WRITTEN[i]![1].startsWith('$')))
  })

  it('takes what comes after a position only, and in the order of $all', async () => {
    const tag = fresh('t')
    await write(tag)
    const fromPosition = await store.mark()
    const ids = await write(tag)
    const filter = streamNameFilter({ prefixes: [tag] })
    const taken = await until(store.client.subscribeToAll({ fromPosition, filter }), (_, { length }) => length === 7)
    expect(idsOf(taken)).to.deep.equal(ids)
  })

  it('finds one event among thousands', async () => {
    const tag = fresh('t')
    const fromPosition = await store.mark()
    for (let i = 0; i < 6; i++) await store.client.appendToStream(`noise-${tag}`, events(500))
    const [needle] = events(1, `Needle-${tag}`)
    await store.client.appendToStream(`noise-${tag}`, needle!)
    for (let i = 0; i < 2; i++) await store.client.appendToStream(`noise-${tag}`, events(500))
    const filter = eventTypeFilter({ prefixes: [`Needle-${tag}`] })
    const [found] = await until(store.client.subscribeToAll({ fromPosition, filter }), () => true)
    expect(found!.event).to.include({ id: needle!.id, revision: 3000n })
  })

  describe('with checkpoints', () => {
    interface Reached {
      position: Position
      /** How many events had been given before it. */
      given: number
    }

    /** Follows everything of `tag` until `count` events; the checkpoints in between. */
    async function followed(
      tag: string,
      fromPosition: Position,
      count: number,
      options: object,
      writing: () => Promise<unknown>,
    ) {
      const reached: Reached[] = []
      const ids: string[] = []
      const checkpointReached = async (_: unknown, position: Position) => {
        for (let i = 0; i < 5; i++) await turn() // what was sent before the checkpoint is handed out
        reached.push({ position, given: ids.length })
      }
      const filter = streamNameFilter({ prefixes: [tag], checkpointReached, ...options })
      const subscription = store.client.subscribeToAll({ fromPosition, filter })
      subscription.on('data', ({ event }) => ids.push(event!.id))
      const failed = once(subscription, 'error').then(([error]) => Promise.reject(error as Error))
      await Promise.race([once(subscription, 'confirmation'), failed])
      await writing()
      await Promise.race([eventually(() => expect(ids.length).to.be.at.least(count)), failed])
      await subscription.unsubscribe()
      failed.catch(() => {})
      return { reached, ids }
    }

    async function mixed(tag: string, rounds: number) {
      for (let i = 0; i < rounds; i++) {
        await store.client.appendToStream(`noise-${tag}`, events(1 + (i % 5)))
        if (i % 2 === 0) await store.client.appendToStream(`${tag}-${i % 3}`, events(1 + (i % 3)))
      }
    }

    const windows = [
      { maxSearchWindow: 1, checkpointInterval: 1 },
      { maxSearchWindow: 5, checkpointInterval: 1 },
      { maxSearchWindow: 4, checkpointInterval: 3 },
      { checkpointInterval: 1 },
    ]
    for (const window of windows)
      for (const when of ['stored', 'written meanwhile'])
        it(`${JSON.stringify(window)}: resuming from any loses and doubles nothing of what is ${when}`, async () => {
          const tag = fresh('t')
          const mark = await store.mark()
          const writing = () => mixed(tag, 60)
          if (when === 'stored') await writing()
          const count = 60 // 20 × (1 + 3 + 2) / 2
          const { reached, ids } = await followed(
            tag,
            mark,
            count,
            window,
            when === 'stored' ? () => Promise.resolve() : writing,
          )
          const stored = (await store.since(mark, tag)).filter(({ streamId }) => streamId.startsWith(tag))
          expect(ids).to.deep.equal(idsOf(stored))
          expect(reached.length).to.be.greaterThan(0)
          let last = mark.commit
          for (const { position, given } of reached) {
            expect(position.commit >= last, 'checkpoints do not go back').to.equal(true)
            last = position.commit
            const before = stored.filter((event) => event.position.commit <= position.commit)
            expect(given, 'a checkpoint comes behind the events before it').to.equal(before.length)
          }
          const some = reached.filter((_, i) => i % Math.ceil(reached.length / 4) === 0)
          for (const { position, given } of some) {
            const rest = idsOf(stored).slice(given)
            const filter = streamNameFilter({ prefixes: [tag] })
            const sentinel = events(1, 'Sentinel')
            await store.client.appendToStream(`${tag}-sentinel`, sentinel)
            const resumed = await until(
              store.client.subscribeToAll({ fromPosition: position, filter }),
              ({ event }) => event!.id === sentinel[0]!.id,
            )
            const found = idsOf(resumed.filter(({ event }) => event!.type !== 'Sentinel'))
            expect(found).to.deep.equal(rest)
          }
        })

    it('moves on while nothing matches, with what is stored and with what is written', async () => {
      const tag = fresh('t')
      const fromPosition = await store.mark()
      await store.client.appendToStream(`noise-${tag}`, events(100))
      let reached = fromPosition.commit
      const checkpointReached = (_: unknown, position: Position) => void (reached = position.commit)
      const filter = streamNameFilter({ prefixes: [tag], maxSearchWindow: 10, checkpointReached })
      const subscription = store.client.subscribeToAll({ fromPosition, filter }).on('data', () => {})
      const [middle] = await store.read(`noise-${tag}`, { fromRevision: 50n, maxCount: 1 })
      await eventually(() => expect(reached > middle!.event!.position!.commit).to.equal(true))
      const beforeLive = await store.mark()
      await store.client.appendToStream(`noise-${tag}`, events(100))
      await eventually(() => expect(reached > beforeLive.commit).to.equal(true))
      await subscription.unsubscribe()
    })

    it('gives fewer of them the larger the interval is', async () => {
      const tag = fresh('t')
      const mark = await store.mark()
      await mixed(tag, 60)
      const counts = []
      for (const checkpointInterval of [1, 8]) {
        const options = { maxSearchWindow: 2, checkpointInterval }
        counts.push((await followed(tag, mark, 60, options, () => Promise.resolve())).reached.length)
      }
      expect(counts[0]).to.be.greaterThan(counts[1]!)
    })
  })
})
