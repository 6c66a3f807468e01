import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { derivedId, forgetLoaded, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { finish } from '../../commands/resumableFinish.ts'
import * as Upload from '../../domain/upload.ts'
import { incomingIn } from '../../ops/platform/incoming.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { connectLocks, type Locks } from '../../ops/platform/locks.ts'
import { outsideServers, runProcess } from '../process.ts'
import { sweepIncoming } from '../../workers/incoming.ts'
import { balance, type Balancing, checkedKey, sweepOrphans } from '../../workers/orphans.ts'
import { runSweeper } from '../../workers/sweeper.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, specLog, type System, startSystem, unique } from '../system.ts'
import { keysBelow, located, type Tus, tus } from '../tus.ts'

describe('the object store, held against the log', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let sensor: Tus
  let locks: Locks
  let stop: () => Promise<void>
  const bytes = sound('wav', { seconds: 0.3 })
  const over = new AbortController()
  const later = (ms: number) => () => new Date(Date.now() + ms).toISOString()
  const dayMs = 86_400_000
  before(async function () {
    this.timeout(60_000)
    const own = await startSystem()
    system = own.system
    stop = () => own.lifecycle.stop('over')
    facility = await newFacility(system)
    sensor = tus(system.url, { 'X-API-Key': facility.key.api_key })
    locks = connectLocks({ databaseUrl: system.config.DATABASE_URL, log: specLog, signal: over.signal })
  })
  after(async () => {
    await locks.close()
    await stop()
    rmSync(system.dataDir, { recursive: true, force: true })
  })

  const asked = (more: Partial<Balancing> = {}): Balancing => ({
    ...{
      store: system.store,
      objects: system.objects,
      graceMs: dayMs,
      now: later(dayMs + 60_000),
      signal: over.signal,
    },
    ...more,
  })
  async function* only(body: Buffer) {
    yield body
  }
  const put = (key: string) => system.objects.put(key, only(bytes), 'audio/wav')
  const has = async (key: string) => (await system.objects.size(key)) !== undefined
  const ready = (id: string) =>
    eventually(async () => expect((await system.admin.get(`/api/v1/uploads/${id}`)).body.status).to.equal('ready'))

  it('is rid of what no event names once it is old enough, and of nothing else', async function () {
    this.timeout(60_000)
    const { body } = await facility.sensor.upload(bytes)
    await ready(body.id)
    const kept = await keysBelow(system.objects, `uploads/${body.id}/`)
    expect(kept).to.have.length(4)
    const job = kept.find((key) => key.endsWith('/webm'))!.split('/')[2]!
    const orphans = [
      `uploads/${randomUUID()}/${randomUUID()}`,
      `uploads/${body.id}/${randomUUID()}`,
      `uploads/${body.id}/${job}/7/webm`,
      `uploads/${body.id}/${randomUUID()}/1/webm`,
      `firmware/${randomUUID()}/${randomUUID()}`,
    ]
    const foreign = `elsewhere/${unique('backup')}`
    await Promise.all([...orphans, foreign].map(put))
    const young = await sweepOrphans(asked({ now: later(0) }))
    expect([young.removed, young.due]).to.deep.equal([0, 0])
    expect(young.orphans).to.be.greaterThanOrEqual(orphans.length)
    for (const key of orphans) expect(await has(key), key).to.equal(true)
    await sweepOrphans(asked())
    for (const key of orphans) expect(await has(key), key).to.equal(false)
    for (const key of [...kept, foreign]) expect(await has(key), key).to.equal(true)
    await system.objects.remove(foreign)
  })

  it('is rid of it at a command too, which needs no Postgres', async () => {
    const { body } = await facility.sensor.upload(bytes)
    await ready(body.id)
    const kept = await keysBelow(system.objects, `uploads/${body.id}/`)
    const url = new URL(system.config.DATABASE_URL)
    url.pathname = 'of_no_such_name'
    const orphan = `uploads/${randomUUID()}/${randomUUID()}`
    await put(orphan)
    const env = { ...outsideServers(system.config), DATABASE_URL: url.href, ORPHAN_GRACE_SECS: '1' }
    await eventually(async () => {
      const { output } = await runProcess(['storage:check', '--sweep'], { DATA_DIR: system.dataDir, ...env })
      expect(await has(orphan), output).to.equal(false)
    })
    expect(await keysBelow(system.objects, `uploads/${body.id}/`)).to.deep.equal(kept)
  })

  describe('by workers whose Postgres is empty', () => {
    const empty = unique('dropped').replace('-', '_')
    const url = () => Object.assign(new URL(system.config.DATABASE_URL), { pathname: empty }).href
    let workers: { stop: () => Promise<void> }[] = []
    before(() => system.database.query(`create database ${empty}`))
    beforeEach(() => system.objects.remove(checkedKey))
    afterEach(async () => {
      await Promise.all(workers.map(({ stop }) => stop()))
      workers = []
    })
    after(() => system.database.query(`drop database ${empty}`))

    /** What it looks at: how often at all objects, at what comes in, and for the lock. */
    function worker(more: Partial<Balancing> = {}) {
      const stop = new AbortController()
      const { signal } = stop
      const own = connectLocks({ databaseUrl: url(), log: specLog, signal })
      const seen = { all: 0, rounds: 0, tries: 0 }
      const objects: typeof system.objects = {
        ...system.objects,
        list: (prefix) => {
          if (prefix === '') seen.all++
          if (prefix.startsWith('incoming')) seen.rounds++
          return system.objects.list(prefix)
        },
      }
      const tryTake: Locks['tryTake'] = (...asked) => (seen.tries++, own.tryTake(...asked))
      const running = runSweeper({
        ...asked({ objects, now: later(0), signal, ...more }),
        ...{ incoming: incomingIn(objects), finish: () => Promise.resolve(), expiryMs: dayMs },
        ...{ locks: { ...own, tryTake }, log: specLog, standbyMs: 20, incomingEveryMs: 20, orphansEveryMs: dayMs },
      })
      const made = { seen, stop: () => (stop.abort(), running.then(() => own.close())) }
      workers.push(made)
      return made
    }

    it('loses nothing but what no event names', async () => {
      const { body } = await facility.sensor.upload(bytes)
      await ready(body.id)
      const kept = await keysBelow(system.objects, `uploads/${body.id}/`)
      const orphan = `uploads/${randomUUID()}/${randomUUID()}`
      await put(orphan)
      worker({ graceMs: 0 })
      await eventually(async () => expect(await has(orphan)).to.equal(false))
      await eventually(async () => expect(await has(checkedKey)).to.equal(true))
      expect(await keysBelow(system.objects, `uploads/${body.id}/`)).to.deep.equal(kept)
    })

    it('is looked at as a whole by one of them, once a day, also when they are started again', async () => {
      const here = [worker(), worker()]
      const sum = (what: 'all' | 'rounds' | 'tries') => here.reduce((sum, { seen }) => sum + seen[what], 0)
      await eventually(() => expect([sum('all'), sum('rounds') > 3, sum('tries') > 3]).to.deep.equal([1, true, true]))
      expect(here.map(({ seen }) => seen.rounds > 0).sort()).to.deep.equal([false, true])
      await Promise.all(here.map(({ stop }) => stop()))
      const again = worker()
      await eventually(() => expect(again.seen.rounds).to.be.greaterThan(3))
      expect([sum('all'), again.seen.all]).to.deep.equal([1, 0])
      await system.objects.remove(checkedKey)
      await eventually(() => expect(again.seen.all, 'once that is long ago').to.equal(1))
    })
  })

  it('loses nothing when the log cannot be read', async () => {
    const key = `uploads/${randomUUID()}/${randomUUID()}`
    await put(key)
    const read = () => Promise.reject(new Error('away'))
    const told = await sweepOrphans(asked({ store: { ...system.store, read } })).catch((error: Error) => error.message)
    expect([told, await has(key)]).to.deep.equal(['away', true])
    await system.objects.remove(key)
  })

  it('loses nothing to a log that is another one’s, or one of before, however little there is', async () => {
    const { body } = await facility.sensor.upload(bytes)
    const named = (await system.store.read(`upload-${body.id}`))[0]!.data['object_key'] as string
    const keys = Array.from({ length: 6 }, () => `uploads/${randomUUID()}/${randomUUID()}`)
    await Promise.all(keys.map(put))
    for (const there of [keys.slice(0, 1), [...keys, named]]) {
      const list = (prefix: string) => (prefix === '' ? listed(there) : system.objects.list(prefix))
      async function* listed(these: string[]) {
        for (const key of these) yield { key, size_bytes: bytes.length, modified_at: new Date() }
      }
      const objects = { ...system.objects, list }
      const told = await sweepOrphans(asked({ objects })).catch((error: Error) => error.name)
      expect([told, await has(there[0]!)]).to.deep.equal(['TooMany', true])
    }
    await Promise.all(keys.map((key) => system.objects.remove(key)))
  })

  it('loses only what no event named when it was looked at, though the log is another one by then', async () => {
    const { body } = await facility.sensor.upload(bytes)
    await ready(body.id)
    const kept = await keysBelow(system.objects, `uploads/${body.id}/`)
    const orphan = `uploads/${randomUUID()}/${randomUUID()}`
    await put(orphan)
    let isGone = false
    const store: EventStore = {
      ...system.store,
      read: (...asked) => (isGone ? Promise.resolve([]) : system.store.read(...asked)),
      readAll: async function* (after) {
        yield* system.store.readAll(after)
        isGone = true
        forgetLoaded(store)
      },
    }
    const { due, removed } = await sweepOrphans(asked({ store }))
    expect(removed).to.equal(due)
    expect([await has(orphan), await keysBelow(system.objects, `uploads/${body.id}/`)]).to.deep.equal([false, kept])
  })

  it('is not led astray by what a device writes into its metadata', async () => {
    const [foreign, absent] = ['uploads/foreign', 'uploads/absent'].map((at) => `${at}/${randomUUID()}`)
    await put(foreign!)
    for (const object_key of ['', '../..', foreign, absent]) {
      const { status } = await facility.sensor.upload(bytes, {
        metadata: JSON.stringify({ object_key, size_bytes: 1 }),
      })
      expect(status).to.equal(201)
    }
    const orphans: string[] = []
    const { missing } = await balance(asked({ mostNamed: 10_000 }), ({ key }) => orphans.push(key))
    expect(missing).not.to.include.members([foreign]).and.not.include(absent)
    expect(orphans).to.include(foreign)
    await system.objects.remove(foreign!)
  })

  it('is told of what an event names and is not there; not of what was rejected or purged', async () => {
    const [lost, purged] = await Promise.all([facility.sensor.upload(bytes), facility.sensor.upload(bytes)])
    await Promise.all([ready(lost.body.id), ready(purged.body.id)])
    const keyOf = async (id: string) => (await system.store.read(`upload-${id}`))[0]!.data['object_key'] as string
    const keys = [await keyOf(lost.body.id), await keyOf(purged.body.id)]
    const at = new Date().toISOString()
    const change = (decision: ReturnType<typeof Upload.remove>, step: string) =>
      handle(system.store, Upload, purged.body.id, decision, systemIntent('spec', purged.body.id, step))
    await change(Upload.remove({ deleted_at: at }), 'remove')
    await change(Upload.purge({ purged_at: at, deleted_before: at }), 'purge')
    await Promise.all(keys.map((key) => system.objects.remove(key)))
    const { missing } = await balance(asked({ mostNamed: 10_000 }))
    expect(missing).to.include(keys[0]).and.not.include(keys[1])
    const { code, output } = await runProcess(['storage:check'], { DATA_DIR: system.dataDir })
    expect(output).to.match(/missing/i)
    expect(code).to.equal(1)
    await put(keys[0]!)
  })

  it('forgets what was not gone on with, and sees to what was complete', async () => {
    const incoming = incomingIn(system.objects)
    const half = located(await sensor.create(bytes.length))
    await sensor.patch(half, 0, bytes.subarray(0, 1000))
    const whole = located(await sensor.create(bytes.length))
    const id = whole.split('/').at(-1)!
    await incoming.putPiece(id, 0, bytes)
    const left = `incoming/${randomUUID()}/${'0'.repeat(15)}-9`
    await put(left)
    const deps = { store: system.store, objects: system.objects, incoming, locks, now: later(0) }
    const sweeping = {
      ...{ incoming, log: specLog, signal: over.signal, expiryMs: dayMs },
      finish: (one: string) => finish(deps, one),
    }
    await sweepIncoming({ ...sweeping, now: later(0) })
    const upload = derivedId('upload', 'incoming', id, '0')
    expect((await incoming.read(id))!.announced.upload_id).to.equal(upload)
    expect((await sensor.head(half)).headers.get('Upload-Offset')).to.equal('1000')
    await sweepIncoming({ ...sweeping, now: later(dayMs + 60_000) })
    expect(await keysBelow(system.objects, 'incoming/')).to.deep.equal([])
    expect((await system.store.read(`upload-${upload}`))[0]!.type).to.equal('UploadReceived')
  })
})
