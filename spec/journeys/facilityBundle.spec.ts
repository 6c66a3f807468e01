import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import { projections } from '../../projections/all.ts'
import { tableOf } from '../../projections/engine/projection.ts'
import { Chain } from '../../ops/audit/chain.ts'
import { footLine, headLine, lineOf, readExport } from '../../ops/events/exportFile.ts'
import { manifestOf, sumOfEvents, writeManifest } from '../../ops/facilities/bundle.ts'
import { holdsEvents } from '../../ops/events/importing.ts'
import { exportFacility } from '../../ops/facilities/exporting.ts'
import { importFacility, openBundle } from '../../ops/facilities/importing.ts'
import { keptSecrets } from '../../ops/platform/secrets.ts'
import { attachedConfig } from '../../ops/roles/environment.ts'
import { after as readAfter, apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { made, newModel, newSigningKey, published, signed } from '../firmware.ts'
import { newSensor } from '../firmwareOfDevices.ts'
import { runProcess, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { logIn, newFacility, startServers, startSystem, type System, unique } from '../system.ts'
import { keysBelow } from '../tus.ts'

type Facility = Awaited<ReturnType<typeof newFacility>>
type Rows = Map<string, Record<string, unknown>>

/** All rows of every read model, by model and row, without what is of the log they were folded from. */
async function rowsOf(databaseUrl: string): Promise<Map<string, Rows>> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    const found = new Map<string, Rows>()
    for (const projection of projections) {
      const { rows } = await client.query<{ row: Record<string, unknown> }>(
        `select to_jsonb(t) as row from ${tableOf(projection)} t`,
      )
      const named = ({ position: _, ...row }: Record<string, unknown>) =>
        [`${String(row['id'])} ${String(row['stream'] ?? '')} ${String(row['revision'] ?? '')}`, row] as const
      found.set(projection.name, new Map(rows.map(({ row }) => named(row))))
    }
    return found
  } finally {
    await client.end()
  }
}

describe('a facility that moves to an installation of its own', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
  const bundle = join(folder, 'plant')
  const recording = sound('wav', { seconds: 0.3 })
  const model = newModel()
  let system: System
  let stop: () => Promise<void>
  let [ours, theirs] = [] as unknown as [Facility, Facility]
  let here: { DATA_DIR: string }
  const known = { upload: '', tag: '', moved: '', erased: '', forAll: '', gone: '', sensor: '' }

  async function received({ sensor, user }: Facility): Promise<string> {
    const { body } = await sensor.upload(recording, { metadata: JSON.stringify({ as: unique('it') }) })
    await eventually(async () =>
      expect((await user.api.get(`/api/v1/uploads/${body.id}`)).body.status).to.equal('ready'),
    )
    return body.id as string
  }

  before(async () => {
    const own = await startSystem()
    ;({ system } = own)
    stop = () => own.lifecycle.stop('over')
    here = { DATA_DIR: system.dataDir }
    ;[ours, theirs] = [await newFacility(system), await newFacility(system)]
    const { admin } = system
    const person = (name: string, facility_id: string) =>
      made(
        admin.post('/api/v1/users', {
          ...{ email: `${unique(name)}@example.test`, password: unique('a long password'), name, role: 'user' },
          facility_id,
        }),
      )
    known.upload = await received(ours)
    known.gone = await received(ours)
    await received(theirs)
    known.tag = (await made(admin.post('/api/v1/tags', { facility_id: ours.id, name: 'humming' }))).id
    await made(admin.put(`/api/v1/uploads/${known.upload}/tags`, { tag_ids: [known.tag] }), 200)
    await made(admin.put(`/api/v1/facilities/${ours.id}/settings/recording_retention_days`, { value: 30 }), 200)
    await made(admin.put('/api/v1/system/settings/recording_purge_days', { value: 90 }), 200)
    await made(admin.delete(`/api/v1/uploads/${known.gone}`), 204)
    // One who came from elsewhere, one who left, one who was erased.
    known.moved = (await person('comes', theirs.id)).id
    await made(admin.patch(`/api/v1/users/${known.moved}`, { facility_id: ours.id }), 200)
    const left = (await person('leaves', ours.id)).id
    await made(admin.patch(`/api/v1/users/${left}`, { facility_id: theirs.id }), 200)
    known.erased = (await person('goes', ours.id)).id
    await made(admin.post(`/api/v1/users/${known.erased}/erase`), 200)
    const fields = { device_model: model, version: '2.0.0' }
    const key = await newSigningKey(admin)
    const image = Buffer.alloc(3000, 'i')
    const release = await published(admin, signed(image, fields, key), image)
    known.forAll = release.id
    await made(admin.post(`/api/v1/firmware/${release.id}/activate`), 200)
    const sensor = await newSensor(system, ours.id, model)
    known.sensor = sensor.api_key
    await sensor.check('1.0.0')
    await published(admin, signed(image, { device_model: newModel(), version: '1.0.0' }, key), image)
  })
  after(async () => {
    await stop()
    for (const left of [folder, system.dataDir]) rmSync(left, { recursive: true, force: true })
  })

  const parts = <Result>(_: string, act: (progress: () => void) => Promise<Result>) => act(() => undefined)
  const failed = (act: Promise<unknown>) =>
    act.then(
      () => 'it did not fail',
      (error: Error) => error.message,
    )

  it('leaves as a bundle that tells nobody who its people are without its key', async () => {
    const { code, output } = await runProcess(['facility:export', ours.id, bundle], here)
    expect(code, output).to.equal(0)
    expect(output).to.include(ours.id).and.include('.key')
    const files = readdirSync(bundle, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const key = readFileSync(`${bundle}.key`, 'utf8').trim()
    const bytes = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
    const text = [...bytes, gunzipSync(readFileSync(join(bundle, 'events.ndjson.gz')))].join('\n')
    expect(text).to.include(ours.user.id)
    for (const secret of [key, system.config.DATA_ENCRYPTION_KEY, ours.user.email])
      expect(text.includes(secret), 'it is in the bundle').to.equal(false)
    const copied = files.map((entry) => join(entry.parentPath, entry.name).slice(join(bundle, 'objects/').length))
    for (const key of await keysBelow(system.objects, `uploads/${known.upload}/`)) expect(copied).to.include(key)
    expect(copied.some((key) => key.startsWith(`uploads/${known.gone}`))).to.equal(true, 'it can be restored yet')
  })

  it('is named by its id or its code, and goes into a folder of its own', async () => {
    const exporting = (facility: string, to: string) =>
      exportFacility(system.config, facility, { to, keyFile: `${to}.key`, parts })
    expect(await failed(exporting('nowhere', join(folder, 'n')))).to.include('no facility nowhere')
    const [again, other] = [`${bundle}.key`, join(folder, 'other.key')]
    expect(await failed(exporting(ours.id, bundle))).to.include(`${again} is there already`)
    const into = (keyFile: string) => exportFacility(system.config, ours.id, { to: bundle, keyFile, parts })
    expect(await failed(into(other))).to.include('is not empty')
    expect(await failed(into(join(bundle, 'objects', 'k')))).to.include('outside of the bundle')
    expect(existsSync(other)).to.equal(false)
    const { code } = (await system.admin.get(`/api/v1/facilities/${theirs.id}`)).body
    expect((await exporting(code as string, join(folder, 'by code'))).facility_id).to.equal(theirs.id)
  })

  it('is refused where anything of it was changed, with another key, and where there is something already', async () => {
    const opening = (from: string, key = `${bundle}.key`) => failed(openBundle(from, key, parts))
    expect(await opening(bundle, join(folder, 'by code.key'))).to.include('not the one that was written with')
    expect(await opening(join(folder, 'none'))).to.include('no finished bundle')
    const changed = join(folder, 'changed')
    cpSync(bundle, changed, { recursive: true })
    const [object] = await keysBelow(system.objects, `uploads/${known.upload}/`)
    appendFileSync(join(changed, 'objects', object!), 'x')
    expect(await opening(changed))
      .to.include(object!)
      .and.include('not what was exported')
    appendFileSync(join(changed, 'events.ndjson.gz'), 'x')
    expect(await opening(changed))
      .to.include('events.ndjson.gz')
      .and.include('not what was exported')
    const manifest = readFileSync(join(bundle, 'bundle.json'), 'utf8')
    writeFileSync(join(changed, 'bundle.json'), manifest.replace(/"lines": \d+/, '"lines": 1'))
    expect(await opening(changed)).to.include('do not trust this bundle')
    writeFileSync(join(changed, 'bundle.json'), '{}')
    expect(await opening(changed))
      .to.include('bundle.json')
      .and.include('none that this release can read')
    expect(await opening(await withSuperAdmin())).to.include('is not of this facility: do not trust')
    const opened = await openBundle(bundle, `${bundle}.key`, parts)
    expect(await failed(importFacility(system.config, opened, parts))).to.include('not empty')
  })

  /** The bundle as somebody who has its key would make another of it, in which a person of the facility has risen. */
  async function withSuperAdmin(): Promise<string> {
    const to = join(folder, 'risen')
    cpSync(bundle, to, { recursive: true })
    const secret = readFileSync(`${bundle}.key`, 'utf8').trim()
    const chain = new Chain()
    const lines = [headLine]
    let last = 0n
    for await (const { line, what } of readExport(join(bundle, 'events.ndjson.gz'))) {
      if ('event' in what) lines.push(lineOf({ ...what.event, position: 0n }, chain, new Set())!)
      else if ('ended' in what) lines.push(line)
      if ('event' in what && what.event.stream === `user-${ours.user.id}`) last = what.event.revision
    }
    const json = (content: object) => Buffer.from(JSON.stringify(content))
    const event = { id: randomUUID(), stream: `user-${ours.user.id}`, revision: last + 1n, position: 0n, isJson: true }
    const data = json({ role: 'super_admin', changed_at: new Date().toISOString() })
    lines.push(lineOf({ ...event, type: 'UserRoleChanged', data, metadata: json({ schema: 1 }) }, chain, new Set())!)
    lines.push(footLine(lines.length - 1, chain.head), '')
    writeFileSync(join(to, 'events.ndjson.gz'), gzipSync(lines.join('\n')))
    await writeManifest(to, { ...(await manifestOf(to, secret)), events: await sumOfEvents(to) }, secret)
    return to
  }

  /** An import that ends among the events. */
  async function brokenOff(dataDir: string) {
    const { stack, config } = await startServers(dataDir)
    try {
      const opened = await openBundle(bundle, `${bundle}.key`, parts)
      const breaking: typeof parts = (what, act) => {
        let told = 0
        return act(() => {
          if (what === 'copying events' && ++told > 50) throw new Error('broken off')
        })
      }
      const why = await importFacility(config, opened, breaking).catch((error: Error) => error.message)
      expect(why).to.equal('broken off')
      expect(await holdsEvents(config.EVENTSTORE_URL)).to.equal(true)
    } finally {
      await stack.stop()
    }
  }

  it('is there again under another DATA_ENCRYPTION_KEY: people, keys, recordings and history, and nothing of others', async () => {
    const there = { DATA_DIR: join(folder, 'there') }
    await brokenOff(there.DATA_DIR)
    const started = await runProcess(['up'], there)
    expect(started.output).to.include('broken off').and.include('facility:import')
    expect(started.code).to.equal(1)
    const { code, output } = await runProcess(['facility:import', bundle], there)
    expect(code, output).to.equal(0)
    expect(output).to.include(ours.id)
    expect(readdirSync(bundle).sort()).to.deep.equal(['bundle.json', 'events.ndjson.gz', 'objects'])
    const { url, stop: stopThere } = await startProcess(there.DATA_DIR, { env: there })
    try {
      expect(keptSecrets(there.DATA_DIR).DATA_ENCRYPTION_KEY).not.to.equal(system.config.DATA_ENCRYPTION_KEY)
      const config = attachedConfig(there)!
      const [before, now] = await eventually(async () => {
        const [one, other] = [await rowsOf(system.config.DATABASE_URL), await rowsOf(config.DATABASE_URL)]
        expect([...other.get('uploads')!.keys()]).to.have.length(2)
        expect(other.get('audit')!.size).to.be.greaterThan(40)
        return [one, other] as const
      }, 30_000)
      const text = (row: object | undefined) => JSON.stringify(row)
      let [same, others] = [0, 0]
      for (const [name, rows] of now)
        for (const [id, row] of rows) {
          const was = before.get(name)!.get(id)
          // All but how the key of names is wrapped.
          if (was && row['resource'] !== 'nameKey') expect(row, name).to.deep.equal(was)
          if (was) same++
          else others++
          if (text(row).includes(theirs.id)) expect(text(row), name).to.include(known.moved)
        }
      expect(others, 'of the first super_admin alone').to.be.lessThan(12)
      expect(same).to.be.greaterThan(80)
      for (const [name, rows] of before)
        for (const [id, row] of rows)
          if (row['facility_id'] === ours.id && name !== 'audit')
            expect(now.get(name)!.has(id), `${name} ${text(row)}`).to.equal(true)

      const person = await logIn(url, ours.user.email, ours.user.password)
      const download = await person.get(`/api/v1/uploads/${known.upload}/download`)
      expect(download.bytes.equals(recording)).to.equal(true)
      expect((await person.get(`/api/v1/uploads/${known.upload}`)).body.tags).to.have.length(1)
      const sent = await apiOf(url, { 'X-API-Key': ours.key.api_key }).upload(recording, { metadata: '{"moved":1}' })
      expect(sent.status).to.equal(201)
      expect((await person.get('/api/v1/uploads', readAfter(sent))).body.total).to.equal(2)
      const told = await apiOf(url, { 'X-API-Key': known.sensor }).get('/api/v1/firmware/check?current_version=1.0.0')
      expect(told.body.release_id ?? told.body.release?.id).to.equal(known.forAll)
      const head = await logIn(url, ours.facilityAdmin.email, ours.facilityAdmin.password)
      const settings = (await head.get(`/api/v1/facilities/${ours.id}/settings`)).body.items as object[]
      expect(settings).to.deep.include({ key: 'recording_purge_days', value: 90, source: 'facility', set_here: 90 })
      const people = (await head.get('/api/v1/users?per_page=100')).body.items as { id: string; name: string }[]
      expect(people.map(({ id }) => id))
        .to.include(known.moved)
        .and.include(known.erased)
      // The name of a person is found again: it is reserved under the key of names that came along.
      const again = { email: ours.user.email, password: unique('a long password'), name: 'Other', role: 'user' }
      expect((await head.post('/api/v1/users', { ...again, facility_id: ours.id })).body.code).to.equal('email_taken')
      for (const command of [['storage:check'], ['audit:verify'], ['projections:check']]) {
        const checked = await runProcess(command, there)
        expect(checked.code, checked.output).to.equal(0)
      }
    } finally {
      await stopThere()
    }
  })
})
