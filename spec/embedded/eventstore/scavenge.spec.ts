import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { BACKWARDS, binaryEvent, END, START } from '@eventstore/db-client'
import { expect } from 'chai'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { collect, events, refusal, refusedStart, RunningStore } from './running.ts'

const SMALL_SEGMENTS = ['--segment-size', '65536']

const big = (count: number) =>
  Array.from({ length: count }, () => binaryEvent({ type: 'Big', data: randomBytes(2000), metadata: {} }))

interface Seen {
  id: string
  stream: string
  revision: number
  position: bigint
}

describe('Scavenging the embedded event store', function () {
  this.timeout(30_000)
  let store: RunningStore
  beforeEach(async () => (store = await RunningStore.start({ args: SMALL_SEGMENTS })))
  afterEach(() => store.remove())

  const url = () => `esdb://127.0.0.1:${store.port}?tls=false`
  const again = async (signal?: 'SIGKILL') => {
    await store.end(signal)
    store = await RunningStore.start({ dir: store.dir, args: SMALL_SEGMENTS })
  }
  const segments = async () => (await fs.readdir(store.dir)).filter((name) => name.endsWith('.log')).sort()
  const bytes = async () => {
    const sizes = await Promise.all((await segments()).map((name) => fs.stat(path.join(store.dir, name))))
    return sizes.reduce((sum, { size }) => sum + size, 0)
  }

  /** Everything but what a scavenge itself writes down. */
  async function everything(direction: 'forwards' | 'backwards' = 'forwards'): Promise<Seen[]> {
    const seen: Seen[] = []
    for (const { event } of await store.readAll({ direction, fromPosition: direction === 'forwards' ? START : END }))
      if (!event!.streamId.startsWith('$scavenges'))
        seen.push({
          id: event!.id,
          stream: event!.streamId,
          revision: Number(event!.revision),
          position: event!.position.commit,
        })
    return seen
  }

  /** Streams of every kind, mixed with one another, in several segments, and in appends of which a part stays. */
  async function fill(): Promise<void> {
    const { client } = store
    await client.setStreamMetadata('counted', { maxCount: 3 })
    await client.setStreamMetadata('aged', { maxAge: 1 })
    for (let round = 0; round < 12; round++) {
      await client.appendToStream('plain', big(2))
      await client.appendToStream('counted', big(5))
      await client.appendToStream('cut', big(2))
      await client.appendToStream('aged', big(2))
      await client.appendToStream('deleted', big(2))
      await client.appendToStream('tombstoned', big(2))
      await client.setStreamMetadata('relabelled', { round })
    }
    await client.setStreamMetadata('cut', { truncateBefore: 9 })
    await client.deleteStream('deleted')
    await client.setStreamMetadata('tombstoned', { round: 1 })
    await client.tombstoneStream('tombstoned')
    // Behind the clock of `aged`, not behind a guess at how long all this took.
    const last = (
      await collect(client.readStream('aged', { direction: BACKWARDS, fromRevision: END, maxCount: 1 }))
    )[0]!.event!
    while (Date.now() <= last.created.getTime() + 1000) await new Promise(setImmediate)
  }

  const kept = (all: Seen[], stream: string) =>
    all.filter((seen) => seen.stream === stream).map((seen) => seen.revision)

  it('keeps what can be read and the last event of each stream, at their positions, in all ways of reading', async () => {
    await fill()
    const before = await everything()
    const size = await bytes()
    const freed = await scavenge(url())
    for (const state of ['at once', 'after a restart', 'after a kill', 'with the index made anew']) {
      const after = await everything()
      expect(kept(after, 'plain'), state).to.deep.equal(Array.from({ length: 24 }, (_, i) => i))
      expect(kept(after, 'counted'), state).to.deep.equal([57, 58, 59])
      expect(kept(after, 'cut'), state).to.deep.equal(Array.from({ length: 15 }, (_, i) => i + 9))
      expect(kept(after, 'aged'), state).to.deep.equal([23])
      expect(kept(after, 'deleted'), state).to.deep.equal([23])
      expect(kept(after, 'tombstoned'), state).to.deep.equal([2 ** 63])
      expect(kept(after, '$$tombstoned'), state).to.deep.equal([])
      expect(kept(after, '$$relabelled'), state).to.deep.equal([11])
      const survivors = new Set(after.map(({ id }) => id))
      expect(after, state).to.deep.equal(before.filter(({ id }) => survivors.has(id)))
      expect(await everything('backwards'), state).to.deep.equal(after.toReversed())
      expect(await store.revisions('plain'), state).to.have.length(24)
      expect(await store.revisions('counted'), state).to.deep.equal([57, 58, 59])
      expect(await store.revisions('counted', { direction: BACKWARDS, fromRevision: END }), state).to.deep.equal([
        59, 58, 57,
      ])
      expect(await store.revisions('cut'), state).to.deep.equal(Array.from({ length: 15 }, (_, i) => i + 9))
      expect(await store.revisions('aged'), state).to.deep.equal([])
      expect((await refusal(collect(store.client.readStream('deleted')))).type, state).to.equal('stream-not-found')
      expect((await refusal(collect(store.client.readStream('tombstoned')))).type, state).to.equal('stream-deleted')
      expect((await store.client.getStreamMetadata('relabelled')).metadata, state).to.deep.equal({ round: 11 })
      if (state === 'at once') await again()
      if (state === 'after a restart') await again('SIGKILL')
      if (state === 'after a kill') {
        await store.end()
        await fs.rm(path.join(store.dir, 'index'), { recursive: true })
        store = await RunningStore.start({ dir: store.dir, args: SMALL_SEGMENTS })
      }
    }
    expect(size - (await bytes())).to.be.greaterThan(size / 3)
    expect(freed).to.be.greaterThan(size / 3)
  })

  it('goes on numbering where it was, and knows a tombstone for ever', async () => {
    await fill()
    await scavenge(url())
    await again()
    for (const [stream, next] of [
      ['plain', 24n],
      ['counted', 60n],
      ['deleted', 24n],
      ['aged', 24n],
    ] as const)
      expect((await store.client.appendToStream(stream, events(1))).nextExpectedRevision, stream).to.equal(next)
    expect((await refusal(store.client.appendToStream('tombstoned', events(1)))).type).to.equal('stream-deleted')
  })

  it('begins reads and subscriptions at positions that were scavenged', async () => {
    await fill()
    const before = await everything()
    await scavenge(url())
    const after = await everything()
    const survivors = new Set(after.map(({ id }) => id))
    for (const { id, position } of before.filter((_, i) => i % 3 === 0)) {
      const from = { commit: position, prepare: position }
      const first = (await store.readAll({ fromPosition: from, maxCount: 1 }))[0]?.event
      expect(first?.id, 'forwards').to.equal(survivors.has(id) ? id : after.find((e) => e.position > position)?.id)
      const back = (await store.readAll({ fromPosition: from, maxCount: 1, direction: BACKWARDS }))[0]?.event
      expect(back?.id, 'backwards').to.equal(after.findLast((e) => e.position < position)?.id)
    }
  })

  it('serves appends and reads meanwhile, and loses none of them', async () => {
    await fill()
    let running = true
    const written: string[] = []
    const writing = (async () => {
      while (running) {
        const batch = big(3)
        await store.client.appendToStream('meanwhile', batch)
        written.push(...batch.map(({ id }) => id))
        expect(await store.revisions('plain')).to.have.length(24)
      }
    })()
    for (let i = 0; i < 3; i++) {
      await scavenge(url())
      await store.client.setStreamMetadata('meanwhile', { maxCount: 1_000_000 - i })
    }
    running = false
    await writing
    await again('SIGKILL')
    const stored = (await everything()).filter(({ stream }) => stream === 'meanwhile').map(({ id }) => id)
    expect(stored).to.deep.equal(written)
  })

  /** What can be seen of a scavenge from outside, and in what the files then differ from those before it. */
  const moments: Record<string, (before: ReadonlySet<string>) => () => boolean> = {
    'while a segment is being rewritten': (before) => () => rewriting(before) !== undefined,
    // The index may not have been told what is gone.
    'right after a rewritten segment took its place': (before) => {
      let seen: string | undefined
      return () => {
        const now = rewriting(before)
        const over = seen !== undefined && seen !== now
        seen = now
        return over
      }
    },
    'right after it began a new segment': (before) => () =>
      readdirSync(store.dir).some((name) => name.endsWith('.log') && !before.has(name)),
  }
  /** The temporary file of a segment that was there before: a new one has one too. */
  const rewriting = (before: ReadonlySet<string>) =>
    readdirSync(store.dir).find((name) => name.endsWith('.log.tmp') && before.has(name.slice(0, -'.tmp'.length)))

  for (const [when, moment] of Object.entries(moments))
    it(`loses nothing that can be read when it is killed ${when}, and is done by the next one`, async () => {
      await fill()
      const readable = async () => {
        const all = await everything()
        expect(await everything('backwards')).to.deep.equal(all.toReversed())
        return {
          all: [kept(all, 'plain'), kept(all, 'new')],
          counted: await store.revisions('counted'),
          cut: await store.revisions('cut'),
          aged: await store.revisions('aged'),
        }
      }
      let kills = 0
      for (let round = 0; kills < 4; round++) {
        expect(round, 'scavenges of which nothing was seen').to.be.lessThan(kills + 10)
        await store.client.appendToStream('new', big(3))
        // The first of these can go at once: there is something in the last segment too.
        for (let i = 0; i < 2; i++) await store.client.setStreamMetadata('cut', { truncateBefore: 9 + (round % 14) })
        const before = await readable()
        let over = false
        const reached = moment(new Set(await segments()))
        const scavenging = scavenge(url())
          .catch(() => {})
          .finally(() => (over = true))
        while (!over && !reached()) await new Promise(setImmediate)
        if (!over) {
          store.child.kill('SIGKILL')
          kills++
        }
        await again('SIGKILL')
        await scavenging
        expect((await fs.readdir(store.dir)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
        expect(await readable()).to.deep.equal(before)
        // Whether or not the index was told: of what was hidden some is gone, and nothing is in the way of what is left.
        await store.client.setStreamMetadata('cut', { truncateBefore: 0 })
        const uncovered = await store.revisions('cut')
        expect(uncovered.slice(-before.cut.length)).to.deep.equal(before.cut)
        expect(await store.revisions('cut', { direction: BACKWARDS, fromRevision: END })).to.deep.equal(
          uncovered.toReversed(),
        )
        expect(kept(await everything(), 'cut')).to.deep.equal(uncovered)
      }
      await store.client.setStreamMetadata('cut', { truncateBefore: 20 })
      await scavenge(url())
      expect(kept(await everything(), 'cut')).to.deep.equal([20, 21, 22, 23])
      expect(await store.revisions('cut')).to.deep.equal([20, 21, 22, 23])
    })

  it('frees nothing where nothing can go, and leaves the files alone', async () => {
    await store.client.appendToStream('plain', big(40))
    await store.client.appendToStream('plain', big(1))
    const files = await segments()
    expect(await scavenge(url())).to.equal(0)
    expect(await segments()).to.deep.equal(files)
  })

  it('says how it went, where the real server says it', async () => {
    await fill()
    const freed = await scavenge(url())
    const history = await collect(store.client.readStream('$scavenges', { resolveLinkTos: true }))
    expect(history.map(({ event }) => event!.type)).to.deep.equal(['$scavengeStarted', '$scavengeCompleted'])
    expect(history[1]!.event!.data).to.deep.include({ result: 'Success', error: '', spaceSaved: freed })
  })

  it('refuses a scavenged segment that is damaged, and never takes damage for what was scavenged', async () => {
    await fill()
    await scavenge(url())
    await store.end()
    const damage = async (file: string, at: (size: number) => number) => {
      const bytes = await fs.readFile(path.join(store.dir, file))
      const original = Buffer.from(bytes)
      bytes[at(bytes.length)]! ^= 0xff
      await fs.writeFile(path.join(store.dir, file), bytes)
      return () => fs.writeFile(path.join(store.dir, file), original)
    }
    for (const at of [(size: number) => Math.floor(size / 2), (size: number) => size - 10]) {
      const restore = await damage('events.log', at)
      const { code, said } = await refusedStart(store.dir)
      expect(code).to.equal(1)
      expect(said).to.include('events.log is damaged')
      await restore()
    }
    const [, second] = await segments()
    await fs.rename(path.join(store.dir, second!), path.join(store.dir, 'elsewhere'))
    expect((await refusedStart(store.dir)).said).to.include('has a gap')
    await fs.rename(path.join(store.dir, 'elsewhere'), path.join(store.dir, second!))
    store = await RunningStore.start({ dir: store.dir, args: SMALL_SEGMENTS })
  })
})
