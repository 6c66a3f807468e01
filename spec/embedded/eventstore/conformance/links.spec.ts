import { expect } from 'chai'
import { BACKWARDS, binaryEvent, END, streamNameFilter } from '@eventstore/db-client'
import { collect, events } from '../running.ts'
import { fresh, idsOf, storeUnderTest, until } from './store.ts'

/** An event that stands for the one at a revision of a stream. */
const link = (revision: number | bigint, stream: string) =>
  binaryEvent({ type: '$>', data: Buffer.from(`${revision}@${stream}`) })

type Target =
  | 'there'
  | 'in the middle of an append'
  | 'in a stream with @ in its name'
  | 'in a stream that was never written'
  | 'behind the end of its stream'
  | 'truncated by $maxCount'
  | 'truncated by $tb'
  | 'kept by $tb'
  | 'in a deleted stream'
  | 'in a stream written again after a delete'
  | 'in a tombstoned stream'

describe('Links', () => {
  const store = storeUnderTest()

  /** The revision and stream to link to, and the id that the link resolves to. */
  async function target(where: Target): Promise<{ revision: number; stream: string; id: string | undefined }> {
    const stream = where.includes('@') ? `${fresh()}@example.org` : fresh('target')
    const { client } = store
    const batch = events(3)
    const at = (revision: number, id: string | undefined) => ({ revision, stream, id })
    if (where === 'in a stream that was never written') return at(0, undefined)
    await client.appendToStream(stream, batch)
    switch (where) {
      case 'behind the end of its stream':
        return at(3, undefined)
      case 'truncated by $maxCount':
        await client.setStreamMetadata(stream, { maxCount: 1 })
        return at(1, undefined)
      case 'truncated by $tb':
        await client.setStreamMetadata(stream, { truncateBefore: 2 })
        return at(1, undefined)
      case 'kept by $tb':
        await client.setStreamMetadata(stream, { truncateBefore: 1 })
        return at(1, batch[1]!.id)
      case 'in a deleted stream':
        await client.deleteStream(stream)
        return at(0, undefined)
      case 'in a stream written again after a delete': {
        await client.deleteStream(stream)
        const again = events(1)
        await client.appendToStream(stream, again)
        return at(3, again[0]!.id)
      }
      case 'in a tombstoned stream':
        await client.tombstoneStream(stream)
        return at(0, undefined)
      case 'in the middle of an append':
        return at(1, batch[1]!.id)
      default:
        return at(0, batch[0]!.id)
    }
  }
  const targets: Target[] = [
    'there',
    'in the middle of an append',
    'in a stream with @ in its name',
    'in a stream that was never written',
    'behind the end of its stream',
    'truncated by $maxCount',
    'truncated by $tb',
    'kept by $tb',
    'in a deleted stream',
    'in a stream written again after a delete',
    'in a tombstoned stream',
  ]

  for (const where of targets)
    it(`To an event ${where}: the event with its link, or the link alone, in every way of reading`, async () => {
      const { revision, stream, id } = await target(where)
      const links = fresh('links')
      const mark = await store.mark()
      const sent = link(revision, stream)
      await store.client.appendToStream(links, [sent, ...events(1)])
      const { position } = await store.client.appendToStream(links, events(1))
      const ways = {
        stream: await store.read(links, { resolveLinkTos: true }),
        backwards: (
          await store.read(links, { resolveLinkTos: true, direction: BACKWARDS, fromRevision: END })
        ).reverse(),
        all: (await collect(store.client.readAll({ fromPosition: mark, resolveLinkTos: true }))).filter((found) =>
          (found.link ?? found.event)!.streamId.includes(links),
        ),
        subscription: await until(
          store.client.subscribeToStream(links, { resolveLinkTos: true }),
          (_, taken) => taken.length === 3,
        ),
        subscriptionToAll: await until(
          store.client.subscribeToAll({
            fromPosition: mark,
            resolveLinkTos: true,
            filter: streamNameFilter({ prefixes: [links] }),
          }),
          (_, taken) => taken.length === 3,
        ),
      }
      for (const [way, found] of Object.entries(ways)) {
        expect(found, way).to.have.length(3)
        expect(found[0]!.event?.id, way).to.equal(id)
        expect(found[0]!.link, way).to.include({ id: sent.id, type: '$>', streamId: links, revision: 0n })
        if (id) expect(found[0]!.event, way).to.include({ streamId: stream, revision: BigInt(revision) })
        expect(found[1]!.link, way).to.equal(undefined)
        expect(found[2]!.event!.position, way).to.deep.equal(position)
      }
    })

  it('Are given as they are where nobody asks to resolve them', async () => {
    const { revision, stream } = await target('there')
    const links = fresh('links')
    const sent = link(revision, stream)
    await store.client.appendToStream(links, sent)
    const [found] = await store.read(links)
    expect(found!.event).to.include({ id: sent.id, type: '$>', streamId: links })
    expect(Buffer.from(found!.event!.data as Uint8Array).toString()).to.equal(`${revision}@${stream}`)
    expect(found!.link).to.equal(undefined)
  })

  it('To links are followed once', async () => {
    const { revision, stream } = await target('there')
    const [inner, outer] = [fresh('inner'), fresh('outer')]
    const first = link(revision, stream)
    await store.client.appendToStream(inner, first)
    await store.client.appendToStream(outer, link(0, inner))
    const [found] = await store.read(outer, { resolveLinkTos: true })
    expect(found!.event).to.include({ id: first.id, type: '$>', streamId: inner })
    expect(found!.link).to.include({ streamId: outer })
  })

  it('Resolve to what was written after them', async () => {
    const [links, stream] = [fresh('links'), fresh('target')]
    await store.client.appendToStream(links, link(0, stream))
    const [before] = await store.read(links, { resolveLinkTos: true })
    const batch = events(1)
    await store.client.appendToStream(stream, batch)
    const [after] = await store.read(links, { resolveLinkTos: true })
    expect([before!.event?.id, after!.event?.id]).to.deep.equal([undefined, batch[0]!.id])
  })

  it('A stream of 300 links gives the events they stand for, in its own order', async () => {
    const [links, stream] = [fresh('links'), fresh('target')]
    const batch = events(300)
    await store.client.appendToStream(stream, batch)
    const order = batch.map((_, i) => (i * 7) % 300)
    await store.client.appendToStream(
      links,
      order.map((revision) => link(revision, stream)),
    )
    const found = await store.read(links, { resolveLinkTos: true })
    expect(idsOf(found)).to.deep.equal(order.map((i) => batch[i]!.id))
    expect(found.map((each) => Number(each.link!.revision))).to.deep.equal(batch.map((_, i) => i))
  })
})
