import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import {
  DISPATCH_TO_SINGLE,
  END,
  eventTypeFilter,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PINNED,
  START,
  streamNameFilter,
  UNBOUNDED,
} from '@eventstore/db-client'
import type { Filter, Position, ResolvedEvent } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { collect, events, refusal } from '../running.ts'
import { Consuming } from './consuming.ts'
import { embeddedOnly, groupsUnderTest, upTo } from './groups.ts'
import type { Settings } from './groups.ts'
import { fresh } from './store.ts'

describe('Persistent subscriptions', function () {
  this.timeout(20_000)
  const { store, groupOn, group, groupOnAll, acknowledgingAll } = groupsUnderTest()

  describe('that are not there', () => {
    const stream = fresh()
    const settings = persistentSubscriptionToStreamSettingsFromDefaults()
    const allSettings = persistentSubscriptionToAllSettingsFromDefaults()
    const asked: [string, string, (name: string) => Promise<unknown>][] = [
      ['update', stream, (name) => store.client.updatePersistentSubscriptionToStream(stream, name, settings)],
      ['delete', stream, (name) => store.client.deletePersistentSubscriptionToStream(stream, name)],
      ['get information on', stream, (name) => store.client.getPersistentSubscriptionToStreamInfo(stream, name)],
      ['replay', stream, (name) => store.client.replayParkedMessagesToStream(stream, name)],
      ['read', stream, (name) => Consuming.join(store.client.subscribeToPersistentSubscriptionToStream(stream, name))],
      ['update', '$all', (name) => store.client.updatePersistentSubscriptionToAll(name, allSettings)],
      ['delete', '$all', (name) => store.client.deletePersistentSubscriptionToAll(name)],
      ['get information on', '$all', (name) => store.client.getPersistentSubscriptionToAllInfo(name)],
      ['replay', '$all', (name) => store.client.replayParkedMessagesToAll(name)],
      ['read', '$all', (name) => Consuming.join(store.client.subscribeToPersistentSubscriptionToAll(name))],
    ]
    for (const [what, of, ask] of asked)
      it(`${what} a group of ${of === '$all' ? of : 'a stream'}: does not exist`, async () => {
        const name = fresh('group')
        const error = await refusal(ask(name))
        expect(error).to.include({ type: 'persistent-subscription-does-not-exist', code: 5 })
        expect(error).to.include({ streamName: of, groupName: name })
      })

    it('list the groups of a stream that has none: does not exist', async () => {
      const error = await refusal(store.client.listPersistentSubscriptionsToStream(stream))
      expect(error).to.include({ type: 'persistent-subscription-does-not-exist', streamName: stream, groupName: '' })
    })
  })

  describe('as they are configured', () => {
    it('cannot be created twice on a stream', async () => {
      const { stream, name, settings } = await groupOn(0)
      const error = await refusal(store.client.createPersistentSubscriptionToStream(stream, name, settings))
      expect(error).to.include({ type: 'persistent-subscription-exists', code: 6, streamName: stream, groupName: name })
    })

    it('cannot be created twice on $all', async () => {
      const name = await groupOnAll({})
      const settings = persistentSubscriptionToAllSettingsFromDefaults()
      const error = await refusal(store.client.createPersistentSubscriptionToAll(name, settings))
      expect(error).to.include({ type: 'persistent-subscription-exists', streamName: '$all', groupName: name })
    })

    it('can have one name on two streams', async () => {
      const [one, other] = [fresh(), fresh()]
      const settings = persistentSubscriptionToStreamSettingsFromDefaults()
      await store.client.createPersistentSubscriptionToStream(one, 'same', settings)
      await store.client.createPersistentSubscriptionToStream(other, 'same', settings)
      await store.client.deletePersistentSubscriptionToStream(one, 'same')
      expect((await store.client.getPersistentSubscriptionToStreamInfo(other, 'same')).eventSource).to.equal(other)
    })

    const everything = {
      resolveLinkTos: true,
      extraStatistics: true,
      messageTimeout: 1234,
      maxRetryCount: 7,
      checkPointAfter: 4321,
      checkPointLowerBound: 3,
      checkPointUpperBound: 77,
      maxSubscriberCount: 9,
      liveBufferSize: 600,
      readBatchSize: 30,
      historyBufferSize: 700,
      consumerStrategyName: PINNED,
    }
    const configured: [string, Settings][] = [
      ['the defaults', {}],
      ['from the end', { startFrom: END }],
      ['from a revision', { startFrom: 5n }],
      ['everything else', everything],
      ['dispatching to single consumers', { consumerStrategyName: DISPATCH_TO_SINGLE }],
      ['without a limit of consumers', { maxSubscriberCount: UNBOUNDED }],
    ]
    for (const [what, settings] of configured) {
      it(`say what they were created with: ${what}`, async () => {
        const created = await groupOn(0, settings)
        const info = await created.info()
        expect(info.settings).to.deep.equal(created.settings)
        expect(info).to.include({ eventSource: created.stream, groupName: created.name })
        expect(info.connections).to.deep.equal([])
      })
      it(`say what they were updated to: ${what}`, async () => {
        const created = await groupOn(0, { maxRetryCount: 2, liveBufferSize: 111 })
        const changed = persistentSubscriptionToStreamSettingsFromDefaults(settings)
        await created.update(changed)
        expect((await created.info()).settings).to.deep.equal(changed)
      })
    }

    it('to $all say where they start', async () => {
      const { position } = await store.client.appendToStream(fresh(), events(1))
      for (const startFrom of [START, END, position!] as const) {
        const name = await groupOnAll({ startFrom })
        expect((await store.client.getPersistentSubscriptionToAllInfo(name)).settings.startFrom).to.deep.equal(
          startFrom,
        )
      }
    })

    const senseless: [string, Settings][] = [
      ['a negative message timeout', { messageTimeout: -1 }],
      ['negative retries', { maxRetryCount: -1 }],
      ['a negative checkpoint count', { checkPointUpperBound: -5 }],
      ['a read batch of nothing', { readBatchSize: 0 }],
      ['a batch larger than its buffer', { readBatchSize: 600, historyBufferSize: 500 }],
      ['a negative number of consumers', { maxSubscriberCount: -1 }],
    ]
    for (const [what, settings] of senseless)
      embeddedOnly(`cannot have ${what}`, async () => {
        const error = await refusal(groupOn(0, settings))
        expect(error.code).to.equal(3)
        expect(error.message).to.match(/[a-z]{4}/)
      })

    embeddedOnly('have a name, which is not too long', async () => {
      const settings = persistentSubscriptionToStreamSettingsFromDefaults()
      for (const name of ['', 'n'.repeat(1500)])
        expect(
          (await refusal(store.client.createPersistentSubscriptionToStream(fresh(), name, settings))).code,
        ).to.equal(3)
    })

    it('are listed for a stream, for $all and altogether', async () => {
      const one = await groupOn(0)
      const two = await group(one.stream, { maxRetryCount: 3 })
      const other = await groupOn(0)
      const onAll = await groupOnAll({ maxRetryCount: 4 })
      const ofStream = await store.client.listPersistentSubscriptionsToStream(one.stream)
      expect(ofStream.map(({ groupName }) => groupName)).to.have.members([one.name, two.name])
      expect(ofStream.map(({ settings }) => settings)).to.deep.include.members([one.settings, two.settings])
      const ofAll = await store.client.listPersistentSubscriptionsToAll()
      expect(new Set(ofAll.map(({ eventSource }) => eventSource))).to.deep.equal(new Set(['$all']))
      expect(ofAll.find(({ groupName }) => groupName === onAll)!.settings.maxRetryCount).to.equal(4)
      const all = await store.client.listAllPersistentSubscriptions()
      const names = all.map(({ groupName }) => groupName)
      expect(names).to.include.members([one.name, two.name, other.name, onAll])
      expect(new Set(names).size).to.equal(names.length)
    })
  })

  describe('start', () => {
    const starts: [string, Settings, number[]][] = [
      ['at the start', { startFrom: START }, [0, 1, 2, 3, 4, 5]],
      ['at the end', { startFrom: END }, [4, 5]],
      ['at a revision, which is the first', { startFrom: 2n }, [2, 3, 4, 5]],
      ['at a revision that is still to come', { startFrom: 5n }, [5]],
    ]
    for (const [what, settings, expected] of starts)
      it(what, async () => {
        const started = await groupOn(4, settings)
        const consuming = await started.acknowledging()
        await started.append(2)
        await consuming.first(expected.length)
        await started.says({ totalItems: BigInt(expected.length) })
        expect(consuming.revisions).to.deep.equal(expected)
      })

    it('at the end of a stream that does not exist, with its first event', async () => {
      const started = await groupOn(0, { startFrom: END })
      await started.append(2) // before anybody listens
      const consuming = await started.acknowledging()
      await consuming.first(2)
      expect(consuming.revisions).to.deep.equal([0, 1])
    })

    const startsOfAll: [string, (at: Position) => typeof START | typeof END | Position, number[]][] = [
      ['at the start', () => START, [0, 1, 2, 3, 4, 5]],
      ['at the end', () => END, [4, 5]],
      ['at a position, which is the first', (at) => at, [2, 3, 4, 5]],
    ]
    for (const [what, startFrom, expected] of startsOfAll)
      it(`of $all ${what}`, async () => {
        const stream = fresh()
        await store.client.appendToStream(stream, events(2))
        const { position } = await store.client.appendToStream(stream, events(1))
        await store.client.appendToStream(stream, events(1))
        const name = await groupOnAll({ startFrom: startFrom(position!) }, streamNameFilter({ prefixes: [stream] }))
        const consuming = await acknowledgingAll(name)
        await store.client.appendToStream(stream, events(2))
        await consuming.first(expected.length)
        await eventually(async () =>
          expect((await store.client.getPersistentSubscriptionToAllInfo(name)).stats.totalItems).to.equal(
            BigInt(expected.length),
          ),
        )
        expect(consuming.revisions).to.deep.equal(expected)
      })
  })

  describe('deliver', () => {
    it('what is stored and then what is written, each once and in order', async () => {
      const delivering = await groupOn(700, { historyBufferSize: 50, readBatchSize: 20, liveBufferSize: 10 })
      const consuming = await delivering.acknowledging()
      const writing = Promise.all(upTo(30).map(() => delivering.append(10)))
      await consuming.first(1000)
      await writing
      await delivering.says({ totalItems: 1000n, totalInFlightMessages: 0 })
      expect(consuming.revisions).to.deep.equal(upTo(1000))
      expect(consuming.received.every(({ retryCount }) => retryCount === 0)).to.equal(true)
    })

    for (const bufferSize of [1, 3, 10])
      it(`never more than the ${bufferSize} that a consumer has room for`, async () => {
        const delivering = await groupOn(30)
        const consuming = await delivering.join(bufferSize)
        for (let acked = 0; acked < 5; acked++) {
          await consuming.first(acked + bufferSize)
          const { connections, stats } = await delivering.info()
          expect(connections[0]).to.include({ inFlightMessages: bufferSize, availableSlots: 0 })
          expect(stats.totalInFlightMessages).to.equal(bufferSize)
          expect(consuming.revisions).to.deep.equal(upTo(acked + bufferSize))
          await consuming.ack(consuming.received[acked]!)
        }
      })

    it('more once many are acknowledged in one request', async () => {
      const delivering = await groupOn(30)
      const consuming = await delivering.join(10)
      await consuming.ack(...(await consuming.first(10)))
      await consuming.ack(...(await consuming.first(20)).slice(10))
      await consuming.first(30)
      expect(consuming.revisions).to.deep.equal(upTo(30))
    })

    it('nothing more for acknowledgements of what was never sent, or was sent to another', async () => {
      const delivering = await groupOn(10)
      const one = await delivering.join(2)
      const [first, second] = await one.first(2)
      const other = await delivering.join(2)
      await other.first(2)
      const stranger = { ...first, event: { ...first!.event!, id: randomUUID() } } as ResolvedEvent
      await one.ack(stranger)
      await other.ack(first!, second!)
      await one.ack(first!) // counts, and tells that what came before it was heard
      await one.first(3)
      await delivering.says({ totalInFlightMessages: 4, totalItems: 1n })
      expect(other.received).to.have.length(2)
    })

    it('to groups of one stream each everything', async () => {
      const one = await groupOn(20)
      const two = await group(one.stream)
      for (const consuming of [await one.acknowledging(), await two.acknowledging()]) {
        await consuming.first(20)
        expect(consuming.revisions).to.deep.equal(upTo(20))
      }
    })

    it('nothing of a stream that is hidden, and then what is written to it', async () => {
      const delivering = await groupOn(3)
      await store.client.deleteStream(delivering.stream)
      const consuming = await delivering.acknowledging()
      await delivering.append(2)
      await consuming.first(2)
      expect(consuming.revisions).to.deep.equal([3, 4])
    })

    const filters: [string, (mark: string) => Filter][] = [
      ['a prefix of stream names', (mark) => streamNameFilter({ prefixes: [`${mark}-a`] })],
      ['a pattern of stream names', (mark) => streamNameFilter({ regex: `^${mark}-a` })],
      ['a prefix of event types', (mark) => eventTypeFilter({ prefixes: [`${mark}-A`] })],
      ['a pattern of event types', (mark) => eventTypeFilter({ regex: `^${mark}-A` })],
    ]
    for (const [what, filter] of filters)
      it(`of $all what ${what} lets through`, async () => {
        const mark = fresh('mark')
        const name = await groupOnAll({}, filter(mark))
        const consuming = await acknowledgingAll(name)
        for (let round = 0; round < 3; round++)
          for (const which of ['a', 'b']) {
            const event = jsonEvent({ type: `${mark}-${which.toUpperCase()}`, data: { round } })
            await store.client.appendToStream(`${mark}-${which}`, event)
          }
        await consuming.first(3)
        expect(consuming.received.map(({ event }) => event!.streamId)).to.deep.equal(Array(3).fill(`${mark}-a`))
        expect(consuming.revisions).to.deep.equal([0, 1, 2])
      })

    it('keeps the filter when the group is updated', async () => {
      const stream = fresh()
      const name = await groupOnAll({}, streamNameFilter({ prefixes: [stream] }))
      const settings = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START, maxRetryCount: 1 })
      await store.client.updatePersistentSubscriptionToAll(name, settings)
      await store.client.appendToStream(fresh('other'), events(3))
      await store.client.appendToStream(stream, events(2))
      const consuming = await acknowledgingAll(name)
      await consuming.first(2)
      expect(consuming.received.map(({ event }) => event!.streamId)).to.deep.equal([stream, stream])
    })

    it('of $all comes to rest although its checkpoints are events too', async () => {
      const name = await groupOnAll({ startFrom: END, checkPointUpperBound: 1, checkPointLowerBound: 1 })
      const onAll = await acknowledgingAll(name)
      const wrote = async () => {
        const { position } = await store.client.appendToStream(fresh(), events(1))
        await eventually(async () => {
          const { stats } = await store.client.getPersistentSubscriptionToAllInfo(name)
          expect(stats.lastCheckpointedEventPosition!.commit >= position!.commit).to.equal(true)
        })
        return position!
      }
      await wrote() // the first checkpoint also writes the metadata of its stream
      const before = await wrote()
      const after = await wrote()
      const since = await collect(store.client.readAll({ fromPosition: before }))
      const between = since.filter(({ event }) => event!.position.commit <= after.commit)
      // The two events and one checkpoint between them (the real server may write another for what it kept back).
      expect(between.length).to.be.within(3, 6)
      expect(onAll.received.some(({ event }) => event!.streamId.includes(`${name}-checkpoint`))).to.equal(false)
    })
  })

  describe('that are deleted', () => {
    it('and created again know nothing of before', async () => {
      const first = await groupOn(5, { checkPointUpperBound: 1 })
      const { stream, name, settings } = first
      const consuming = await first.join(5)
      const received = await consuming.first(5)
      await consuming.nack('park', received[4]!)
      await consuming.ack(...received.slice(0, 4))
      await first.checkpointed(4)
      await first.remove()
      await consuming.over
      expect(await refusal(first.info())).to.include({ type: 'persistent-subscription-does-not-exist' })
      await store.client.createPersistentSubscriptionToStream(stream, name, settings)
      const { stats } = await first.info()
      expect(stats).to.include({ parkedMessageCount: 0n, totalItems: 0n, lastCheckpointedEventRevision: undefined })
      const again = await first.acknowledging()
      await again.first(5)
      expect(again.revisions).to.deep.equal(upTo(5))
      await first.checkpointed(4)
    })
  })

  describe('say', () => {
    it('where they are', async () => {
      const told = await groupOn(0)
      expect((await told.info()).stats).to.include({
        lastKnownEventRevision: undefined,
        lastCheckpointedEventRevision: undefined,
        totalItems: 0n,
      })
      await told.append(3)
      await told.says({ lastKnownEventRevision: 2n })
    })

    it('who is connected, and how that goes', async () => {
      const told = await groupOn(12, { extraStatistics: true })
      const consuming = await told.join(5)
      await consuming.ack(...(await consuming.first(5)).slice(0, 2))
      await consuming.first(7)
      const { connections, stats } = await told.info()
      expect(connections).to.have.length(1)
      const [connection] = connections
      expect(connection).to.include({ inFlightMessages: 5, availableSlots: 0 })
      expect(connection!.connectionName).to.equal(store.client.connectionName)
      expect(connection!.from).to.match(/:\d+$/)
      expect(connection!.username).to.be.a('string').that.is.not.empty
      expect([...connection!.extraStatistics!.keys()]).to.include.members([
        ...['mean', 'median', 'fastest', 'highest', '90%', '95%', '99%', '99.5%', '99.9%'],
        ...upTo(5, 1).map((i) => `quintile ${i}`),
      ])
      expect(stats).to.include({ totalInFlightMessages: 5, outstandingMessagesCount: 5, lastKnownEventRevision: 11n })
    })

    it('no latencies unless they are asked to keep them', async () => {
      const told = await groupOn(1)
      await (await told.acknowledging()).first(1)
      expect((await told.info()).connections[0]!.extraStatistics).to.equal(undefined)
    })

    embeddedOnly('what waits where', async () => {
      const told = await groupOn(100, { historyBufferSize: 10, readBatchSize: 5, liveBufferSize: 20 })
      const consuming = await told.join(4)
      await consuming.first(4)
      await told.says({ readBufferCount: 10, liveBufferCount: 0n, totalInFlightMessages: 4 })
      expect((await told.info()).status).to.equal('Behind')
      consuming.each = (event) => void consuming.ack(event)
      await consuming.ack(...consuming.received)
      await consuming.first(100)
      await eventually(async () => expect((await told.info()).status).to.equal('Live'))
      consuming.each = undefined
      for (let i = 0; i < 4 + 15; i++) await told.append(1)
      await consuming.first(104)
      await told.says({ readBufferCount: 0, liveBufferCount: 15n, totalInFlightMessages: 4, totalItems: 100n })
    })
  })
})
