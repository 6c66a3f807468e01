import { expect } from 'chai'
import { rmSync } from 'node:fs'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as ProjectionStream from '../../domain/projection.ts'
import { promote, rollBack } from '../../commands/projections.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { NewEvent } from '../../ops/platform/eventStore.ts'
import { createLifecycle, type Lifecycle } from '../../ops/platform/lifecycle.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { projections } from '../../projections/all.ts'
import { build } from '../../projections/engine/build.ts'
import { BeingBuilt, Building } from '../../projections/engine/building.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { check } from '../../projections/engine/check.ts'
import { diff } from '../../projections/engine/diff.ts'
import { runGroup } from '../../projections/engine/group.ts'
import { promote as swap } from '../../projections/engine/promote.ts'
import type { AnyProjection, Projection } from '../../projections/engine/projection.ts'
import { rebuild } from '../../projections/engine/rebuild.ts'
import { eventually } from '../eventually.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'
import { v5 as uuid } from 'uuid'

const at = '2026-11-24T09:00:00.000Z'
const idOf = (words: string) => uuid(words, '0d6bbd47-7c2f-4c5d-9d30-3f8f6b3b7a11')
const never = () => false

/** What the release of tomorrow makes of a read model of today. */
const nextOf = (name: string, change: (one: Projection) => Partial<Projection>): Projection => {
  const today = projections.find((one) => one.name === name) as Projection
  return { ...today, version: today.version + 1, ...change(today) }
}

describe('building a new version of a read model', function () {
  this.timeout(30_000)
  const dataDir = temporaryDataDir()
  const lifecycle: Lifecycle = createLifecycle({ log: specLog })
  let connections: Connections
  let groups: { stop: () => Promise<unknown> }[] = []
  let facilities = 0

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    for (let i = 0; i < 60; i++) await someFacility()
    for (let i = 0; i < 40; i++) await someUpload(i)
  })
  afterEach(async () => {
    await Promise.all(groups.map((group) => group.stop()))
    groups = []
    for (const version of [2, 3])
      await rows(
        `drop view if exists facilities, uploads; drop table if exists facilities_v${version}, uploads_v${version}`,
      )
    await rows(`delete from projections where version > 1; update projections set serving = true`)
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const append = (stream: string, events: [type: string, data: Record<string, unknown>][], from = -1) =>
    connections.store.append(
      stream,
      events.map(([type, data], i): NewEvent => ({
        id: idOf(`${stream} ${from + 1 + i}`),
        type,
        data,
        metadata: { schema: 1, actor: { kind: 'system', id: 'spec' } },
      })),
      from < 0 ? 'no_stream' : from,
    )
  async function someFacility() {
    const n = facilities++
    const id = idOf(`facility ${n}`)
    await append(`facility-${id}`, [
      ['FacilityRegistered', { name: `Plant ${n}`, code: `P-${n}`, timezone: 'Asia/Seoul', registered_at: at }],
      ['FacilityRenamed', { name: `Works\t${n}\\n`, renamed_at: at }],
    ])
    return id
  }
  async function someUpload(n: number) {
    const [upload, job, facility] = [idOf(`upload ${n}`), idOf(`job ${n}`), idOf(`facility ${n % 10}`)]
    const received = {
      facility_id: facility,
      file_name: `"${n}", ${n}.wav`,
      content_type: 'audio/wav',
      object_key: `k${n}`,
      size_bytes: n,
      sha256: 'ab',
      metadata: { n, deep: ['\u2028', "it's"] },
      received_at: at,
    }
    await append(`upload-${upload}`, [['UploadReceived', received]])
    await append(`transcodeJob-${job}`, [
      [
        'TranscodeRequested',
        { upload_id: upload, facility_id: facility, formats: ['opus-webm'], bitrate: 96_000, requested_at: at },
      ],
      ['TranscodeStarted', { upload_id: upload, attempt: 1, worker: 'w', started_at: at }],
      ...(n % 3
        ? []
        : [
            ['TranscodeFailed', { upload_id: upload, attempt: 1, reason: 'no sound', failed_at: at }] as [
              string,
              Record<string, unknown>,
            ],
          ]),
    ])
    await append(
      `upload-${upload}`,
      [
        ['UploadTagged', { tag_id: idOf('tag'), tagged_at: at }],
        ...(n % 5 ? [] : [['UploadDeleted', { deleted_at: at }] as [string, Record<string, unknown>]]),
      ],
      0,
    )
  }

  const rows = async <Row>(sql: string, values: unknown[] = []) =>
    (await connections.database.query(sql, values)).rows as Row[]
  const stateOf = async (name: string, version: number) =>
    (
      await rows<{ state: string; serving: boolean; error: { message: string } | null; position: string | null }>(
        'select * from projections where name = $1 and version = $2',
        [name, version],
      )
    )[0]

  function group(
    members: readonly AnyProjection[],
    {
      retired = [],
      promotes = 'auto' as 'auto' | 'manual',
    }: { retired?: readonly AnyProjection[]; promotes?: 'auto' | 'manual' } = {},
  ) {
    const controller = new AbortController()
    const { signal } = controller
    const common = { databaseUrl: connections.config.DATABASE_URL, store: connections.store, log: specLog, signal }
    const read = () =>
      connections.store.readFast(undefined, (why) => {
        throw why
      })
    const building: Build = (versions) => build({ ...common, read, projections: [...members, ...retired], versions })
    const builds = new Builds(building, specLog, signal)
    const promoted: [string, number, number | undefined][] = []
    const onPromoted = (...what: [string, number, number | undefined]) => Promise.resolve(promoted.push(what))
    const running = runGroup({ ...common, projections: members, retired, builds, promotes, onPromoted })
    const started = { promoted, stop: () => (controller.abort(), Promise.all([running, builds.settled()])) }
    groups.push(started)
    return started
  }
  const withNext = (next: Projection) => projections.map((one) => (one.name === next.name ? next : one))
  const old = (name: string) => [projections.find((one) => one.name === name)!]
  const caughtUp = () =>
    eventually(async () => {
      const [at] = await rows<{ position: string }>(`select position from projection_groups`)
      expect(BigInt(at?.position ?? -1)).to.equal(await connections.store.head())
    })
  async function today() {
    const running = group(projections)
    await caughtUp()
    await running.stop()
  }

  const shouting = nextOf('facilities', (one) => ({
    on: {
      ...one.on,
      FacilityRenamed: (row, { data }) => ({ ...row, name: data.name, loud_name: data.name.toUpperCase() }),
    },
  }))
  const tableForShouting = () => rows('create table facilities_v2 (like facilities_v1 including all, loud_name text)')

  it('happens beside the one that is read, is shown once verified, and both are followed from then on', async () => {
    await today()
    await tableForShouting()
    const { promoted } = group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    expect(promoted).to.deep.equal([['facilities', 2, 1]])
    const id = await someFacility()
    await caughtUp()
    expect(await rows('select loud_name from facilities where id = $1', [id])).to.deep.equal([
      { loud_name: `WORKS\t${facilities - 1}\\N` },
    ])
    const difference = `select id, name, code, timezone, status from facilities_v1 except select id, name, code, timezone, status from facilities_v2`
    expect(await rows(difference)).to.deep.equal([])
    expect((await rows('select 1 from facilities_v1')).length).to.equal(facilities)
  })

  it('makes the same rows as the live group, whatever leaves the cache on the way', async () => {
    await today()
    const { config, store } = connections
    for (const maxRows of [1, 7, 30, 1_000_000]) {
      const candidates = [nextOf('facilities', () => ({})), nextOf('uploads', () => ({}))]
      const buildings: Building[] = []
      for (const one of candidates) {
        await rows(
          `drop table if exists ${one.name}_v2; create table ${one.name}_v2 (like ${one.name}_v1 including all)`,
        )
        await rows(
          `insert into projections (name, version, state, serving) values ($1, 2, 'building', false) on conflict (name, version) do update set state = 'building', position = null`,
          [one.name],
        )
        buildings.push((await Building.begin(config.DATABASE_URL, one, () => undefined))!)
      }
      const signal = new AbortController().signal
      async function* small() {
        for await (const batch of store.readAll(undefined))
          for (let i = 0; i < batch.length; i += 10) yield batch.slice(i, i + 10)
      }
      const position = await rebuild({ events: small(), buildings, skipped: never, onProgress: never, signal, maxRows })
      for (const building of buildings) {
        await building.finish(position)
        await building.end()
      }
      for (const { name } of candidates) {
        const both = await rows(
          `(select * from ${name}_v1 except select * from ${name}_v2) union all (select * from ${name}_v2 except select * from ${name}_v1)`,
        )
        expect(both, `${name} with ${maxRows} rows in memory`).to.deep.equal([])
        const [counted] = await rows<{ expected: { rows: number } }>(
          `select expected from projections where name = $1 and version = 2`,
          [name],
        )
        expect(counted!.expected.rows).to.equal((await rows(`select 1 from ${name}_v1`)).length)
      }
    }
  })

  it('stops at an event that it cannot fold, says which, and holds up nobody', async () => {
    await today()
    await tableForShouting()
    await rows('create table uploads_v2 (like uploads_v1 including all)')
    let broken = true
    const fussy = nextOf('facilities', (one) => ({
      on: {
        ...one.on,
        FacilityRenamed: (row, { data }) => {
          if (broken && data.name.includes('17')) throw new Error('seventeen')
          return { ...row, name: data.name }
        },
      },
    }))
    const members = withNext(fussy).map((one) => (one.name === 'uploads' ? nextOf('uploads', () => ({})) : one))
    const running = group(members, { retired: [...old('facilities'), ...old('uploads')] })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('stopped'))
    expect((await stateOf('facilities', 2))!.error).to.deep.include({
      message: 'seventeen',
      type: 'FacilityRenamed',
      stream: `facility-${idOf('facility 17')}`,
    })
    await eventually(async () => expect((await stateOf('uploads', 2))?.serving).to.equal(true))
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    await someFacility()
    await caughtUp()
    expect((await rows('select 1 from facilities')).length).to.equal(facilities)
    await running.stop()

    broken = false
    group(members, { retired: [...old('facilities'), ...old('uploads')] })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving, 'once mended').to.equal(true))
  })

  it('is not shown when its rows are not what their events say', async () => {
    await today()
    await tableForShouting()
    let calls = 0
    const fickle = nextOf('facilities', (one) => ({
      on: { ...one.on, FacilityRenamed: (row, { data }) => ({ ...row, name: `${data.name} ${calls++}` }) },
    }))
    group(withNext(fickle), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('stopped'))
    const { error, serving } = (await stateOf('facilities', 2))!
    expect(serving).to.equal(false)
    expect(error!.message).to.match(
      /rows of facilities_v2 differ from their events, such as [0-9a-f-]{36} in name \(0@facility-.*1@facility-/,
    )
  })

  it('says what is wrong with a table that is not there, or does not take its rows', async () => {
    await today()
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () =>
      expect((await stateOf('facilities', 2))?.error?.message).to.include('no table facilities_v2'),
    )
    await groups.pop()!.stop()
    await rows('create table facilities_v2 (like facilities_v1 including all, loud_name integer)')
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () =>
      expect((await stateOf('facilities', 2))?.error?.message).to.match(/integer.*loud_name/),
    )
  })

  it('is refused while another one is at it', async () => {
    await tableForShouting()
    const { DATABASE_URL } = connections.config
    await rows(`insert into projections (name, version, state, serving) values ('facilities', 2, 'building', false)`)
    const first = (await Building.begin(DATABASE_URL, shouting, () => undefined))!
    const second = Building.begin(DATABASE_URL, shouting, () => undefined)
    expect(await second.catch((error: unknown) => error)).to.be.instanceOf(BeingBuilt)
    await first.end()
    await (await Building.begin(DATABASE_URL, shouting, () => undefined))!.end()
  })

  it('waits for an operator where that is wanted, and can be gone back from', async () => {
    await today()
    await tableForShouting()
    const { promoted } = group(withNext(shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    await someFacility()
    await caughtUp()
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    const client = await connectAlone(connections.config.DATABASE_URL, () => undefined)
    expect(await swap(client, 'facilities', 2)).to.equal(1)
    expect((await rows<{ loud_name: string }>('select loud_name from facilities limit 1'))[0]!.loud_name).to.match(
      /WORKS/,
    )
    expect(await swap(client, 'facilities', 1)).to.equal(2)
    expect(await rows<object>('select * from facilities limit 1').then(([row]) => Object.keys(row!))).to.not.include(
      'loud_name',
    )
    expect(await swap(client, 'facilities', 3).catch((error: Error) => error.message)).to.equal(
      'Version 3 of facilities is not there, and cannot be shown',
    )
    expect(promoted).to.deep.equal([])
    await client.end()
  })

  it('is steered by what the stream of the projection says, on whichever instance it was said', async () => {
    await today()
    await tableForShouting()
    const { promoted } = group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    const steering = { store: connections.store, database: connections.database, now: () => new Date().toISOString() }
    const intent = () => systemIntent('spec', 'steering', String(Math.random()))
    expect(await rollBack(steering, 'facilities', intent())).to.deep.include({ version: 1 })
    await eventually(async () => expect((await stateOf('facilities', 1))?.serving).to.equal(true))
    const refused = await rollBack(steering, 'facilities', intent()).catch((error: { code: string }) => error.code)
    expect(refused).to.equal('not_ready')

    await groups.pop()!.stop()
    const again = group(withNext(shouting), { retired: old('facilities') })
    await someFacility()
    await caughtUp()
    expect((await stateOf('facilities', 1))?.serving, 'a start does not undo it').to.equal(true)
    expect(again.promoted).to.deep.equal([])
    expect(await promote(steering, 'facilities', undefined, intent())).to.deep.include({ version: 2 })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    expect(promoted).to.deep.equal([['facilities', 2, 1]])
    const unknown = await promote(steering, 'facilities', 7, intent()).catch((error: { code: string }) => error.code)
    expect(unknown).to.equal('not_ready')
  })

  it('can be compared with the one that is read, down to the events that make the difference', async () => {
    await today()
    await rows('create table facilities_v2 (like facilities_v1 including all)')
    const louder = nextOf('facilities', (one) => ({
      on: {
        ...one.on,
        FacilityRenamed: (row, { data }) => ({
          ...row,
          name: data.name.endsWith('7\\n') ? `${data.name}!` : data.name,
        }),
      },
    }))
    group(withNext(louder), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    const client = await connectAlone(connections.config.DATABASE_URL, () => undefined)
    const position = await connections.store.head()
    const difference = await diff({
      client,
      store: connections.store,
      before: old('facilities')[0]!,
      after: louder,
      position,
      skipped: never,
      samples: 2,
    })
    await client.end()
    const differing = Math.floor((facilities - 8) / 10) + 1
    expect(difference).to.deep.include({
      added: 0,
      removed: 0,
      changed: differing,
      fields: [{ field: 'name', rows: differing }],
    })
    expect(difference.samples).to.have.length(2)
    for (const { id, kind, fields, since } of difference.samples) {
      expect([kind, since]).to.deep.equal(['changed', `FacilityRenamed 1@facility-${id}`])
      expect(fields).to.have.length(1)
      expect(fields[0]!.after).to.equal(`${String(fields[0]!.before)}!`)
    }
  })

  it('leaves nothing that the whole log, folded anew, does not say', async () => {
    await today()
    group(projections)
    await caughtUp()
    const checked = () =>
      check({
        databaseUrl: connections.config.DATABASE_URL,
        store: connections.store,
        projections,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      })
    for (const { name, drift, fault } of await checked()) {
      expect(fault, name).to.equal(undefined)
      expect([drift.added, drift.removed, drift.changed], name).to.deep.equal([0, 0, 0])
    }
    const [wrong, gone, extra] = [idOf('facility 3'), idOf('facility 4'), idOf('nobody')]
    await rows(`update facilities_v1 set timezone = 'Mars' where id = $1`, [wrong])
    await rows(`delete from facilities_v1 where id = $1`, [gone])
    await rows(
      `insert into facilities_v1 select $1, name, code, timezone, address, status, created_at from facilities_v1 where id = $2`,
      [extra, wrong],
    )
    const [lost] = await rows<object>(
      `delete from resource_events_v1 where ctid in (select ctid from resource_events_v1 limit 1) returning *`,
    )
    const found = new Map((await checked()).map(({ name, drift }) => [name, drift]))
    const { added, removed, changed, samples } = found.get('facilities')!
    expect({ added, removed, changed }).to.deep.equal({ added: 1, removed: 1, changed: 1 })
    expect(samples.find(({ id }) => id === wrong)!.fields).to.deep.equal([
      { field: 'timezone', before: 'Mars', after: 'Asia/Seoul' },
    ])
    expect(samples.map(({ id, kind }) => [id, kind])).to.have.deep.members([
      [wrong, 'changed'],
      [gone, 'added'],
      [extra, 'removed'],
    ])
    expect(found.get('resource_events')).to.deep.include({ added: 1, removed: 0 })
    await rows(`insert into resource_events_v1 select * from jsonb_populate_record(null::resource_events_v1, $1)`, [
      JSON.stringify(lost),
    ])
  })

  // The last one: what is skipped is skipped for ever.
  it('passes over an event that an operator told it to', async () => {
    await today()
    await tableForShouting()
    const fussy = nextOf('facilities', (one) => ({
      on: {
        ...one.on,
        FacilityRenamed: (row, { data }) => {
          if (data.name.includes('23')) throw new Error('twenty-three')
          return { ...row, name: data.name }
        },
      },
    }))
    const running = group(withNext(fussy), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('stopped'))
    await running.stop()
    const { position } = (await stateOf('facilities', 2))!.error as unknown as { position: string }
    const skip = ProjectionStream.skip({ position, reason: 'spec', skipped_at: at })
    await handle(connections.store, ProjectionStream, 'facilities', skip, systemIntent('spec', 'skip', position))
    group(withNext(fussy), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    expect(await rows('select name from facilities where id = $1', [idOf('facility 23')])).to.deep.equal([
      { name: 'Plant 23' },
    ])
  })
})
