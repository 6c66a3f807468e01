import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect } from 'chai'
import { END, jsonEvent, streamNameFilter } from '@eventstore/db-client'
import type { PersistentAction } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'
import { collect, events } from '../running.ts'
import { revisionOf } from './consuming.ts'
import { embeddedOnly, groupsUnderTest, upTo } from './groups.ts'
import type { AllSettings, GroupUnderTest } from './groups.ts'
import { fresh } from './store.ts'

describe('What persistent subscriptions do with answers', function () {
  this.timeout(20_000)
  const { store, groupOn, group, groupOnAll, joinAll, acknowledgingAll } = groupsUnderTest()

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
})
