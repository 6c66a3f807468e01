import realFs from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { backUp, restore } from '../../../ops/events/backup.ts'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { eventually } from '../../eventually.ts'
import { events, refusedStart, RunningStore, temporaryFolder } from './running.ts'

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
    expect(second.bytes, 'only what is still written to').to.be.within(1, first.bytes / 2)
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
    expect(() => backUp(other.dir, backup, quietly)).to.throw('one of another log')
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
    expect(() => restore(backup, backup, quietly)).to.throw('another folder')
    expect(() => restore(backup, store.dir, quietly)).to.throw('in use by another event store')

    const log = path.join(await copyIn(backup), 'events.log')
    const restoreByte = await damage(log, 100)
    expect(() => restore(backup, empty, quietly)).to.throw('damaged')
    await restoreByte()
    const files = (await fs.readdir(await copyIn(backup))).filter((name) => name.endsWith('.log'))
    await fs.rm(path.join(await copyIn(backup), files.sort()[0]!))
    expect(() => restore(backup, empty, quietly)).to.throw('some of it is missing')
    expect((await fs.readdir(empty)).filter((name) => name.endsWith('.log'))).to.deep.equal([])
  })

  /** The folder that the backup's manifest names. */
  const copyIn = async (of: string) => {
    const { folder } = JSON.parse(await fs.readFile(path.join(of, 'backup.json'), 'utf8')) as { folder: string }
    return path.join(of, folder)
  }
  /** Flips a bit; returns how to put it right again. */
  async function damage(file: string, at: number) {
    const flip = async () => {
      const bytes = await fs.readFile(file)
      bytes[at]! ^= 1
      await fs.writeFile(file, bytes)
    }
    await flip()
    return flip
  }

  it('stays what it was when the next one fails, whatever is wrong with the log', async () => {
    for (let i = 0; i < 4; i++) await store.client.appendToStream('stream', events(50))
    backUp(store.dir, backup, quietly)
    const held = await content()
    await store.client.appendToStream('stream', events(50))
    await store.end()
    const log = path.join(store.dir, 'events.log')
    const { size } = await fs.stat(log)
    for (const at of [100, size - 3000, size - 20_000]) {
      const restoreByte = await damage(log, at)
      expect(() => backUp(store.dir, backup, quietly), String(at)).to.throw(/damaged|otherwise|no append/)
      expect(await content()).to.deep.equal(held)
      await restoreByte()
    }
    store = await RunningStore.start({ dir: store.dir, args: SMALL_SEGMENTS })
    backUp(store.dir, backup, quietly)
    expect(await content()).to.deep.equal(await ids(store))
  })

  it('stays what it was when the next one is killed, also after a scavenge', async () => {
    await store.client.setStreamMetadata('one', { maxCount: 1 })
    for (let i = 0; i < 20; i++) {
      await store.client.appendToStream('one', events(10))
      await store.client.appendToStream('many', events(10))
    }
    backUp(store.dir, backup, quietly)
    const held = await content()
    for (let i = 0; i < 20; i++) await store.client.appendToStream('one', events(10))
    await scavenge(`esdb://127.0.0.1:${store.port}?tls=false`)
    let steps = Infinity
    for (let dieAt = 0; dieAt < steps; dieAt++) {
      let step = 0
      const dying = () => {
        if (step++ === dieAt) throw new Error('killed here')
      }
      try {
        backUp(store.dir, backup, dying)
        steps = step
      } catch (error) {
        expect((error as Error).message).to.equal('killed here')
        expect(await content(), `killed at ${dieAt}`).to.deep.equal(held)
      }
    }
    expect(steps).to.be.greaterThan(3)
    expect(await content()).to.deep.equal(await ids(store))
    const left = (await fs.readdir(backup)).filter((name) => name.startsWith('log-'))
    expect(left, 'nothing is left of what was not finished').to.have.length(1)
  })

  it('is not followed by one of another history of the same log', async () => {
    await store.client.appendToStream('stream', events(50))
    const older = await folder()
    backUp(store.dir, older, quietly)
    await store.client.appendToStream('stream', events(50))
    backUp(store.dir, backup, quietly)
    const held = await content()
    const elsewhere = await folder()
    restore(older, elsewhere, quietly)
    const other = await RunningStore.start({ dir: elsewhere, args: SMALL_SEGMENTS })
    for (let i = 0; i < 4; i++) await other.client.appendToStream('another', events(60))
    expect(() => backUp(other.dir, backup, quietly)).to.throw('went on otherwise')
    expect(await content()).to.deep.equal(held)
    await other.end()
  })

  it('of a log that ends in what is no append is refused, unless that may still become one', async () => {
    await store.client.appendToStream('stream', events(5))
    await store.end()
    await fs.appendFile(path.join(store.dir, 'events.log'), Buffer.alloc(100, 1))
    expect(() => backUp(store.dir, backup, quietly)).to.throw('100 bytes that are no append')
    store = await RunningStore.start({ dir: store.dir, args: SMALL_SEGMENTS })
    backUp(store.dir, backup, quietly)
    expect(await content()).to.deep.equal(await ids(store))
  })

  it('that was restored only in part is not served', async () => {
    for (let i = 0; i < 3; i++) await store.client.appendToStream('stream', events(200))
    backUp(store.dir, backup, quietly)
    const to = await folder()
    const rename = realFs.renameSync
    let renames = 0
    realFs.renameSync = (...args) => {
      if (args[0].toString().includes('restoring') && ++renames === 2) throw new Error('killed here')
      rename(...args)
    }
    try {
      expect(() => restore(backup, to, quietly)).to.throw('killed here')
    } finally {
      realFs.renameSync = rename
    }
    expect((await refusedStart(to)).said).to.include('has a gap')
  })
})
