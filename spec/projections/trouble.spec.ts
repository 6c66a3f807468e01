import { expect } from 'chai'
import { systemIntent } from '../../commands/http.ts'
import { skip } from '../../commands/projections.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { projections } from '../../projections/all.ts'
import { Building } from '../../projections/engine/building.ts'
import { rebuild } from '../../projections/engine/rebuild.ts'
import type { AnyProjection, Projection } from '../../projections/engine/projection.ts'
import { listenForPositions } from '../../read-api/freshness.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'
import { at, idOf, nextOf, projectionsUnderTest } from './underTest.ts'

const resourceEvents = projections.find(({ name }) => name === 'resource_events')!
const nextResourceEvents = { ...resourceEvents, version: 4 } as AnyProjection

describe('read models on a bad day', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { append, ask, buildOnce, caughtUp, group, old, rows, shouting, someFacility } = tested
  const { stateOf, stopGroups, tableForShouting, today, withNext } = tested
  const replaced = (next: AnyProjection) => projections.map((one) => (one.name === next.name ? next : one))

  async function hearing<Result>(
    act: (heard: ReturnType<typeof listenForPositions>) => Promise<Result>,
  ): Promise<Result> {
    const controller = new AbortController()
    const { DATABASE_URL: databaseUrl } = tested.connections.config
    const heard = listenForPositions({ databaseUrl, log: specLog, signal: controller.signal })
    await eventually(() => expect(heard.position()).to.be.a('bigint'))
    try {
      return await act(heard)
    } finally {
      controller.abort()
      await heard.done
    }
  }
  const waiting = (heard: ReturnType<typeof listenForPositions>, position: bigint, name: string) =>
    heard.waitFor(position, [name], new AbortController().signal).then(
      () => 'passed',
      (error: { code: string }) => error.code,
    )

  it('a build that comes late does not touch what is followed and read by now', async () => {
    await today()
    const count = async () => (await rows('select 1 from facilities_v1')).length
    const before = await count()
    await buildOnce(projections, ['facilities@1'])
    expect((await stateOf('facilities', 1))!.state).to.equal('live')
    expect(await count()).to.equal(before)
  })

  it('of two instances the one whose build is refused meanwhile finds that there is nothing left to do', async () => {
    await today()
    await tableForShouting()
    await ask('facilities')
    let finish!: () => void
    const gate = new Promise<void>((resolve) => (finish = resolve))
    async function* slowly() {
      yield* tested.connections.store.readAll(undefined)
      await gate
    }
    const first = buildOnce(withNext(shouting), ['facilities@2'], slowly)
    await eventually(async () =>
      expect(
        await rows(`select 1 from pg_locks where locktype = 'advisory' and granted and classid <> 0`),
      ).to.not.have.length(0),
    )
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () =>
      expect((await rows('select 1 from projections where serving')).length).to.be.greaterThan(0),
    )
    finish()
    await first
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
    const seen = new Set<string>()
    const watched = performance.now() + 1500 // The second build begins again within a second.
    while (performance.now() < watched) seen.add((await stateOf('facilities', 2))!.state)
    expect([...seen]).to.deep.equal(['live'])
  })

  it('a version that was built farther than the group has come joins when the group gets there, and sees nothing twice', async () => {
    await today()
    await rows('create table resource_events_v4 (like resource_events_v3 including all)')
    await ask('resource_events', 4)
    await someFacility() // Nobody follows: the build gets ahead.
    await buildOnce(replaced(nextResourceEvents), ['resource_events@4'])
    expect((await stateOf('resource_events', 4))!.state).to.equal('ready')
    group(replaced(nextResourceEvents), { retired: [resourceEvents], promotes: 'manual' })
    await caughtUp()
    await eventually(async () => expect((await stateOf('resource_events', 4))!.state).to.equal('live'))
    await someFacility()
    await caughtUp()
    const difference = 'select * from resource_events_v3 except all select * from resource_events_v4'
    expect(await rows(difference)).to.deep.equal([])
    expect((await stateOf('resource_events', 4))!.error).to.equal(null)
  })

  it('a release that does not know a version leaves it where it stands, and the next one that does goes on from there', async () => {
    await today()
    await tableForShouting()
    group(withNext(shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    await stopGroups()
    group(projections)
    const id = await someFacility()
    await caughtUp()
    expect((await stateOf('facilities', 2))!.error!.message).to.include('cannot fold version 2')
    await stopGroups()
    group(withNext(shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    expect(await rows('select 1 from facilities_v2 where id = $1', [id])).to.have.length(1)
  })

  it('a version that nobody has built yet is not taken for built by a release that does not know it', async () => {
    await today()
    await tableForShouting()
    await ask('facilities')
    group(projections)
    await someFacility()
    await caughtUp()
    const { state, position, error } = (await stateOf('facilities', 2))!
    expect({ state, position }, 'it does not look as if somebody were at it').to.deep.equal({
      state: 'stopped',
      position: null,
    })
    expect(error!.message).to.include('cannot fold version 2')
    await stopGroups()
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
  })

  it('who reads after a write is told when the shown version is not followed, and when it is again', async () => {
    await today()
    await tableForShouting()
    await hearing(async (heard) => {
      group(withNext(shouting), { promotes: 'manual' }) // Its release forgot the fold of version 1.
      await eventually(async () => expect((await stateOf('facilities', 1))?.state).to.equal('stopped'))
      await someFacility()
      await caughtUp()
      const head = (await tested.connections.store.head())!
      expect(await waiting(heard, head, 'facilities')).to.equal('read_model_behind')
      await eventually(() => expect(heard.position()).to.equal(head))
      expect(await waiting(heard, head, 'facilities')).to.equal('read_model_behind')
      expect(await waiting(heard, head, 'uploads')).to.equal('passed')
      await stopGroups()
      group(projections)
      // Nothing is written any more: it is told all the same.
      await eventually(async () => expect(await waiting(heard, head, 'facilities')).to.equal('passed'))
    })
  })

  it('somebody who reads for long holds up the swap, and nothing else', async () => {
    await today()
    await tableForShouting()
    const reader = await connectAlone(tested.connections.config.DATABASE_URL, () => undefined)
    await reader.query('begin; select * from facilities limit 1')
    group(withNext(shouting), { retired: old('facilities') })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    for (let i = 0; i < 3; i++) {
      const id = await someFacility()
      await eventually(
        async () => expect(await rows('select 1 from facilities_v1 where id = $1', [id])).to.have.length(1),
        3000,
      )
    }
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    await reader.end()
    await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
  })

  it('a member without its table stops alone', async () => {
    await today()
    await rows('alter table devices_v1 rename to devices_gone')
    try {
      group(projections)
      const id = await someFacility()
      await eventually(async () =>
        expect(await rows('select 1 from facilities_v1 where id = $1', [id])).to.have.length(1),
      )
      expect((await stateOf('devices', 1))!.error!.message).to.include('no table devices_v1')
    } finally {
      await stopGroups()
      await rows('alter table devices_gone rename to devices_v1')
    }
    group(projections)
    await eventually(async () => expect((await stateOf('devices', 1))?.state).to.equal('live'))
  })

  it('what Postgres refuses of one version stops that one, and quotes nobody', async () => {
    await today()
    await tableForShouting()
    await rows('alter table facilities_v2 add must integer not null')
    await rows('create table resource_events_v4 (like resource_events_v3 including all, must integer not null)')
    await rows('create table uploads_v3 (like uploads_v2 including all)')
    const members = [shouting, nextResourceEvents, nextOf('uploads', () => ({}))].reduce<readonly AnyProjection[]>(
      (all, next) => all.map((one) => (one.name === next.name ? next : one)),
      projections,
    )
    group(members, { retired: [...old('facilities'), ...old('uploads'), resourceEvents] })
    await eventually(async () => expect((await stateOf('uploads', 3))?.serving).to.equal(true))
    for (const { name, version } of [shouting, nextResourceEvents]) {
      const { state, error } = (await stateOf(name, version))!
      expect(state, name).to.equal('stopped')
      expect(error!.message, name).to.match(/null value in column "must".*\(line 1, column must\)/)
      expect(JSON.stringify(error), name).to.not.match(/Plant|Works|facility-/)
    }
  })

  it('what makes a row that is there already is refused, by the group and by a build, whether it holds the row or not', async () => {
    await today()
    const [id, registered] = [idOf('twice'), { name: 'First', code: 'f', registered_at: at }]
    const stream = `facility-${id}`
    await append(stream, [['FacilityRegistered', registered]])
    group(projections)
    await caughtUp()
    await append(stream, [['FacilityRegistered', { ...registered, name: 'Second' }]], 0)
    await caughtUp()
    expect((await stateOf('facilities', 1))!.error).to.deep.include({ stream, revision: 1, type: 'FacilityRegistered' })
    expect(await rows('select name from facilities where id = $1', [id])).to.deep.equal([{ name: 'First' }])
    await stopGroups()
    const steering = {
      store: tested.connections.store,
      database: tested.connections.database,
      now: () => new Date().toISOString(),
    }
    await tableForShouting()
    await ask('facilities')
    await buildOnce(withNext(shouting), ['facilities@2'])
    expect((await stateOf('facilities', 2))!.error!.message).to.include('is there already')
    await rows(`update projections set state = 'building', error = null where name = 'facilities' and version = 2`)
    const building = (await Building.begin(tested.connections.config.DATABASE_URL, shouting, () => undefined))!
    const signal = new AbortController().signal
    const events = tested.connections.store.readAll(undefined)
    const never = () => false
    await rebuild({ events, buildings: [building], skipped: never, onProgress: never, signal, maxRows: 1 })
    const refused = building.halted?.message ?? (await building.finish(1n).catch((error: Error) => error.message))
    expect(refused).to.match(/is there already|unique/)
    await building.end()
    const { position } = (await stateOf('facilities', 1))!.error as unknown as { position: string }
    await skip(steering, 'facilities', { position, reason: 'spec' }, systemIntent('spec', 'skip', position))
    group(projections)
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('live'))
  })

  it('half of a pair of surrogates stops a build as it stops the group, and holds up no other', async () => {
    await append(`facility-${idOf('surrogate')}`, [
      ['FacilityRegistered', { name: 'half \ud800', code: 's', registered_at: at }],
    ])
    const unicode = (one: AnyProjection) => (one.name === 'facilities' ? { ...(one as Projection), on: {} } : one)
    group(projections.map(unicode))
    await caughtUp()
    await stopGroups()
    await tableForShouting()
    await rows('create table uploads_v3 (like uploads_v2 including all)')
    await ask('facilities')
    await ask('uploads', 3)
    await buildOnce([...projections, shouting, nextOf('uploads', () => ({}))], ['facilities@2', 'uploads@3'])
    expect((await stateOf('facilities', 2))!.error!.message).to.include('surrogates')
    expect((await stateOf('uploads', 3))!.state).to.equal('ready')
  })

  it('a build ends with an error when Postgres goes away in the middle, and leaves nothing decided', async () => {
    await stopGroups()
    await rows('create table resource_events_v4 (like resource_events_v3 including all)')
    await ask('resource_events', 4)
    async function* cut() {
      for await (const batch of tested.connections.store.readAll(undefined)) {
        for (let i = 0; i < 20; i++) yield batch.map((event) => ({ ...event, position: event.position + BigInt(i) }))
        const killed = await rows(
          `select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy resource_events_v4%'`,
        )
        expect(killed).to.have.length(1)
        for (let i = 0; i < 20; i++) yield batch
      }
    }
    const error = await buildOnce(replaced(nextResourceEvents), ['resource_events@4'], cut).catch(
      (error: Error) => error,
    )
    expect(error).to.be.instanceOf(Error)
    expect(await stateOf('resource_events', 4)).to.include({ state: 'building', error: null })
  })
})
