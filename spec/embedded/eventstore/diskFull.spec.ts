import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { binaryEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { eventually } from '../../eventually.ts'
import { events, refusal, RunningStore } from './running.ts'

const FULL = 'The disk is full'

/** No file of the store's process may grow beyond this: the kernel refuses the write as it does on a full disk. */
const limit = (store: RunningStore, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(store.child.pid), `--fsize=${bytes}:unlimited`])

describe('The embedded event store on a full disk', function () {
  this.timeout(30_000)
  let store: RunningStore
  beforeEach(async () => (store = await RunningStore.start()))
  afterEach(() => store.remove())

  const sizeOf = async (name: string) => (await fs.stat(path.join(store.dir, name))).size
  const stored = async () => (await store.readAll()).map(({ event }) => event!.id)

  for (const [what, room, streams] of [
    ['log', async () => 300_000, 1],
    ['index', () => sizeOf('index/data.mdb'), 1000],
  ] as const)
    it(`says so where the ${what} does not fit, loses nothing, reads on, and appends again once there is room`, async () => {
      const ids: string[] = []
      const append = async (i: number) => {
        const batch = events(20)
        await store.client.appendToStream(`stream-${i % streams}`, batch)
        ids.push(...batch.map(({ id }) => id))
      }
      await append(0)
      limit(store, await room())
      let refused: Error | undefined
      for (let i = 1; i < 5000 && !refused; i++) await append(i).catch((error: Error) => (refused = error))
      expect(refused?.message).to.include(FULL)
      await eventually(() => expect(store.said).to.include(FULL))
      expect(await stored()).to.deep.equal(ids)
      expect((await refusal(append(0))).message).to.include(FULL)

      limit(store, 'unlimited')
      await append(0)
      expect(await stored()).to.deep.equal(ids)
      store = await store.again()
      expect(await stored()).to.deep.equal(ids)
    })

  it('leaves nothing of appends that were refused together behind one that is written in their place', async () => {
    await store.end()
    // The index is to be what does not fit, once the log was written.
    store = await RunningStore.start({ dir: store.dir, args: ['--segment-size', '16384'] })
    const ids: string[] = []
    let streams = 0
    const name = () => `stream-${String(streams++).padStart(6, '0')}-${'x'.repeat(400)}`
    const append = async () => {
      const [event] = events(1)
      await store.client.appendToStream(name(), event!)
      ids.push(event!.id)
    }
    const together = (count: number) => Promise.allSettled(Array.from({ length: count }, append))
    while ((await sizeOf('index/data.mdb')) < 400_000) await together(40)
    limit(store, await sizeOf('index/data.mdb'))
    let refused: PromiseSettledResult<void>[] = []
    for (let i = 0; i < 2000 && refused.length < 2; i++)
      refused = (await together(4)).filter(({ status }) => status === 'rejected')
    for (const { reason } of refused as PromiseRejectedResult[])
      expect((reason as Error).message).to.include('the index cannot be written')
    expect(refused).to.have.length.greaterThan(1)

    limit(store, 'unlimited')
    await append() // It is as long as each of those.
    await store.end('SIGKILL')
    store = await RunningStore.start({ dir: store.dir })
    expect(await stored()).to.deep.equal(ids)
    await append()
    expect(await stored()).to.deep.equal(ids)
  })

  it('begins no new segment that does not fit, however often it is tried, and goes on once there is room', async () => {
    await store.end()
    store = await RunningStore.start({ dir: store.dir, args: ['--segment-size', '100000'] })
    const ids: string[] = []
    const append = async () => {
      const batch = events(100)
      await store.client.appendToStream('stream', batch)
      ids.push(...batch.map(({ id }) => id))
    }
    while ((await sizeOf('events.log')) < 100_000) await append()
    const descriptors = async () => (await fs.readdir(`/proc/${store.child.pid}/fd`)).length
    limit(store, 16) // Half of a new segment's header.
    await refusal(append())
    const before = await descriptors()
    for (let i = 0; i < 20; i++) expect((await refusal(append())).message).to.include(FULL)
    expect(await descriptors()).to.be.at.most(before)
    limit(store, 'unlimited')
    await append()
    store = await store.again()
    expect(await stored()).to.deep.equal(ids)
  })

  it('ends a scavenge that does not fit, and leaves the log as it was', async () => {
    await store.end()
    store = await RunningStore.start({ dir: store.dir, args: ['--segment-size', '1000000'] })
    await store.client.setStreamMetadata('cut', { maxCount: 1 })
    const large = () => binaryEvent({ type: 'Large', data: randomBytes(20_000) })
    for (let i = 0; i < 60; i++) await store.client.appendToStream(i % 2 ? 'cut' : 'kept', large())
    const before = await stored()
    limit(store, 400_000) // The notes fit, what the scavenge would keep of the first segment does not.
    const { message } = await refusal(scavenge(`esdb://127.0.0.1:${store.port}?tls=false`))
    expect(message).to.include('EFBIG')
    expect((await stored()).slice(0, before.length)).to.deep.equal(before)
    expect((await fs.readdir(store.dir)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
  })
})
