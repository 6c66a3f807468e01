import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { finish } from '../../commands/resumableFinish.ts'
import * as Upload from '../../domain/upload.ts'
import { incomingIn } from '../../ops/platform/incoming.ts'
import { connectLocks, type Locks } from '../../ops/platform/locks.ts'
import { outsideServers, runProcess } from '../process.ts'
import { sweepIncoming } from '../../workers/incoming.ts'
import { balance, type Balancing, sweepOrphans } from '../../workers/orphans.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, specLog, type System, theSystem, unique } from '../system.ts'
import { keysBelow, located, type Tus, tus } from '../tus.ts'

describe('the object store, held against the log', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let sensor: Tus
  let locks: Locks
  const bytes = sound('wav', { seconds: 0.3 })
  const over = new AbortController()
  const later = (ms: number) => () => new Date(Date.now() + ms).toISOString()
  const dayMs = 86_400_000
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    sensor = tus(system.url, { 'X-API-Key': facility.key.api_key })
    locks = connectLocks({ databaseUrl: system.config.DATABASE_URL, log: specLog, signal: over.signal })
  })
  after(() => locks.close())

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

  it('loses nothing when Postgres was just dropped', async () => {
    const { body } = await facility.sensor.upload(bytes)
    await ready(body.id)
    const kept = await keysBelow(system.objects, `uploads/${body.id}/`)
    const empty = unique('dropped').replace('-', '_')
    await system.database.query(`create database ${empty}`)
    const url = new URL(system.config.DATABASE_URL)
    url.pathname = empty
    const orphan = `uploads/${randomUUID()}/${randomUUID()}`
    await put(orphan)
    const env = { ...outsideServers(system.config), DATABASE_URL: url.href, ORPHAN_GRACE_SECS: '1' }
    await eventually(async () => {
      const { output } = await runProcess(['storage:check', '--sweep'], { DATA_DIR: system.dataDir, ...env })
      expect(await has(orphan), output).to.equal(false)
    })
    expect(await keysBelow(system.objects, `uploads/${body.id}/`)).to.deep.equal(kept)
    await system.database.query(`drop database ${empty}`)
  })

  it('loses nothing when the log cannot be read', async () => {
    const key = `uploads/${randomUUID()}/${randomUUID()}`
    await put(key)
    const read = () => Promise.reject(new Error('away'))
    const told = await sweepOrphans(asked({ store: { ...system.store, read } })).catch((error: Error) => error.message)
    expect([told, await has(key)]).to.deep.equal(['away', true])
    await system.objects.remove(key)
  })

  it('loses nothing to a log that is another one’s', async () => {
    const keys = Array.from({ length: 120 }, () => `uploads/${randomUUID()}/${randomUUID()}`)
    await Promise.all(keys.map(put))
    const objects = { ...system.objects, list: () => listed(keys) }
    async function* listed(these: string[]) {
      for (const key of these) yield { key, size_bytes: bytes.length, modified_at: new Date() }
    }
    const told = await sweepOrphans(asked({ objects })).catch((error: Error) => error.name)
    expect([told, await has(keys[0]!)]).to.deep.equal(['TooMany', true])
    await Promise.all(keys.map((key) => system.objects.remove(key)))
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
