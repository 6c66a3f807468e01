import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { BACKWARDS, binaryEvent, END, START } from '@eventstore/db-client'
import { expect } from 'chai'
import { Places } from '../../../ops/embedded/eventstore/log/places.ts'
import { LOG_HEAD, recordCapacity, writeRecord } from '../../../ops/embedded/eventstore/log/record.ts'
import { openStore } from '../../../ops/embedded/eventstore/log/recover.ts'
import { headerBytes } from '../../../ops/embedded/eventstore/log/segment.ts'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { until } from './conformance/store.ts'
import { events, RunningStore, temporaryFolder } from './running.ts'

/** What is read at once, and how far places lie apart. */
const RUN = 256 * 1024
const APART = 16 * 1024
/** Of every stream there are so many events in a round. */
const BATCH = 5
const ROUNDS = 130
const back = { direction: BACKWARDS, fromRevision: END } as const
const BIG = 2000
const big = (count: number) =>
  Array.from({ length: count }, () => binaryEvent({ type: 'Big', data: randomBytes(BIG), metadata: {} }))

interface Seen {
  id: string
  stream: string
  revision: number
  position: bigint
}

const from = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => first + i)

describe('Scavenged segments of the embedded event store', function () {
  this.timeout(60_000)
  let store: RunningStore
  afterEach(() => store.remove())

  const scavenging = () => scavenge(`esdb://127.0.0.1:${store.port}?tls=false`)
  const start = async (args: readonly string[], dir?: string) =>
    (store = await RunningStore.start(dir === undefined ? { args } : { args, dir }))
  /** The names of the segments' files, by position: the first one's says none. */
  const segments = async () => {
    const names = (await fs.readdir(store.dir)).filter((name) => name.endsWith('.log'))
    return names.sort((a, b) => Number(/\d+/.exec(a)?.[0] ?? 0) - Number(/\d+/.exec(b)?.[0] ?? 0))
  }
  const bytesOf = (name: string) => fs.readFile(path.join(store.dir, name))
  const scavenges = (segment: Buffer) => segment.readUInt32LE(12)
  const withoutIndex = () => fs.rm(path.join(store.dir, 'index'), { recursive: true })

  /** Everything but what a scavenge itself writes down. */
  async function everything(direction: 'forwards' | 'backwards' = 'forwards'): Promise<Seen[]> {
    const all = await store.readAll({ direction, fromPosition: direction === 'forwards' ? START : END })
    return all
      .filter(({ event }) => !event!.streamId.startsWith('$scavenges'))
      .map(({ event }) => ({
        id: event!.id,
        stream: event!.streamId,
        revision: Number(event!.revision),
        position: event!.position.commit,
      }))
  }

  describe('of 2 MB', () => {
    const SEGMENTS = ['--segment-size', '2000000']
    const TOTAL = BATCH * ROUNDS

    async function fill(): Promise<void> {
      await start(SEGMENTS)
      for (let round = 0; round < ROUNDS; round++) {
        for (const stream of ['plain', 'counted', 'cut', 'deleted'])
          await store.client.appendToStream(stream, big(BATCH))
        // More than one run by itself.
        if (round % 50 === 20)
          await store.client.appendToStream('huge', binaryEvent({ type: 'Huge', data: randomBytes(600_000) }))
      }
    }

    /** The first of the stream's events that are kept; only the last one of its metadata is. */
    async function scavengedFrom(first: Record<string, number>): Promise<Seen[]> {
      const before = await everything()
      const last = new Map(before.map(({ stream, revision }) => [stream, revision]))
      expect(await scavenging()).to.be.greaterThan(1_000_000)
      return before.filter(
        ({ stream, revision }) =>
          revision === last.get(stream) || (!stream.startsWith('$$') && revision >= (first[stream] ?? 0)),
      )
    }

    async function check(expected: Seen[], state: string): Promise<void> {
      // Not as a whole: what differs would be shown of thousands.
      const same = (found: Seen[]) => {
        expect(found.length, state).to.equal(expected.length)
        for (const [i, each] of found.entries()) expect(each, state).to.deep.equal(expected[i])
      }
      same(await everything())
      same((await everything('backwards')).reverse())
      for (const [stream, first] of [
        ['plain', 0],
        ['counted', TOTAL - 100],
        ['cut', 500],
        ['huge', 0],
      ] as const) {
        const revisions = expected.filter((seen) => seen.stream === stream).map(({ revision }) => revision)
        expect(await store.revisions(stream), state).to.deep.equal(revisions)
        expect(await store.revisions(stream, back), state).to.deep.equal(revisions.toReversed())
        expect(revisions[0], state).to.equal(first)
      }
    }

    it('give every event that was kept in all ways of reading, however often they were rewritten', async () => {
      await fill()
      await store.client.setStreamMetadata('counted', { maxCount: 100 })
      await store.client.setStreamMetadata('cut', { truncateBefore: 400 })
      const before = await everything()
      const once = await scavengedFrom({ counted: TOTAL - 100, cut: 400 })
      expect(await everything()).to.deep.equal(once)
      await store.client.deleteStream('deleted')
      await store.client.setStreamMetadata('cut', { truncateBefore: 500 })
      const twice = await scavengedFrom({ counted: TOTAL - 100, cut: 500, deleted: TOTAL - 1 })
      const rewritten = (await Promise.all((await segments()).map(bytesOf))).filter((file) => scavenges(file) === 2)
      expect(rewritten.filter(({ length }) => length > 2 * RUN)).to.have.length.greaterThan(1)

      await check(twice, 'at once')
      const kept = new Set(twice.map(({ id }) => id))
      for (const { id, position } of before.filter((_, i) => i % 40 === 0)) {
        const place = { commit: position, prepare: position }
        const next = (await store.readAll({ fromPosition: place, maxCount: 1 }))[0]!.event!
        if (kept.has(id)) expect(next.id).to.equal(id)
        else expect(next.position.commit > position, 'behind what was dropped').to.equal(true)
        const previous = (await store.readAll({ fromPosition: place, maxCount: 1, direction: BACKWARDS }))[0]?.event
        expect(previous?.id).to.equal(twice.findLast((seen) => seen.position < position)?.id)
      }
      await store.end()
      await start(SEGMENTS, store.dir)
      await check(twice, 'after a restart')
      await store.end('SIGKILL')
      await withoutIndex()
      await start(SEGMENTS, store.dir)
      await check(twice, 'with the index made anew')
    })

    it('note a record in every 16 KiB, so that none is walked to from afar', async () => {
      await fill()
      await store.client.deleteStream('deleted')
      await scavenging()
      const files = (await Promise.all((await segments()).map(bytesOf))).filter((file) => scavenges(file) > 0)
      expect(files).to.have.length.greaterThan(2)
      const all = await everything()
      let end = LOG_HEAD
      for (const file of files) {
        const places = Places.read(file.length, (offset, length) => file.subarray(offset, offset + length))!
        const noted = new Set(
          all
            .filter(({ position }) => position >= end && position < places.end)
            .map(({ position }) => places.atOrBefore(Number(position), -1)),
        )
        expect(noted.has(-1)).to.equal(false)
        // An append is no longer than BATCH events, save for the huge ones.
        expect(noted.size).to.be.within(
          (places.dataEnd - 2 * 600_000) / (APART + BATCH * (BIG + 300)),
          places.dataEnd / APART + 1,
        )
        end = places.end
      }
    })

    it('are not asked for what was dropped: the index has forgotten it', async () => {
      await fill()
      await store.client.setStreamMetadata('cut', { truncateBefore: 400 })
      await store.client.deleteStream('deleted')
      const before = await everything()
      const kept = new Set((await scavengedFrom({ cut: 400, deleted: TOTAL - 1 })).map(({ id }) => id))
      await store.end()
      const { log, index } = await openStore(store.dir)
      try {
        for (const { id, stream, revision, position } of before) {
          const found = index.locate(index.stream(stream)!.number, revision)
          if (!kept.has(id)) expect(found, `${stream} ${revision}`).to.equal(undefined)
          else expect(found!.position + found!.offset, `${stream} ${revision}`).to.equal(Number(position))
        }
        expect(index.nearestRevision(index.stream('cut')!.number, 0, 1)).to.equal(400)
      } finally {
        await log.close()
        await index.close()
      }
    })
  })

  it('can be the last ones: what is appended goes to a new one', async () => {
    const SEGMENTS = ['--segment-size', '65536']
    await start(SEGMENTS)
    await store.client.setStreamMetadata('counted', { maxCount: 3 })
    for (let i = 0; i < 20; i++) {
      await store.client.appendToStream('counted', big(4))
      await store.client.appendToStream('plain', big(2))
    }
    await scavenging()
    const kept = await everything()
    await store.end()
    // The one that was begun for what comes behind the scavenge; it has the scavenge's own notes.
    await fs.rm(path.join(store.dir, (await segments()).at(-1)!))
    await withoutIndex()
    const left = await segments()
    expect(scavenges(await bytesOf(left.at(-1)!))).to.equal(1)
    expect(left).to.have.length.greaterThan(1)

    await start(SEGMENTS, store.dir)
    expect(await everything()).to.deep.equal(kept)
    expect((await store.client.appendToStream('plain', big(2))).nextExpectedRevision).to.equal(41n)
    expect((await store.client.appendToStream('counted', big(1))).nextExpectedRevision).to.equal(80n)
    for (const state of ['at once', 'after a kill', 'with the index made anew']) {
      expect((await everything()).slice(0, kept.length), state).to.deep.equal(kept)
      expect(await everything(), state).to.have.length(kept.length + 3)
      expect(await everything('backwards'), state).to.deep.equal((await everything()).reverse())
      expect(await store.revisions('plain'), state).to.deep.equal(from(0, 42))
      expect(await store.revisions('counted'), state).to.deep.equal([78, 79, 80])
      if (state === 'with the index made anew') break
      await store.end('SIGKILL')
      if (state === 'after a kill') await withoutIndex()
      await start(SEGMENTS, store.dir)
    }
    expect(await segments()).to.have.length(left.length + 1)
  })

  describe('with a gap', () => {
    /** A log of one stream, each of whose events was created so many ms ago. */
    async function aged(stream: string, ages: readonly number[]): Promise<string> {
      const parts = [headerBytes('ab'.repeat(16), 0)]
      let position = LOG_HEAD
      for (const [revision, age] of ages.entries()) {
        const nothing = Buffer.alloc(0)
        const text = { id: randomUUID(), type: 'Happened', contentType: 'application/octet-stream' }
        const placed = { ...text, customMetadata: nothing, data: nothing, stream, revision }
        const bytes = Buffer.alloc(recordCapacity([placed]))
        const place = { position, flushStart: position, created: Date.now() - age }
        const { end } = writeRecord(bytes, 0, place, [placed])
        parts.push(bytes.subarray(0, end))
        position += end
      }
      const dir = await temporaryFolder()
      await fs.writeFile(path.join(dir, 'events.log'), Buffer.concat(parts))
      return dir
    }

    /** Of a stream whose revisions before `first` are gone, and those before `end` are there. */
    async function readsBehindTheGap(stream: string, first: number, end: number): Promise<void> {
      const all = from(first, end)
      expect(await store.revisions(stream)).to.deep.equal(all)
      expect(await store.revisions(stream, back)).to.deep.equal(all.toReversed())
      expect(await store.revisions(stream, { fromRevision: BigInt(first - 2), maxCount: 2 })).to.deep.equal(
        all.slice(0, 2),
      )
      expect(await store.revisions(stream, { fromRevision: BigInt(first) })).to.deep.equal(all)
      expect(await store.revisions(stream, { ...back, fromRevision: BigInt(first) })).to.deep.equal([first])
      expect(await store.revisions(stream, { ...back, fromRevision: BigInt(first - 1) })).to.deep.equal([])
      for (const [options, expected] of [
        [{}, all],
        [{ fromRevision: BigInt(first - 3) }, all],
        [{ fromRevision: BigInt(first) }, all.slice(1)],
      ] as const) {
        const subscription = store.client.subscribeToStream(stream, { fromRevision: START, ...options })
        const taken = await until(subscription, ({ event }) => event!.revision === BigInt(end - 1))
        expect(taken.map(({ event }) => Number(event!.revision))).to.deep.equal(expected)
      }
    }

    it('by $maxAge give what is young enough, both ways and to subscriptions', async () => {
      const HOUR = 3_600_000
      const dir = await aged('aged', [...Array<number>(10).fill(2 * HOUR), ...Array<number>(10).fill(0)])
      await start([], dir)
      expect(await store.revisions('aged')).to.deep.equal(from(0, 20))
      await store.client.setStreamMetadata('aged', { maxAge: 3600 })
      await readsBehindTheGap('aged', 10, 20)
      expect(await scavenging()).to.be.greaterThan(1000)
      await readsBehindTheGap('aged', 10, 20)
      await store.client.setStreamMetadata('aged', { maxAge: 24 * 3600 })
      await readsBehindTheGap('aged', 10, 20)
      await store.client.setStreamMetadata('aged', {})
      await readsBehindTheGap('aged', 10, 20)
      await store.client.appendToStream('aged', events(1))
      await readsBehindTheGap('aged', 10, 21)
    })

    it('by $maxCount give what is left once it is raised', async () => {
      await start([])
      await store.client.appendToStream('counted', events(10))
      await store.client.setStreamMetadata('counted', { maxCount: 4 })
      expect(await scavenging()).to.be.greaterThan(500)
      for (const maxCount of [7, 10, 1000]) {
        await store.client.setStreamMetadata('counted', { maxCount })
        await readsBehindTheGap('counted', 6, 10)
      }
      store = await store.again()
      await readsBehindTheGap('counted', 6, 10)
      await store.client.appendToStream('counted', events(2))
      await readsBehindTheGap('counted', 6, 12)
    })
  })
})
