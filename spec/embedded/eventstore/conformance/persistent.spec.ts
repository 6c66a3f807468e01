import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { expect } from 'chai'
import {
  DISPATCH_TO_SINGLE,
  END,
  eventTypeFilter,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PINNED,
  ROUND_ROBIN,
  START,
  streamNameFilter,
  UNBOUNDED,
} from '@eventstore/db-client'
import type { Filter, PersistentAction, Position, ResolvedEvent } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { collect, events, refusal } from '../running.ts'
import { Consuming, revisionOf } from './consuming.ts'
import type { Asked } from './kurrentConsumer.ts'
import { fresh, storeUnderTest } from './store.ts'

type Settings = Parameters<typeof persistentSubscriptionToStreamSettingsFromDefaults>[0]
type AllSettings = Parameters<typeof persistentSubscriptionToAllSettingsFromDefaults>[0]

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)
/** What the real server is not asked: that it refuses just the same numbers is not promised. */
const embeddedOnly = process.env['EVENTSTORE_TEST_URL'] ? it.skip : it

describe('Persistent subscriptions', function () {
  this.timeout(20_000)
  const store = storeUnderTest()
  const joined: Consuming[] = []
  afterEach(() => Promise.all(joined.splice(0).map((consuming) => consuming.leave())))

  /** A group on a new stream that holds so many events. */
  async function groupOn(count: number, settings: Settings = {}) {
    const stream = fresh()
    if (count > 0) await store.client.appendToStream(stream, events(count))
    return group(stream, settings)
  }
  async function group(stream: string, settings: Settings = {}) {
    const name = fresh('group')
    const full = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings })
    await store.client.createPersistentSubscriptionToStream(stream, name, full)
    return new GroupUnderTest(stream, name, full)
  }

  class GroupUnderTest {
    readonly stream: string
    readonly name: string
    readonly settings: ReturnType<typeof persistentSubscriptionToStreamSettingsFromDefaults>
    constructor(
      stream: string,
      name: string,
      settings: ReturnType<typeof persistentSubscriptionToStreamSettingsFromDefaults>,
    ) {
      this.stream = stream
      this.name = name
      this.settings = settings
    }

    get checkpoints() {
      return `$persistentsubscription-${this.stream}::${this.name}-checkpoint`
    }
    get parked() {
      return `$persistentsubscription-${this.stream}::${this.name}-parked`
    }
    subscription(bufferSize = 10) {
      return store.client.subscribeToPersistentSubscriptionToStream(this.stream, this.name, { bufferSize })
    }
    async join(bufferSize = 10) {
      const consuming = await Consuming.join(this.subscription(bufferSize))
      joined.push(consuming)
      return consuming
    }
    async acknowledging(bufferSize = 10) {
      const consuming = await Consuming.acknowledging(this.subscription(bufferSize))
      joined.push(consuming)
      return consuming
    }
    append(count: number) {
      return store.client.appendToStream(this.stream, events(count))
    }
    info() {
      return store.client.getPersistentSubscriptionToStreamInfo(this.stream, this.name)
    }
    /** Waits until the server says so. */
    async says(expected: Record<string, unknown>) {
      await eventually(async () => expect((await this.info()).stats).to.include(expected))
    }
    async checkpointed(revision: number) {
      await this.says({ lastCheckpointedEventRevision: BigInt(revision) })
    }
    update(changes: Settings) {
      const { stream, name, settings } = this
      return store.client.updatePersistentSubscriptionToStream(stream, name, { ...settings, ...changes })
    }
    remove() {
      return store.client.deletePersistentSubscriptionToStream(this.stream, this.name)
    }
    replay(stopAt?: number) {
      const options = stopAt === undefined ? {} : { stopAt }
      return store.client.replayParkedMessagesToStream(this.stream, this.name, options)
    }
  }

  async function groupOnAll(settings: AllSettings, filter?: Filter) {
    const name = fresh('group')
    const full = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START, ...settings })
    await store.client.createPersistentSubscriptionToAll(name, full, filter ? { filter } : {})
    return name
  }
  async function joinAll(name: string, bufferSize = 10) {
    const consuming = await Consuming.join(store.client.subscribeToPersistentSubscriptionToAll(name, { bufferSize }))
    joined.push(consuming)
    return consuming
  }
  async function acknowledgingAll(name: string) {
    const consuming = await Consuming.acknowledging(store.client.subscribeToPersistentSubscriptionToAll(name))
    joined.push(consuming)
    return consuming
  }

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

  describe('of links', () => {
    async function linked() {
      const target = fresh('target')
      const stream = fresh('links')
      await store.client.appendToStream(target, events(3))
      for (const i of upTo(3)) {
        const link = {
          type: '$>',
          contentType: 'application/octet-stream',
          data: Buffer.from(`${i}@${target}`),
        } as const
        await store.client.appendToStream(stream, { id: randomUUID(), metadata: undefined, ...link })
      }
      return { target, stream }
    }

    it('resolve them, and are answered by the id of the link', async () => {
      const { stream, target } = await linked()
      const resolving = await group(stream, { resolveLinkTos: true, checkPointUpperBound: 1 })
      const consuming = await resolving.acknowledging(1)
      const received = await consuming.first(3)
      expect(received.map(({ event }) => event!.streamId)).to.deep.equal([target, target, target])
      expect(received.map(({ link }) => Number(link!.revision))).to.deep.equal([0, 1, 2])
      await resolving.checkpointed(2)
    })

    it('leave them alone unless they are told to', async () => {
      const { stream } = await linked()
      const plain = await group(stream)
      const [first] = await (await plain.acknowledging()).first(3)
      expect(first!.event).to.include({ type: '$>', streamId: stream })
      expect(first!.link).to.equal(undefined)
    })

    embeddedOnly('come alone when what they point at is gone', async () => {
      const { stream, target } = await linked()
      await store.client.deleteStream(target)
      const resolving = await group(stream, { resolveLinkTos: true })
      const consuming = await resolving.acknowledging()
      const [first] = await consuming.first(3)
      expect(first!.event).to.equal(undefined)
      expect(first!.link).to.include({ type: '$>', streamId: stream })
      await resolving.says({ totalItems: 3n, totalInFlightMessages: 0 })
    })

    it('park and replay a link as the link that it is', async () => {
      const { stream, target } = await linked()
      const resolving = await group(stream, { resolveLinkTos: true })
      const consuming = await resolving.join(3)
      const received = await consuming.first(3)
      await consuming.nack('park', received[1]!)
      await resolving.says({ parkedMessageCount: 1n })
      await resolving.replay()
      const again = await consuming.nth(3)
      expect(again.link).to.include({ streamId: stream, revision: 1n })
      expect(again.event).to.include({ streamId: target, revision: 1n })
      const [parked] = await collect(store.client.readStream(resolving.parked))
      expect(Buffer.from(parked!.event!.data as unknown as string).toString()).to.equal(`1@${stream}`)
    })
  })

  describe('refused messages', () => {
    for (const action of ['retry', 'unknown' as PersistentAction] as const)
      it(`${action}: come again before newer ones, and say how often`, async () => {
        const refused = await groupOn(10)
        const consuming = await refused.join(2)
        await consuming.nack(action, (await consuming.first(2))[0]!)
        await consuming.nack(action, await consuming.nth(2))
        const again = await consuming.nth(3)
        expect([revisionOf(again), again.retryCount]).to.deep.equal([0, 2])
        await consuming.ack(again)
        await consuming.nth(4)
        expect(consuming.revisions).to.deep.equal([0, 1, 0, 0, 2])
      })

    it('skip: do not come again and are not parked', async () => {
      const refused = await groupOn(5, { checkPointUpperBound: 1 })
      const consuming = await refused.join(2)
      consuming.each = (event) => void consuming.nack('skip', event)
      await Promise.all(consuming.received.map((event) => consuming.nack('skip', event)))
      await refused.checkpointed(4)
      await refused.says({ parkedMessageCount: 0n, totalInFlightMessages: 0, retryBufferCount: 0 })
      expect(consuming.revisions).to.deep.equal(upTo(5))
    })

    it('park: are links in the parked stream, with the time and the reason', async () => {
      const refused = await groupOn(3)
      const consuming = await refused.join(3)
      await consuming.nack('park', (await consuming.first(3))[1]!)
      await refused.says({ parkedMessageCount: 1n, totalInFlightMessages: 2 })
      const [parked] = await collect(store.client.readStream(refused.parked))
      expect(parked!.event).to.include({ type: '$>', streamId: refused.parked })
      expect(Buffer.from(parked!.event!.data as unknown as string).toString()).to.equal(`1@${refused.stream}`)
      const metadata = parked!.event!.metadata as { added: string; reason: string }
      expect(metadata.reason).to.equal('because park')
      expect(Date.now() - Date.parse(metadata.added)).to.be.within(-60_000, 60_000)
      const [resolved] = await collect(store.client.readStream(refused.parked, { resolveLinkTos: true }))
      expect(resolved!.event!.id).to.equal(consuming.received[1]!.event!.id)
    })

    embeddedOnly('stop: ends the call, and the others get what it had', async () => {
      const refused = await groupOn(4)
      const stopping = await refused.join(4)
      await stopping.nack('stop', (await stopping.first(4))[2]!)
      expect(await stopping.over).to.include({ type: 'persistent-subscription-dropped', groupName: refused.name })
      const other = await refused.join(4)
      await other.first(4)
      expect(other.revisions).to.deep.equal([0, 1, 2, 3])
    })

    it('that are retried too often are parked', async () => {
      const refused = await groupOn(2, { maxRetryCount: 3 })
      const consuming = await refused.join(1)
      for (const i of upTo(4)) await consuming.nack('retry', await consuming.nth(i))
      await refused.says({ parkedMessageCount: 1n })
      await consuming.nth(4)
      expect(consuming.revisions).to.deep.equal([0, 0, 0, 0, 1])
      expect(consuming.received.map(({ retryCount }) => retryCount)).to.deep.equal([0, 1, 2, 3, 0])
      const [parked] = await collect(store.client.readStream(refused.parked, { resolveLinkTos: true }))
      expect(parked!.event!.revision).to.equal(0n)
    })
  })

  describe('messages that time out', () => {
    it('come again, and are parked after the last retry', async () => {
      const slow = await groupOn(1, { messageTimeout: 60, maxRetryCount: 2, checkPointUpperBound: 1 })
      const consuming = await slow.join(5)
      await slow.says({ parkedMessageCount: 1n })
      expect(consuming.received.map(({ retryCount }) => retryCount)).to.deep.equal([0, 1, 2])
      await slow.checkpointed(0)
    })

    it('come again to whoever has room', async () => {
      const slow = await groupOn(1, { messageTimeout: 200 })
      const one = await slow.join(1)
      await one.first(1)
      const other = await slow.acknowledging(1)
      expect((await other.nth(0)).retryCount).to.equal(1)
      await slow.says({ totalInFlightMessages: 0, totalItems: 1n })
    })

    it('do not if they are acknowledged in time', async () => {
      const quick = await groupOn(3, { messageTimeout: 100 })
      const consuming = await quick.acknowledging()
      const clock = await (await group(quick.stream, { messageTimeout: 300 })).join(1)
      await clock.nth(1)
      expect(clock.received[1]!.retryCount).to.equal(1)
      expect(consuming.revisions).to.deep.equal([0, 1, 2])
    })
  })

  describe('messages that their consumer does not even take', () => {
    it('time out too, and go to the others', async () => {
      const stream = fresh()
      const heavy = upTo(60).map((i) => jsonEvent({ type: 'Heavy', data: { i, text: 'x'.repeat(100_000) } }))
      for (const i of upTo(12)) await store.client.appendToStream(stream, heavy.slice(i * 5, i * 5 + 5))
      const waiting = await group(stream, { messageTimeout: 300, readBatchSize: 60 })
      const stuck = waiting.subscription(60)
      const over = once(stuck, 'close')
      await once(stuck, 'confirmation')
      await waiting.says({ totalInFlightMessages: 60 })
      const taking = await waiting.acknowledging()
      await taking.first(60)
      await waiting.says({ totalItems: 60n, totalInFlightMessages: 0, parkedMessageCount: 0n })
      expect(taking.revisions).to.have.members(upTo(60))
      await stuck.unsubscribe()
      stuck.resume()
      await over
    })
  })

  describe('consumers', () => {
    it('that go away leave what they had to the others, at once and in order', async () => {
      const shared = await groupOn(20)
      const leaving = await shared.join(6)
      await leaving.ack((await leaving.first(6))[2]!)
      await shared.says({ totalItems: 1n })
      const staying = await shared.join(20)
      await staying.first(13)
      expect(staying.revisions).to.deep.equal(upTo(13, 7))
      await leaving.leave()
      await staying.first(19)
      expect(staying.revisions.slice(13)).to.deep.equal([0, 1, 3, 4, 5, 6])
      expect(staying.received.slice(13).every(({ retryCount }) => retryCount === 1)).to.equal(true)
    })

    it('that go away leave it to the next who comes, before what is new', async () => {
      const shared = await groupOn(5)
      const leaving = await shared.join(3)
      await leaving.first(3)
      await leaving.leave()
      const next = await shared.join(5)
      await next.first(5)
      expect(next.revisions).to.deep.equal(upTo(5))
    })

    it('are at most as many as the group allows', async () => {
      const limited = await groupOn(0, { maxSubscriberCount: 2 })
      const one = await limited.join()
      await limited.join()
      const error = await refusal(Consuming.join(limited.subscription()))
      expect(error).to.include({ type: 'maximum-subscribers-reached', groupName: limited.name })
      await one.leave()
      await eventually(async () => expect((await limited.info()).connections).to.have.length(1))
      await limited.join()
    })

    embeddedOnly('have room for something', async () => {
      const { stream, name } = await groupOn(0)
      const nothing = store.client.subscribeToPersistentSubscriptionToStream(stream, name, { bufferSize: 0 })
      expect((await refusal(Consuming.join(nothing))).code).to.equal(3)
    })

    it('are dropped when the group is deleted', async () => {
      const doomed = await groupOn(3)
      const consuming = [await doomed.join(), await doomed.join()]
      await doomed.remove()
      for (const { over } of consuming)
        expect(await over).to.include({
          type: 'persistent-subscription-dropped',
          streamName: doomed.stream,
          groupName: doomed.name,
        })
    })

    it('are dropped when it is updated, and go on by the new settings behind the checkpoint', async () => {
      const changing = await groupOn(10, { checkPointUpperBound: 1, maxRetryCount: 9 })
      const before = await changing.join(4)
      await before.ack(...(await before.first(4)).slice(0, 3))
      await changing.checkpointed(2)
      await changing.update({ maxRetryCount: 0, startFrom: END })
      expect(await before.over).to.include({ type: 'persistent-subscription-dropped' })
      const after = await changing.join(10)
      await after.first(7)
      expect(after.revisions).to.deep.equal(upTo(7, 3))
      await after.nack('retry', after.received[0]!)
      await changing.says({ parkedMessageCount: 1n })
    })

    it('are dropped when the subsystem is restarted, which loses nothing', async () => {
      const restarted = await groupOn(6, { checkPointUpperBound: 1 })
      const before = await restarted.join(3)
      await before.ack((await before.first(3))[0]!)
      await restarted.checkpointed(0)
      await store.client.restartPersistentSubscriptionSubsystem()
      expect(await before.over).to.be.instanceOf(Error)
      const after = await eventually(() => restarted.join(10))
      await after.first(5)
      expect(after.revisions).to.deep.equal(upTo(5, 1))
      expect((await restarted.info()).settings).to.deep.equal(restarted.settings)
    })
  })

  describe('strategies', () => {
    it('round robin: each consumer in its turn', async () => {
      const shared = await groupOn(0, { consumerStrategyName: ROUND_ROBIN })
      const consuming = [await shared.join(20), await shared.join(20), await shared.join(20)]
      await shared.append(30)
      for (const one of consuming) await one.first(10)
      const [first, second, third] = consuming.map(({ revisions }) => revisions)
      for (const revisions of [first!, second!, third!])
        for (const [i, revision] of revisions.entries()) expect(revision - revisions[0]!).to.equal(i * 3)
    })

    it('round robin: who is full is passed over', async () => {
      const shared = await groupOn(0, { consumerStrategyName: ROUND_ROBIN })
      const [full, free] = [await shared.join(2), await shared.acknowledging(5)]
      await shared.append(40)
      await full.first(2)
      await free.first(38)
      await shared.says({ totalItems: 38n, totalInFlightMessages: 2 })
    })

    it('dispatch to single: one consumer until it is full, then the next', async () => {
      const shared = await groupOn(0, { consumerStrategyName: DISPATCH_TO_SINGLE })
      const consuming = [await shared.join(4), await shared.join(4)]
      await shared.append(8)
      for (const one of consuming) await one.first(4)
      expect(consuming.map(({ revisions }) => revisions)).to.have.deep.members([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ])
    })

    it('dispatch to single: one that keeps up gets everything', async () => {
      const shared = await groupOn(0, { consumerStrategyName: DISPATCH_TO_SINGLE })
      const consuming = [await shared.acknowledging(10), await shared.acknowledging(10)]
      for (const i of upTo(20)) {
        await shared.append(1)
        await shared.says({ totalItems: BigInt(i + 1) })
      }
      expect(consuming.map(({ received }) => received.length)).to.have.members([0, 20])
    })

    it('pinned: the events of a stream all go to one consumer, those of many streams to all', async () => {
      const mark = fresh('pin')
      const name = await groupOnAll({ consumerStrategyName: PINNED }, streamNameFilter({ prefixes: [mark] }))
      const consuming = await Promise.all(upTo(3).map(() => acknowledgingAll(name)))
      const streams = upTo(40).map((i) => `${mark}-${i}`)
      for (let round = 0; round < 3; round++)
        await Promise.all(streams.map((stream) => store.client.appendToStream(stream, events(2))))
      await eventually(() =>
        expect(consuming.reduce((sum, { received }) => sum + received.length, 0)).to.equal(streams.length * 6),
      )
      const owners = new Map<string, Set<number>>()
      for (const [i, { received }] of consuming.entries())
        for (const { event } of received) owners.set(event!.streamId, (owners.get(event!.streamId) ?? new Set()).add(i))
      expect(Array.from(owners.values(), ({ size }) => size)).to.deep.equal(streams.map(() => 1))
      for (const { received } of consuming) expect(received.length).to.be.greaterThan(0)
    })

    it('pinned: when a consumer goes, its streams go to another with all that was left, in order', async () => {
      const pinned = await groupOn(6, { consumerStrategyName: PINNED })
      const both = [await pinned.join(10), await pinned.join(10)]
      await eventually(() => expect(both.reduce((sum, { received }) => sum + received.length, 0)).to.equal(6))
      const owner = both.find(({ received }) => received.length > 0)!
      const other = both.find((one) => one !== owner)!
      expect(owner.revisions).to.deep.equal(upTo(6))
      await owner.leave()
      await pinned.append(2)
      await other.first(8)
      expect(other.revisions).to.deep.equal(upTo(8))
    })

    it('pinned: links go where the stream that they point into goes', async () => {
      const [target, one, two] = [fresh('target'), fresh('links'), fresh('links')]
      await store.client.appendToStream(target, events(1))
      const name = await groupOnAll({ consumerStrategyName: PINNED }, streamNameFilter({ prefixes: [one, two] }))
      const consuming = await Promise.all(upTo(4).map(() => acknowledgingAll(name)))
      const link = () =>
        ({
          id: randomUUID(),
          type: '$>',
          contentType: 'application/octet-stream',
          metadata: undefined,
          data: Buffer.from(`0@${target}`),
        }) as const
      for (const stream of [one, two, one, two]) await store.client.appendToStream(stream, link())
      await eventually(() => expect(consuming.map(({ received }) => received.length)).to.have.members([0, 0, 0, 4]))
    })
  })

  describe('of the newer client', () => {
    let child: ChildProcess
    let calls = 0
    before(() => {
      const file = path.resolve(import.meta.dirname, 'kurrentConsumer.ts')
      const url = store.url.replace(/^esdb/, 'kurrentdb')
      child = fork(file, [url], { serialization: 'advanced', execArgv: ['--import', 'tsx'] })
    })
    after(async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    })
    function kurrent<T = unknown>(method: Asked['method'], ...args: unknown[]): Promise<T> {
      const id = ++calls
      const told = new Promise<T>((resolve, reject) => {
        const hear = (message: { id: number; result: T; error?: { message: string } }) => {
          if (message.id !== id) return
          child.off('message', hear)
          if (message.error) reject(Object.assign(new Error(message.error.message), message.error))
          else resolve(message.result)
        }
        child.on('message', hear)
      })
      child.send({ id, method, args } satisfies Asked)
      return told
    }

    it('go by correlation: what belongs together goes to one consumer', async () => {
      const [stream, name] = [fresh(), fresh('group')]
      const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START })
      await kurrent('create', stream, name, { ...settings, consumerStrategyName: 'PinnedByCorrelation' })
      const correlated = new GroupUnderTest(stream, name, settings)
      expect((await correlated.info()).settings.consumerStrategyName).to.equal('PinnedByCorrelation')
      const consuming = await Promise.all(upTo(3).map(() => correlated.acknowledging()))
      const ids = upTo(20).map(() => randomUUID())
      for (let round = 0; round < 4; round++)
        await store.client.appendToStream(
          stream,
          ids.map((id) => jsonEvent({ type: 'Happened', data: {}, metadata: { $correlationId: id } })),
        )
      await eventually(() => expect(consuming.reduce((sum, { received }) => sum + received.length, 0)).to.equal(80))
      const correlationOf = ({ event }: ResolvedEvent) => (event!.metadata as { $correlationId: string }).$correlationId
      const seenBy = consuming.map(({ received }) => new Set(received.map(correlationOf)))
      for (const id of ids) expect(seenBy.filter((seen) => seen.has(id))).to.have.length(1)
      for (const seen of seenBy) expect(seen.size).to.be.greaterThan(0)
    })

    it('are served the same', async () => {
      const [stream, name] = [fresh(), fresh('group')]
      await store.client.appendToStream(stream, events(3))
      const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START })
      await kurrent('create', stream, name, settings)
      expect(await refusal(kurrent('create', stream, name, settings))).to.include({
        type: 'persistent-subscription-exists',
      })
      const taken = await kurrent('take', stream, name, ['park', 'retry', 'ack', 'ack'])
      expect(taken).to.deep.equal([
        { revision: 0, retryCount: 0 },
        { revision: 1, retryCount: 0 },
        { revision: 2, retryCount: 0 },
        { revision: 1, retryCount: 1 },
      ])
      await new GroupUnderTest(stream, name, settings).says({ parkedMessageCount: 1n })
      await kurrent('replay', stream, name)
      expect(await kurrent('take', stream, name, ['ack'])).to.deep.equal([{ revision: 0, retryCount: 0 }])
      expect((await kurrent<unknown[]>('list', stream)).length).to.equal(1)
      await kurrent('remove', stream, name)
      expect(await refusal(kurrent('info', stream, name))).to.include({
        type: 'persistent-subscription-does-not-exist',
      })
    })
  })

  describe('checkpoints', () => {
    const soon = { checkPointAfter: 50, checkPointLowerBound: 1 }

    it('are written at once when enough was handled', async () => {
      const handled = await groupOn(5, { checkPointAfter: 60_000, checkPointLowerBound: 5, checkPointUpperBound: 5 })
      await handled.acknowledging(10)
      await handled.checkpointed(4)
    })

    it('are written after their time when fewer were', async () => {
      const handled = await groupOn(5, { checkPointAfter: 200, checkPointLowerBound: 5 })
      await handled.acknowledging(10)
      await handled.checkpointed(4)
    })

    it('are events of a short stream that say the revision', async () => {
      const handled = await groupOn(9, { checkPointUpperBound: 1 })
      const consuming = await handled.join(1)
      for (const i of upTo(9)) {
        await consuming.ack(await consuming.nth(i))
        await handled.checkpointed(i)
      }
      const stored = await collect(store.client.readStream(handled.checkpoints))
      expect(stored.at(-1)!.event!.type).to.equal('$SubscriptionCheckpoint')
      expect(String(stored.at(-1)!.event!.data)).to.equal('8')
      expect(stored.length).to.be.lessThan(9)
    })

    it('do not pass what is not acknowledged', async () => {
      const handled = await groupOn(10, { ...soon, checkPointUpperBound: 1 })
      const consuming = await handled.join(10)
      const received = await consuming.first(10)
      await consuming.ack(received[0]!, received[1]!, ...received.slice(3))
      await handled.says({ totalItems: 9n, lastCheckpointedEventRevision: 1n })
      await consuming.ack(received[2]!)
      await handled.checkpointed(9)
    })

    it('do not pass what is to be retried, nor what went away with a consumer', async () => {
      const handled = await groupOn(6, { ...soon, checkPointUpperBound: 1 })
      const consuming = await handled.join(6)
      const received = await consuming.first(6)
      await consuming.nack('retry', received[3]!)
      await consuming.ack(received[0]!, received[1]!, received[2]!, received[4]!, received[5]!)
      await handled.says({ totalItems: 5n, lastCheckpointedEventRevision: 2n })
      await consuming.nth(6)
      await consuming.leave()
      await eventually(async () => expect((await handled.info()).connections).to.have.length(0))
      await handled.says({ lastCheckpointedEventRevision: 2n })
      await handled.acknowledging()
      await handled.checkpointed(5)
    })

    it('pass what was parked or skipped', async () => {
      const handled = await groupOn(3, { ...soon, checkPointUpperBound: 1 })
      const consuming = await handled.join(3)
      const received = await consuming.first(3)
      await consuming.nack('park', received[0]!)
      await consuming.nack('skip', received[1]!)
      await consuming.ack(received[2]!)
      await handled.checkpointed(2)
    })

    it('are not moved by what is replayed', async () => {
      const handled = await groupOn(4, { ...soon, checkPointUpperBound: 1 })
      const consuming = await handled.join(4)
      const received = await consuming.first(4)
      await consuming.nack('park', received[0]!)
      await consuming.ack(...received.slice(1, 3))
      await handled.checkpointed(2)
      await handled.replay()
      await consuming.ack(await consuming.nth(4))
      await handled.says({ totalItems: 4n, parkedMessageCount: 0n, lastCheckpointedEventRevision: 2n })
    })

    it('of $all pass what the filter keeps back', async () => {
      const stream = fresh()
      const settings: AllSettings = {
        startFrom: END,
        checkPointUpperBound: 5,
        checkPointLowerBound: 1,
        checkPointAfter: 50,
      }
      const name = await groupOnAll(settings, streamNameFilter({ prefixes: [stream] }))
      await acknowledgingAll(name)
      const { position } = await store.client.appendToStream(fresh('other'), events(100))
      await store.client.appendToStream(fresh('other'), events(100))
      await eventually(async () => {
        const { stats } = await store.client.getPersistentSubscriptionToAllInfo(name)
        expect(stats.lastCheckpointedEventPosition!.commit >= position!.commit).to.equal(true)
      })
    })
  })

  describe('parked messages', () => {
    async function parking(count: number) {
      const parked = await groupOn(count, { checkPointUpperBound: 1 })
      const consuming = await parked.join(count)
      await consuming.nack('park', ...(await consuming.first(count)))
      await parked.says({ parkedMessageCount: BigInt(count), totalInFlightMessages: 0 })
      return { parked, consuming }
    }
    const leftIn = async (parked: GroupUnderTest) =>
      (await collect(store.client.readStream(parked.parked))).map(({ event }) => String(event!.data).split('@')[0])

    it('are replayed, as if they had never been tried, and are gone then', async () => {
      const { parked, consuming } = await parking(4)
      await parked.replay()
      const again = (await consuming.first(8)).slice(4)
      expect(again.map(revisionOf)).to.deep.equal(upTo(4))
      expect(again.map(({ event, link, retryCount }) => [event!.streamId, link, retryCount])).to.deep.equal(
        Array(4).fill([parked.stream, undefined, 0]),
      )
      await consuming.ack(...again)
      await parked.says({ parkedMessageCount: 0n, totalInFlightMessages: 0 })
      await eventually(async () => expect(await leftIn(parked)).to.deep.equal([]))
      await parked.replay()
      await parked.append(1)
      expect(revisionOf(await consuming.nth(8))).to.equal(4)
    })

    it('are replayed only as far as is said', async () => {
      const { parked, consuming } = await parking(5)
      await parked.replay(2)
      const again = (await consuming.first(7)).slice(5)
      await consuming.ack(...again)
      await parked.says({ parkedMessageCount: 3n, totalInFlightMessages: 0 })
      expect(again.map(revisionOf)).to.deep.equal([0, 1])
      await eventually(async () => expect(await leftIn(parked)).to.deep.equal(['2', '3', '4']))
    })

    it('go before what is new', async () => {
      const { parked, consuming } = await parking(2)
      await consuming.leave()
      await parked.append(2)
      await parked.replay()
      const next = await parked.join(1)
      for (const i of upTo(3)) await next.ack(await next.nth(i))
      await next.nth(3)
      expect(next.revisions).to.deep.equal([0, 1, 2, 3])
    })

    it('that are parked again wait for the next replay', async () => {
      const { parked, consuming } = await parking(3)
      await parked.replay()
      const again = (await consuming.first(6)).slice(3)
      await consuming.nack('park', again[1]!)
      await consuming.ack(again[0]!, again[2]!)
      await parked.says({ parkedMessageCount: 1n, totalInFlightMessages: 0 })
      await eventually(async () => expect(await leftIn(parked)).to.deep.equal(['1']))
      await parked.replay()
      expect(revisionOf(await consuming.nth(6))).to.equal(1)
      expect(consuming.received).to.have.length(7)
    })

    embeddedOnly('stay in their stream until they are dealt with', async () => {
      const { parked, consuming } = await parking(3)
      await parked.replay()
      const again = (await consuming.first(6)).slice(3)
      await consuming.ack(again[1]!, again[2]!)
      await parked.says({ totalItems: 5n, parkedMessageCount: 0n })
      await parked.append(1)
      await consuming.ack(await consuming.nth(6))
      await parked.checkpointed(3) // written behind what the acknowledgements before it caused
      expect(await leftIn(parked)).to.deep.equal(['0', '1', '2'])
      await consuming.ack(again[0]!)
      await eventually(async () => expect(await leftIn(parked)).to.deep.equal([]))
    })

    it('of $all are replayed too', async () => {
      const stream = fresh()
      await store.client.appendToStream(stream, events(2))
      const name = await groupOnAll({}, streamNameFilter({ prefixes: [stream] }))
      const consuming = await joinAll(name)
      await consuming.nack('park', (await consuming.first(2))[1]!)
      await eventually(async () =>
        expect((await store.client.getPersistentSubscriptionToAllInfo(name)).stats.parkedMessageCount).to.equal(1n),
      )
      await store.client.replayParkedMessagesToAll(name)
      expect(revisionOf(await consuming.nth(2))).to.equal(1)
    })

    embeddedOnly('that cannot be parked are not done with', async () => {
      const unlucky = await groupOn(2, { checkPointUpperBound: 1 })
      await store.client.tombstoneStream(unlucky.parked)
      const consuming = await unlucky.join(2)
      const [first, second] = await consuming.first(2)
      await consuming.nack('park', first!)
      await consuming.ack(second!)
      const again = await consuming.nth(2)
      expect([revisionOf(again), again.retryCount]).to.deep.equal([0, 0])
      await unlucky.says({ totalItems: 1n, lastCheckpointedEventRevision: undefined })
      await consuming.ack(again)
      await unlucky.checkpointed(1)
    })

    it('of which there are none can be replayed', async () => {
      const quiet = await groupOn(1)
      await quiet.replay()
      await quiet.replay(5)
      await (await quiet.acknowledging()).first(1)
    })

    embeddedOnly('whose event is gone are done with', async () => {
      const { parked, consuming } = await parking(3)
      await store.client.setStreamMetadata(parked.stream, { truncateBefore: 2 })
      await parked.replay()
      expect(revisionOf(await consuming.nth(3))).to.equal(2)
      await consuming.ack(consuming.received[3]!)
      await eventually(async () => expect(await leftIn(parked)).to.deep.equal([]))
    })
  })

  describe('that are deleted', () => {
    it('and created again know nothing of before', async () => {
      const { stream, name, settings, ...before } = await groupOn(5, { checkPointUpperBound: 1 })
      void before
      const first = new GroupUnderTest(stream, name, settings)
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
