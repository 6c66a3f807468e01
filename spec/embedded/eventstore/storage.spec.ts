import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { BACKWARDS, END, jsonEvent } from '@eventstore/db-client'
import { collect, events, refusal, refusedStart, RunningStore, temporaryFolder } from './running.ts'

const logOf = (dir: string) => path.join(dir, 'events.log')
const indexOf = (dir: string) => path.join(dir, 'index')
const LAST = { direction: BACKWARDS, fromPosition: END, maxCount: 1 } as const

/** Everything that can be read, in every way. */
async function reads(store: RunningStore) {
  const streams = await Promise.all(
    ['kept-0', 'kept-1', 'kept-2', 'kept-3', '$$kept-1'].map((stream) =>
      collect(store.client.readStream(stream)).catch((error: { type: string }) => error.type),
    ),
  )
  return { all: await store.readAll(), back: await store.readAll({ direction: BACKWARDS, fromPosition: END }), streams }
}

describe('The folder of the embedded event store', function () {
  this.timeout(20_000)
  /** A folder that was left in good order, what it gives, and the bytes of one more append to it. */
  let good: string
  let log: Buffer
  let given: Awaited<ReturnType<typeof reads>>
  let oneMore: Buffer
  let dir: string
  let store: RunningStore | undefined

  before(async () => {
    let filling = await RunningStore.start()
    for (let i = 0; i < 30; i++) await filling.client.appendToStream(`kept-${i % 4}`, events(1 + (i % 3)))
    await filling.client.setStreamMetadata('kept-1', { maxCount: 4 })
    await filling.client.deleteStream('kept-2')
    await filling.client.tombstoneStream('kept-3')
    given = await reads(filling)
    await filling.end()
    good = await temporaryFolder()
    await fs.cp(filling.dir, good, { recursive: true })
    log = await fs.readFile(logOf(good))
    filling = await RunningStore.start({ dir: filling.dir })
    await filling.client.appendToStream('kept-0', events(3))
    await filling.end()
    oneMore = (await fs.readFile(logOf(filling.dir))).subarray(log.length)
    await fs.rm(filling.dir, { recursive: true })
  })
  after(() => fs.rm(good, { recursive: true }))
  beforeEach(async () => {
    dir = await temporaryFolder()
    await fs.cp(good, dir, { recursive: true })
  })
  afterEach(async () => {
    await store?.end()
    store = undefined
    await fs.rm(dir, { recursive: true })
  })
  const start = async () => (store = await RunningStore.start({ dir }))

  it('belongs to one process, until that ends in whatever way', async () => {
    const first = await start()
    const { code, said } = await refusedStart(dir)
    expect(code).to.equal(1)
    expect(said).to.contain(`is in use by another event store (process ${first.child.pid})`)
    await first.end('SIGKILL')
    expect(await reads(await start())).to.deep.equal(given)
  })

  it('gives the same after a restart', async () => {
    expect(await reads(await start())).to.deep.equal(given)
  })

  it('gives the same when the index was deleted', async () => {
    await fs.rm(indexOf(dir), { recursive: true })
    const { client } = await start()
    expect(await reads(store!)).to.deep.equal(given)
    await client.appendToStream('kept-0', events(1))
    expect(await store!.readAll()).to.have.length(given.all.length + 1)
  })

  it('takes the index of another log for none', async () => {
    const other = await RunningStore.start()
    await other.client.appendToStream('other', events(3))
    await other.end()
    await fs.rm(indexOf(dir), { recursive: true })
    await fs.rename(indexOf(other.dir), indexOf(dir))
    await fs.rm(other.dir, { recursive: true })
    expect(await reads(await start())).to.deep.equal(given)
  })

  const tails: Record<string, () => Buffer> = {
    'half an append': () => oneMore.subarray(0, oneMore.length / 2),
    'an append without its last byte': () => oneMore.subarray(0, oneMore.length - 1),
    'older appends': () => log.subarray(32),
    zeros: () => Buffer.alloc(5000),
    'a few bytes': () => Buffer.from('torn'),
  }
  for (const [what, torn] of Object.entries(tails))
    it(`cuts a tail of ${what}, says so, and goes on`, async () => {
      await fs.appendFile(logOf(dir), torn())
      const { client, said } = await start()
      expect(said).to.contain(`Cut ${torn().length} bytes of an append that was never acknowledged`)
      expect(await fs.readFile(logOf(dir))).to.deep.equal(log)
      expect(await reads(store!)).to.deep.equal(given)
      const { position } = await client.appendToStream('kept-0', events(1))
      expect((await store!.readAll(LAST))[0]!.event!.position).to.deep.equal(position)
    })

  it('keeps an append that was written and not yet indexed', async () => {
    await fs.appendFile(logOf(dir), oneMore)
    expect((await start()).said).to.equal('')
    expect(await store!.readAll()).to.have.length(given.all.length + 3)
  })

  for (const index of ['with', 'without'])
    it(`refuses to start on damage among acknowledged events, ${index} its index`, async () => {
      if (index === 'without') await fs.rm(indexOf(dir), { recursive: true })
      // Only the index knows that the last append was acknowledged.
      const last = index === 'with' ? [log.length - 10] : []
      for (const at of [40, Math.floor(log.length / 2), ...last]) {
        const damaged = Buffer.from(log)
        damaged[at]! ^= 1
        await fs.writeFile(logOf(dir), damaged)
        const { code, said } = await refusedStart(dir)
        expect(code).to.equal(1)
        expect(said).to.match(/events\.log is damaged at offset \d+, among acknowledged events: it is not served/)
        expect(await fs.readFile(logOf(dir))).to.deep.equal(damaged)
      }
    })

  it('refuses to start when acknowledged events are missing at the end', async () => {
    await fs.truncate(logOf(dir), log.length - 1)
    const { code, said } = await refusedStart(dir)
    expect(code).to.equal(1)
    expect(said).to.contain('some are missing')
  })

  for (const [what, change] of Object.entries<(head: Buffer) => void>({
    'is not an event log': (head) => head.fill(0, 0, 8),
    'has format 3': (head) => head.writeUInt32LE(3, 8),
  }))
    it(`refuses a file that ${what}`, async () => {
      const changed = Buffer.from(log)
      change(changed)
      await fs.writeFile(logOf(dir), changed)
      expect((await refusedStart(dir)).said).to.contain(what)
    })

  it('refuses to start with a segment of another log, though it begins where it should', async () => {
    const filled = async () => {
      const filling = await RunningStore.start({ args: ['--segment-size', '16384'] })
      for (let i = 0; i < 120; i++) await filling.client.appendToStream('stream', jsonEvent({ type: 'Same', data: {} }))
      const ids = (await filling.readAll()).map(({ event }) => event!.id)
      await filling.end()
      const names = (await fs.readdir(filling.dir)).filter((name) => /^events-\d+\.log$/.test(name))
      return { dir: filling.dir, ids, second: names.sort()[0]! }
    }
    const [one, other] = [await filled(), await filled()]
    expect(other.second).to.equal(one.second)
    const [ours, theirs] = [path.join(one.dir, one.second), path.join(other.dir, one.second)]
    const kept = await fs.readFile(ours)
    const foreign = await fs.readFile(theirs)
    expect(foreign.length).to.equal(kept.length)
    for (const index of ['with', 'without']) {
      if (index === 'without') await fs.rm(indexOf(one.dir), { recursive: true })
      await fs.writeFile(ours, foreign)
      const { code, said } = await refusedStart(one.dir)
      expect(code, index).to.equal(1)
      expect(said, index).to.contain('it is not served')
      expect(await fs.readFile(ours), index).to.deep.equal(foreign)
    }
    await fs.writeFile(ours, kept)
    store = await RunningStore.start({ dir: one.dir })
    expect((await store.readAll()).map(({ event }) => event!.id)).to.deep.equal(one.ids)
    await store.end()
    for (const folder of [one.dir, other.dir]) await fs.rm(folder, { recursive: true })
  })

  it('never serves what was damaged while it ran', async () => {
    await start()
    const file = await fs.open(logOf(dir), 'r+')
    await file.write(Buffer.from([0xff]), 0, 1, Number(given.all[20]!.event!.position.commit) + 20)
    await file.close()
    expect((await refusal(store!.readAll())).message).to.contain('is damaged')
    await store!.client.appendToStream('new', events(1))
    expect(await store!.revisions('new')).to.deep.equal([0])
  })

  it('acknowledges what is under way when it is told to stop, and keeps it', async () => {
    const { client } = await start()
    const bulky = () => jsonEvent({ type: 'Bulky', data: 'x'.repeat(50_000) })
    const under = Array.from({ length: 200 }, (_, i) => client.appendToStream(`stopping-${i}`, bulky()))
    const settled = Promise.allSettled(under)
    await Promise.race(under)
    expect(await store!.end()).to.equal(0)
    const outcomes = await settled
    await start()
    const kept = new Set((await store!.readAll()).map(({ event }) => event!.streamId))
    for (const [i, { status }] of outcomes.entries())
      if (status === 'fulfilled') expect(kept).to.include(`stopping-${i}`)
    expect(outcomes.some(({ status }) => status === 'fulfilled')).to.equal(true)
  })

  it('shows in every way of reading what is acknowledged, at once', async () => {
    const { client } = await start()
    const subscription = client.subscribeToAll({ fromPosition: END })
    await once(subscription, 'caughtUp')
    const seen = refusal(collect(subscription))
    for (let i = 0; i < 100; i++) {
      const { position } = await client.appendToStream('read your writes', events(1))
      expect((await store!.readAll(LAST))[0]!.event!.position).to.deep.equal(position)
      const last = { direction: BACKWARDS, fromRevision: END, maxCount: 1 } as const
      expect(await store!.revisions('read your writes', last)).to.deep.equal([i])
    }
    await store!.end()
    expect((await seen).message).to.contain('stopping')
  })
})
