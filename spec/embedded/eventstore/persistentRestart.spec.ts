import { expect } from 'chai'
import {
  END,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PINNED,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import { eventually } from '../../eventually.ts'
import { Consuming, revisionOf } from './conformance/consuming.ts'
import { collect, events, RunningStore } from './running.ts'

const ROUNDS = Number(process.env['EVENTSTORE_CRASH_ROUNDS'] ?? 3)
type Settings = Parameters<typeof persistentSubscriptionToStreamSettingsFromDefaults>[0]

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

describe('Persistent subscriptions of an embedded store that is started again', function () {
  this.timeout(30_000 + ROUNDS * 5_000)
  let store: RunningStore
  beforeEach(async () => (store = await RunningStore.start()))
  afterEach(() => store.remove())

  const restart = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await store.end(signal)
    store = await RunningStore.start({ dir: store.dir })
  }
  const settingsOf = (settings: Settings) =>
    persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings })
  const create = (settings: Settings = {}) =>
    store.client.createPersistentSubscriptionToStream('s', 'g', settingsOf(settings))
  const info = () => store.client.getPersistentSubscriptionToStreamInfo('s', 'g')
  const says = (expected: Record<string, unknown>) =>
    eventually(async () => expect((await info()).stats).to.include(expected))
  const join = (bufferSize = 10) =>
    Consuming.join(store.client.subscribeToPersistentSubscriptionToStream('s', 'g', { bufferSize }))
  const acknowledging = () => Consuming.acknowledging(store.client.subscribeToPersistentSubscriptionToStream('s', 'g'))

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`${signal}: groups are there as they were last updated, with their filters, and deleted ones are not`, async () => {
      await create({ consumerStrategyName: PINNED })
      await store.client.updatePersistentSubscriptionToStream('s', 'g', settingsOf({ maxRetryCount: 3 }))
      await store.client.createPersistentSubscriptionToStream('s', 'gone', settingsOf({}))
      await store.client.deletePersistentSubscriptionToStream('s', 'gone')
      const all = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START })
      const filter = streamNameFilter({ prefixes: ['wanted-'] })
      await store.client.createPersistentSubscriptionToAll('g', all, { filter })
      await restart(signal)
      const listed = await store.client.listAllPersistentSubscriptions()
      expect(listed.map(({ eventSource, groupName, settings }) => [eventSource, groupName, settings])).to.deep.equal([
        ['s', 'g', settingsOf({ maxRetryCount: 3 })],
        ['$all', 'g', all],
      ])
      await store.client.appendToStream('other', events(2))
      await store.client.appendToStream('wanted-1', events(2))
      const onAll = await Consuming.acknowledging(store.client.subscribeToPersistentSubscriptionToAll('g'))
      await onAll.first(2)
      expect(onAll.received.map(({ event }) => event!.streamId)).to.deep.equal(['wanted-1', 'wanted-1'])
    })

    it(`${signal}: what was acknowledged up to the checkpoint does not come again, all else does`, async () => {
      await create({ checkPointUpperBound: 1 })
      await store.client.appendToStream('s', events(10))
      const before = await join(6)
      const received = await before.first(6)
      await before.ack(received[0]!, received[1]!, received[3]!, received[4]!)
      await says({ totalItems: 4n, lastCheckpointedEventRevision: 1n })
      await restart(signal)
      expect((await info()).stats).to.include({ lastCheckpointedEventRevision: 1n, lastKnownEventRevision: 9n })
      const after = await join(10)
      await after.first(8)
      expect(after.revisions).to.deep.equal(upTo(8, 2))
    })

    it(`${signal}: parked messages are still parked, and are replayed`, async () => {
      await create({ checkPointUpperBound: 1 })
      await store.client.appendToStream('s', events(4))
      const before = await join(4)
      const received = await before.first(4)
      await before.nack('park', received[1]!, received[2]!)
      await before.ack(received[0]!, received[3]!)
      await says({ parkedMessageCount: 2n, lastCheckpointedEventRevision: 3n })
      await restart(signal)
      expect((await info()).stats.parkedMessageCount).to.equal(2n)
      const after = await acknowledging()
      await store.client.replayParkedMessagesToStream('s', 'g')
      await after.first(2)
      expect(after.revisions).to.deep.equal([1, 2])
      await says({ parkedMessageCount: 0n, totalItems: 2n })
    })

    it(`${signal}: a replay that was not finished loses none`, async () => {
      await create({ checkPointUpperBound: 1 })
      await store.client.appendToStream('s', events(4))
      const before = await join(4)
      await before.nack('park', ...(await before.first(4)))
      await says({ parkedMessageCount: 4n })
      await store.client.replayParkedMessagesToStream('s', 'g')
      const again = (await before.first(8)).slice(4)
      await before.ack(again[0]!, again[2]!)
      await eventually(async () => expect(await store.revisions(PARKED)).to.deep.equal([1, 2, 3]))
      await restart(signal)
      expect((await info()).stats.parkedMessageCount).to.equal(3n)
      await store.client.replayParkedMessagesToStream('s', 'g')
      const after = await acknowledging()
      await after.first(3)
      expect(after.revisions).to.deep.equal([1, 2, 3])
    })

    it(`${signal}: the end at which a group was created is still its beginning`, async () => {
      await store.client.appendToStream('s', events(3))
      await create({ startFrom: END })
      await store.client.appendToStream('s', events(2))
      await restart(signal)
      expect((await info()).settings.startFrom).to.equal('end')
      await store.client.appendToStream('s', events(1))
      const after = await acknowledging()
      await after.first(3)
      expect(after.revisions).to.deep.equal([3, 4, 5])
    })
  }

  it('an orderly stop ends consumers with CANCELLED and writes the checkpoint, however little was handled', async () => {
    await create({ checkPointAfter: 60_000 })
    await store.client.appendToStream('s', events(10))
    const before = await join(5)
    await before.ack(...(await before.first(5)).slice(0, 3))
    await says({ totalItems: 3n, lastCheckpointedEventRevision: undefined })
    const [, over] = await Promise.all([store.end(), before.over])
    expect(over).to.include({ type: 'cancelled', code: 1 })
    store = await RunningStore.start({ dir: store.dir })
    expect((await info()).stats.lastCheckpointedEventRevision).to.equal(2n)
    const after = await join(10)
    await after.first(7)
    expect(after.revisions).to.deep.equal(upTo(7, 3))
    expect(after.received.every(({ retryCount }) => retryCount === 0)).to.equal(true)
  })

  it('an orderly stop leaves no checkpoint where nothing was handled', async () => {
    await store.client.appendToStream('s', events(3))
    await create({ startFrom: END })
    await (await join()).leave()
    await restart('SIGTERM')
    expect((await info()).stats.lastCheckpointedEventRevision).to.equal(undefined)
    await store.client.updatePersistentSubscriptionToStream('s', 'g', settingsOf({ startFrom: START }))
    const after = await acknowledging()
    await after.first(3)
    expect(after.revisions).to.deep.equal([0, 1, 2])
  })

  it('a stop does not wait for the timers of groups that have messages in flight', async () => {
    await create({ messageTimeout: 600_000, checkPointAfter: 600_000, checkPointLowerBound: 1 })
    await store.client.appendToStream('s', events(5))
    const before = await join(3)
    await before.ack((await before.first(3))[0]!)
    await before.first(4)
    const began = Date.now()
    await store.end()
    expect(Date.now() - began).to.be.lessThan(5_000)
    store = await RunningStore.start({ dir: store.dir })
  })

  it('a configuration that cannot be read is passed over for the one before it', async () => {
    await create()
    const garbage = jsonEvent({ type: '$PersistentConfig', data: [7] })
    await store.client.appendToStream('$persistentSubscriptionConfig', garbage)
    await restart('SIGTERM')
    expect((await info()).groupName).to.equal('g')
    expect(store.said).to.contain('$persistentSubscriptionConfig@1')
  })

  it(`nothing is lost in ${ROUNDS} crashes: each event is acknowledged or parked at last`, async () => {
    // Enough for every round to have something left to crash in.
    const COUNT = 1_000 + ROUNDS * 700
    await create({ checkPointUpperBound: 20, checkPointLowerBound: 1, checkPointAfter: 10, maxRetryCount: 100 })
    const done = new Set<number>()
    const parked = new Set<number>()
    let written = 0
    for (let round = 0; round <= ROUNDS; round++) {
      const last = round === ROUNDS
      const consumers = await Promise.all([join(20), join(20), join(20)])
      const target = last ? COUNT : done.size + 300 + Math.floor(Math.random() * 300)
      const crashing = new Promise<void>((resolve) => {
        for (const consuming of consumers)
          consuming.each = (event) => {
            const revision = revisionOf(event)
            const park = revision % 10 === 7
            if (park) parked.add(revision)
            else done.add(revision)
            ;(park ? consuming.nack('park', event) : consuming.ack(event)).catch(() => {})
            if (done.size + parked.size >= target) resolve()
          }
      })
      for (const consuming of consumers) for (const event of consuming.received) consuming.each!(event)
      const writing = (async () => {
        for (; written < COUNT; written += 100) await store.client.appendToStream('s', events(100))
      })().catch(() => {})
      await crashing
      if (last) {
        await writing
        await says({ totalInFlightMessages: 0, lastCheckpointedEventRevision: BigInt(COUNT - 1) })
        break
      }
      await store.end('SIGKILL')
      await writing
      await Promise.all(consumers.map(({ over }) => over))
      store = await RunningStore.start({ dir: store.dir })
      // An append whose acknowledgement was lost is there or not.
      written = (await store.revisions('s')).length
    }
    expect(done.size + parked.size).to.equal(COUNT)
    const links = await collect(store.client.readStream(PARKED))
    const stored = new Set(links.map(({ event }) => Number(String(event!.data).split('@')[0])))
    expect([...stored].sort((a, b) => a - b)).to.deep.equal(upTo(COUNT).filter((revision) => revision % 10 === 7))
  })
})

const PARKED = '$persistentsubscription-s::g-parked'
