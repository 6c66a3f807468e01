import fs from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { backUp, restore } from '../../../ops/events/backup.ts'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { eventually } from '../../eventually.ts'
import { events, RunningStore, temporaryFolder } from './running.ts'

const SMALL_SEGMENTS = ['--segment-size', '32768']
const quietly = () => {}

describe('A backup of the embedded event store', function () {
  this.timeout(30_000)
  let store: RunningStore
  let backup: string
  const folders: string[] = []
  const folder = async () => {
    const made = await temporaryFolder()
    folders.push(made)
    return made
  }
  beforeEach(async () => {
    store = await RunningStore.start({ args: SMALL_SEGMENTS })
    backup = await folder()
  })
  afterEach(async () => {
    await store.remove()
    for (const made of folders.splice(0)) await fs.rm(made, { recursive: true })
  })

  const ids = async (of: RunningStore) => (await of.readAll()).map(({ event }) => event!.id)
  async function restored(): Promise<RunningStore> {
    const to = await folder()
    restore(backup, to, quietly)
    return RunningStore.start({ dir: to, args: SMALL_SEGMENTS })
  }
  async function content(): Promise<string[]> {
    const copy = await restored()
    try {
      return await ids(copy)
    } finally {
      await copy.end()
    }
  }

  it('taken while it is written to holds all that was acknowledged before, without a gap', async () => {
    const acknowledged: string[] = []
    let writing = true
    const writers = Array.from({ length: 8 }, async (_, i) => {
      while (writing) {
        const batch = events(3)
        await store.client.appendToStream(`stream-${i}`, batch)
        acknowledged.push(...batch.map(({ id }) => id))
      }
    })
    for (let round = 0; round < 4; round++) {
      await eventually(() => expect(acknowledged.length).to.be.greaterThan((round + 1) * 300))
      const before = [...acknowledged]
      backUp(store.dir, backup, quietly)
      const kept = await content()
      expect(kept).to.include.members(before)
      expect(kept).to.deep.equal((await ids(store)).slice(0, kept.length))
    }
    writing = false
    await Promise.all(writers)
  })

  it('goes on where the one before ended, and holds a scavenged log too', async () => {
    await store.client.setStreamMetadata('stream', { maxCount: 10 })
    for (let i = 0; i < 10; i++) await store.client.appendToStream('stream', events(50))
    const first = backUp(store.dir, backup, quietly)
    await store.client.appendToStream('stream', events(1))
    const second = backUp(store.dir, backup, quietly)
    expect(first.bytes).to.be.greaterThan(50_000)
    expect(second.bytes).to.be.within(1, 1000)
    await scavenge(`esdb://127.0.0.1:${store.port}?tls=false`)
    backUp(store.dir, backup, quietly)
    expect(await content()).to.deep.equal(await ids(store))
  })

  it('is restored with the same positions, revisions and metadata, and can be written to', async () => {
    await store.client.setStreamMetadata('stream', { maxCount: 10 })
    await store.client.appendToStream('stream', events(20))
    backUp(store.dir, backup, quietly)
    const copy = await restored()
    const seen = async (of: RunningStore) =>
      (await of.readAll()).map(({ event }) => [event!.id, event!.revision, event!.position.commit])
    expect(await seen(copy)).to.deep.equal(await seen(store))
    expect(await copy.revisions('stream')).to.deep.equal(await store.revisions('stream'))
    expect((await copy.client.appendToStream('stream', events(1))).nextExpectedRevision).to.equal(20n)
    await copy.end()
  })

  it('is not overwritten by another log, nor by one that holds less', async () => {
    await store.client.appendToStream('stream', events(20))
    backUp(store.dir, backup, quietly)
    const other = await RunningStore.start()
    expect(() => backUp(other.dir, backup, quietly)).to.throw('backup of another log')
    await other.remove()
    const older = await folder()
    restore(backup, older, quietly)
    await store.client.appendToStream('stream', events(20))
    backUp(store.dir, backup, quietly)
    expect(() => backUp(older, backup, quietly)).to.throw('holds more events than the log')
  })

  it('is refused when it is damaged, unfinished, incomplete, or would replace something', async () => {
    for (let i = 0; i < 3; i++) await store.client.appendToStream('stream', events(200))
    expect(() => backUp(backup, store.dir, quietly)).to.throw('in use by another event store')
    expect(() => backUp(backup, path.join(backup, 'to'), quietly)).to.throw('no event log')
    const empty = await folder()
    expect(() => restore(backup, empty, quietly)).to.throw('no finished backup')
    backUp(store.dir, backup, quietly)
    expect(() => restore(backup, backup, quietly)).to.throw('holds a log already')
    expect(() => restore(backup, store.dir, quietly)).to.throw('in use by another event store')

    const log = path.join(backup, 'events.log')
    const bytes = await fs.readFile(log)
    bytes[100]! ^= 1
    await fs.writeFile(log, bytes)
    expect(() => restore(backup, empty, quietly)).to.throw('damaged')
    bytes[100]! ^= 1
    await fs.writeFile(log, bytes)
    const last = (await fs.readdir(backup)).filter((name) => name.endsWith('.log')).sort()[0]!
    await fs.rm(path.join(backup, last))
    expect(() => restore(backup, empty, quietly)).to.throw('some of it is missing')
    expect((await fs.readdir(empty)).filter((name) => name.endsWith('.log'))).to.deep.equal([])
  })

  it('is refused of a damaged log', async () => {
    await store.client.appendToStream('stream', events(50))
    await store.client.appendToStream('stream', events(50))
    await store.end()
    const log = path.join(store.dir, 'events.log')
    const bytes = await fs.readFile(log)
    bytes[100]! ^= 1
    await fs.writeFile(log, bytes)
    expect(() => backUp(store.dir, backup, quietly)).to.throw('damaged')
    expect(await fs.readdir(backup)).to.not.include('backup.json')
    bytes[100]! ^= 1
    await fs.writeFile(log, bytes)
    store = await RunningStore.start({ dir: store.dir })
  })
})
