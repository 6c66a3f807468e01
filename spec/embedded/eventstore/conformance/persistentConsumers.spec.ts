import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { expect } from 'chai'
import {
  DISPATCH_TO_SINGLE,
  END,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PINNED,
  ROUND_ROBIN,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import type { ResolvedEvent } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { events, refusal } from '../running.ts'
import { Consuming } from './consuming.ts'
import { embeddedOnly, groupsUnderTest, upTo } from './groups.ts'
import type { Asked } from './kurrentConsumer.ts'
import { fresh } from './store.ts'

describe('Consumers of persistent subscriptions', function () {
  this.timeout(20_000)
  const { store, groupCalled, groupOn, groupOnAll, acknowledgingAll } = groupsUnderTest()

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
      const correlated = groupCalled(stream, name, settings)
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
      await groupCalled(stream, name, settings).says({ parkedMessageCount: 1n })
      await kurrent('replay', stream, name)
      expect(await kurrent('take', stream, name, ['ack'])).to.deep.equal([{ revision: 0, retryCount: 0 }])
      expect((await kurrent<unknown[]>('list', stream)).length).to.equal(1)
      await kurrent('remove', stream, name)
      expect(await refusal(kurrent('info', stream, name))).to.include({
        type: 'persistent-subscription-does-not-exist',
      })
    })
  })
})
