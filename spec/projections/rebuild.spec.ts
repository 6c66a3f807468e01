import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as ProjectionStream from '../../domain/projection.ts'
import { BeingBuilt, Building } from '../../projections/engine/building.ts'
import { rebuild } from '../../projections/engine/rebuild.ts'
import { eventually } from '../eventually.ts'
import { at, idOf, nextOf, projectionsUnderTest } from './underTest.ts'

const never = () => false

describe('building a new version of a read model', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { caughtUp, group, old, rows, shouting, someFacility, stateOf, stopGroups, tableForShouting, today, withNext } =
    tested

  it('happens beside the one that is read, is shown once verified, and both are followed from then on', async () => {
    await today()
    await tableForShouting()
    const { promoted, subscriptions } = group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    expect(promoted).to.deep.equal([['facilities', 2, 1]])
    const id = await someFacility()
    await caughtUp()
    expect(await rows('select loud_name from facilities where id = $1', [id])).to.deep.equal([
      { loud_name: `WORKS\t${tested.facilities - 1}\\N` },
    ])
    const difference = `select id, name, code, timezone, status from facilities_v1 except select id, name, code, timezone, status from facilities_v2`
    expect(await rows(difference)).to.deep.equal([])
    expect((await rows('select 1 from facilities_v1')).length).to.equal(tested.facilities)
    expect(subscriptions(), 'what is followed stays open').to.equal(1)
  })

  it('makes the same rows as the live group, whatever leaves the cache on the way', async () => {
    await today()
    const { config, store } = tested.connections
    for (const maxRows of [1, 7, 30, 1_000_000]) {
      const candidates = [nextOf('facilities', () => ({})), nextOf('uploads', () => ({}))]
      const buildings: Building[] = []
      for (const one of candidates) {
        const [next, today] = [one.version, one.version - 1].map((version) => `${one.name}_v${version}`)
        await rows(`drop table if exists ${next}; create table ${next} (like ${today} including all)`)
        await rows(
          `insert into projections (name, version, state, serving) values ($1, $2, 'building', false) on conflict (name, version) do update set state = 'building', position = null`,
          [one.name, one.version],
        )
        buildings.push((await Building.begin(config.DATABASE_URL, one, () => undefined))!)
      }
      const signal = new AbortController().signal
      async function* small() {
        for await (const batch of store.readAll(undefined))
          for (let i = 0; i < batch.length; i += 10) yield batch.slice(i, i + 10)
      }
      const { position } = await rebuild({
        events: small(),
        buildings,
        skipped: never,
        onProgress: never,
        signal,
        maxRows,
      })
      for (const building of buildings) {
        await building.finish(position)
        await building.end()
      }
      for (const { name, version } of candidates) {
        const [next, today] = [version, version - 1].map((one) => `${name}_v${one}`)
        const both = await rows(
          `(select * from ${today} except select * from ${next}) union all (select * from ${next} except select * from ${today})`,
        )
        expect(both, `${name} with ${maxRows} rows in memory`).to.deep.equal([])
        const [counted] = await rows<{ expected: { rows: number } }>(
          `select expected from projections where name = $1 and version = $2`,
          [name, version],
        )
        expect(counted!.expected.rows).to.equal((await rows(`select 1 from ${today}`)).length)
      }
    }
  })

  it('stops at an event that it cannot fold, says which, and holds up nobody', async () => {
    await today()
    await tableForShouting()
    await rows('create table uploads_v3 (like uploads_v2 including all)')
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
    await eventually(async () => expect((await stateOf('uploads', 3))?.serving).to.equal(true))
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    await someFacility()
    await caughtUp()
    expect((await rows('select 1 from facilities')).length).to.equal(tested.facilities)
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
    await stopGroups()
    await rows('create table facilities_v2 (like facilities_v1 including all, loud_name integer)')
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () =>
      expect((await stateOf('facilities', 2))?.error?.message).to.match(/integer.*loud_name/),
    )
  })

  it('has every index that is asked for, however long its name', async () => {
    await today()
    await tableForShouting()
    const all = 'status, created_at, code, timezone, address, name, loud_name'
    const indexes = [`${all}, id`, `${all}, id desc`, 'code']
    group(withNext({ ...shouting, indexes }), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    const found = await rows<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes where tablename = 'facilities_v2'`,
    )
    for (const columns of indexes)
      expect(found.filter(({ definition }) => definition.toLowerCase().endsWith(`(${columns})`))).to.have.length(1)
    expect(found.map(({ name }) => name)).to.include('facilities_v2_code')
  })

  it('is filled without the indexes that it will have, and keeps what somebody else has made', async () => {
    await tableForShouting()
    const { DATABASE_URL } = tested.connections.config
    await rows(`insert into projections (name, version, state, serving) values ('facilities', 2, 'building', false)`)
    await rows('create index facilities_v2_code on facilities_v2 (code)')
    await rows('create index reporting on facilities_v2 (name)')
    const building = (await Building.begin(DATABASE_URL, { ...shouting, indexes: ['code'] }, () => undefined))!
    const found = await building.client.query<{ name: string }>(
      `select indexname as name from pg_indexes where tablename = 'facilities_v2'`,
    )
    await building.end()
    const names = found.rows.map(({ name }) => name)
    expect(names).to.include('reporting').and.not.include('facilities_v2_code')
  })

  it('is refused while another one is at it', async () => {
    await tableForShouting()
    const { DATABASE_URL } = tested.connections.config
    await rows(`insert into projections (name, version, state, serving) values ('facilities', 2, 'building', false)`)
    const first = (await Building.begin(DATABASE_URL, shouting, () => undefined))!
    const second = Building.begin(DATABASE_URL, shouting, () => undefined)
    expect(await second.catch((error: unknown) => error)).to.be.instanceOf(BeingBuilt)
    await first.end()
    await (await Building.begin(DATABASE_URL, shouting, () => undefined))!.end()
  })

  // The last one: what is skipped is skipped for ever.
  it('passes over an event that an operator told it to', async () => {
    await today()
    await tableForShouting()
    const fussy = tested.fussyAbout('23')
    const running = group(withNext(fussy), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('stopped'))
    await running.stop()
    const { position } = (await stateOf('facilities', 2))!.error as unknown as { position: string }
    const skip = ProjectionStream.skip({ position, reason: 'spec', skipped_at: at })
    await handle(tested.connections.store, ProjectionStream, 'facilities', skip, systemIntent('spec', 'skip', position))
    group(withNext(fussy), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    expect(await rows('select name from facilities where id = $1', [idOf('facility 23')])).to.deep.equal([
      { name: 'Plant 23' },
    ])
  })
})
