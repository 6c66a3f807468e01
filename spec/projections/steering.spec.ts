import { expect } from 'chai'
import { systemIntent } from '../../commands/http.ts'
import { pause, promote, rollBack, tryAgain } from '../../commands/projections.ts'
import { projections } from '../../projections/all.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { promote as swap } from '../../projections/engine/promote.ts'
import { eventually } from '../eventually.ts'
import { projectionsUnderTest } from './underTest.ts'

describe('which version of a read model is shown', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const {
    ask,
    caughtUp,
    group,
    old,
    rows,
    shouting,
    someFacility,
    stateOf,
    stopGroups,
    tableForShouting,
    today,
    withNext,
  } = tested

  it('waits for an operator where that is wanted, and can be gone back from', async () => {
    await today()
    await tableForShouting()
    const { promoted } = group(withNext(shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    await someFacility()
    await caughtUp()
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    const client = await connectAlone(tested.connections.config.DATABASE_URL, () => undefined)
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
    const steering = {
      store: tested.connections.store,
      database: tested.connections.database,
      now: () => new Date().toISOString(),
    }
    const intent = () => systemIntent('spec', 'steering', String(Math.random()))
    expect(await rollBack(steering, 'facilities', intent())).to.deep.include({ version: 1 })
    await eventually(async () => expect((await stateOf('facilities', 1))?.serving).to.equal(true))
    const refused = await rollBack(steering, 'facilities', intent()).catch((error: { code: string }) => error.code)
    expect(refused).to.equal('not_ready')

    await stopGroups()
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
  it('is the one that operators had decided on once Postgres was lost as well', async () => {
    for (const [promotes, shown] of [
      ['manual', 2],
      ['auto', 2],
    ] as const) {
      await today()
      await tableForShouting()
      await rows('create table facilities_v3 (like facilities_v2 including all)')
      const later = { ...shouting, version: 3 }
      const steering = {
        store: tested.connections.store,
        database: tested.connections.database,
        now: () => new Date().toISOString(),
      }
      const intent = () => systemIntent('spec', 'steering', String(Math.random()))
      group(withNext(later), { retired: [...old('facilities'), shouting], promotes })
      await ask('facilities')
      await stopGroups()
      group(withNext(later), { retired: [...old('facilities'), shouting], promotes: 'manual' })
      for (const version of [2, 3])
        await eventually(async () => expect((await stateOf('facilities', version))?.state).to.equal('live'))
      await promote(steering, 'facilities', 2, intent()).catch(() => undefined)
      await promote(steering, 'facilities', 3, intent()).catch(() => undefined)
      await eventually(async () => expect((await stateOf('facilities', 3))!.serving).to.equal(true))
      await rollBack(steering, 'facilities', intent())
      await eventually(async () => expect((await stateOf('facilities', 2))!.serving).to.equal(true))
      await stopGroups()
      await rows('drop view facilities; delete from projections; delete from projection_groups')
      for (const { name, version } of [...projections, shouting, later]) await rows(`truncate ${name}_v${version}`)
      group(withNext(later), { retired: [...old('facilities'), shouting], promotes, followedFromStart: 0n })
      await eventually(async () => expect((await stateOf('facilities', shown))?.state).to.equal('live'))
      expect((await stateOf('facilities', shown))!.serving, promotes).to.equal(true)
      expect(await stateOf('facilities', 1), 'nobody shows it any more').to.equal(undefined)
      expect((await rows('select 1 from facilities')).length).to.equal(tested.facilities)
      await stopGroups()
      await rows(
        'drop view facilities; drop table facilities_v2, facilities_v3; delete from projections; delete from projection_groups',
      )
      for (const { name, version } of projections) await rows(`truncate ${name}_v${version}`)
    }
  })

  it('is seen by whom the one before was granted to, down to single columns', async () => {
    await today()
    await tableForShouting()
    await rows('create role reporting; create role "Some body"')
    try {
      await rows(
        `grant select on facilities to reporting with grant option; grant select (id, name) on facilities to "Some body"`,
      )
      const granted = () =>
        rows(`select has_table_privilege('reporting', 'facilities', 'select with grant option') as all,
                     has_column_privilege('Some body', 'facilities', 'name', 'select') as name,
                     has_column_privilege('Some body', 'facilities', 'code', 'select') as code`)
      const expected = [{ all: true, name: true, code: false }]
      expect(await granted()).to.deep.equal(expected)
      group(withNext(shouting), { retired: old('facilities') })
      await eventually(async () => expect((await stateOf('facilities', 2))?.serving).to.equal(true))
      expect(await granted(), 'once another version is shown').to.deep.equal(expected)
      await stopGroups()
      await rows(`update projections set state = 'building', position = null where name = 'facilities' and serving`)
      group(withNext(shouting), { retired: old('facilities') })
      await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
      expect(await granted(), 'once it was built again').to.deep.equal(expected)
    } finally {
      await rows('drop owned by reporting; drop owned by "Some body"; drop role reporting; drop role "Some body"')
    }
  })

  it('may stand still until an operator says otherwise, whoever leads, and misses nothing', async () => {
    await today()
    const steering = {
      store: tested.connections.store,
      database: tested.connections.database,
      now: () => new Date().toISOString(),
    }
    const known = async () => (await rows('select 1 from facilities')).length
    const before = await known()
    group(projections)
    expect(await pause(steering, 'facilities', 'spec')).to.equal(1)
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('stopped'))
    const { position } = (await stateOf('facilities', 1))!
    for (const _ of ['this leader', 'the next one']) {
      await someFacility()
      await caughtUp()
      expect(await pause(steering, 'facilities', 'spec')).to.equal(1)
      expect(await stateOf('facilities', 1)).to.deep.include({
        state: 'stopped',
        position,
        error: { message: 'paused: spec' },
      })
      expect(await known()).to.equal(before)
      await stopGroups()
      group(projections)
    }
    await tryAgain(steering, 'facilities')
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('live'))
    expect(await known()).to.equal(before + 2)
    await stopGroups()
    // While nobody leads it is decided all the same.
    await pause(steering, 'facilities')
    await someFacility()
    group(projections)
    await caughtUp()
    expect((await stateOf('facilities', 1))!.error!.message).to.equal('paused: by an operator')
    expect(await known()).to.equal(before + 2)
    await tryAgain(steering, 'facilities')
    await eventually(async () => expect(await known()).to.equal(before + 3))
  })
})
