import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { skip as skipCommand } from '../../commands/projections.ts'
import * as ProjectionStream from '../../domain/projection.ts'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { eventually } from '../eventually.ts'
import { at, idOf, projectionsUnderTest } from './underTest.ts'

describe('an event that is passed over by order', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { caughtUp, fussyAbout, group, old, rows, stateOf, stopGroups, tableForShouting, today, withNext } = tested

  const positionOf = async (n: number, revision: number) => {
    const [event] = await tested.connections.store.read(`facility-${idOf(`facility ${n}`)}`, { from: revision, max: 1 })
    return String(event!.position)
  }
  const nameOf = async (n: number, table = 'facilities') =>
    (await rows<{ name: string }>(`select name from ${table} where id = $1`, [idOf(`facility ${n}`)]))[0]?.name
  const skip = (name: string, position: string) =>
    handle(
      tested.connections.store,
      ProjectionStream,
      name,
      ProjectionStream.skip({ position, reason: 'spec', skipped_at: at }),
      systemIntent('spec', 'skip', name, position),
    )
  async function expectNoDrift(known: readonly AnyProjection[], count = known.length) {
    const signal = new AbortController().signal
    const { config, store } = tested.connections
    const given = { databaseUrl: config.DATABASE_URL, store, projections: known, signal, onProgress: () => undefined }
    const checked = await check(given)
    expect(checked).to.have.length(count)
    for (const { name, version, drift, fault } of checked)
      expect([fault, drift.added, drift.removed, drift.changed], `${name} ${version}`).to.deep.equal([
        undefined,
        0,
        0,
        0,
      ])
  }

  it('is passed over by the version that had folded it too, which is read all the while', async () => {
    await today()
    await tableForShouting()
    const fussy = fussyAbout('23')
    group(withNext(fussy), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('stopped'))
    expect(await nameOf(23)).to.equal('Works\t23\\n')
    const steering = {
      store: tested.connections.store,
      database: tested.connections.database,
      now: () => new Date().toISOString(),
    }
    const position = await positionOf(23, 1)
    await skipCommand(steering, 'facilities', { position, reason: 'spec' }, systemIntent('spec', 'skip', position))
    await eventually(async () => expect(await nameOf(23)).to.equal('Plant 23'))
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    await expectNoDrift([...withNext(fussy), ...old('facilities')])
  })

  it('is passed over also in what the group remembers of the row, by which it goes on', async () => {
    await today()
    group(projections)
    const stream = `facility-${idOf('facility 9')}`
    const last = (await tested.connections.store.read(stream)).at(-1)!.revision
    const before = await nameOf(9)
    await tested.append(stream, [['FacilityRenamed', { name: 'Wrong', renamed_at: at }]], last)
    await eventually(async () => expect(await nameOf(9)).to.equal('Wrong'))
    await skip('facilities', await positionOf(9, last + 1))
    await eventually(async () => expect(await nameOf(9)).to.equal(before))
    await tested.append(stream, [['FacilityDetailsChanged', { address: 'Elsewhere', changed_at: at }]], last + 1)
    await caughtUp()
    expect(await nameOf(9)).to.equal(before)
    await expectNoDrift(projections)
    await stopGroups()
  })

  it('and that made a row takes the row with it', async () => {
    await today()
    group(projections)
    await skip('facilities', await positionOf(5, 0))
    await eventually(async () => expect(await nameOf(5)).to.equal(undefined))
    expect((await stateOf('facilities', 1))!.state).to.equal('live')
    await caughtUp()
    await expectNoDrift(projections)
  })

  it('is found to have been folded by whoever leads next, and by a version that stood still', async () => {
    await today()
    await skip('facilities', await positionOf(6, 1))
    await rows(`update projections set state = 'stopped', position = g.position, error = '{"message":"spec"}'
                  from projection_groups g where projections.name = 'facilities'`)
    group(projections)
    await eventually(async () => expect(await nameOf(6)).to.equal('Plant 6'))
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('live'))
    await expectNoDrift(projections)
  })

  it('is taken out of a build that began before it was said', async () => {
    await today()
    await tableForShouting()
    await tested.ask('facilities')
    let said = false
    async function* slowly() {
      for await (const batch of tested.connections.store.readAll(undefined)) {
        if (!said) await skip('facilities', await positionOf(7, 1))
        said = true
        yield batch
      }
    }
    await tested.buildOnce(withNext(tested.shouting), ['facilities@2'], slowly)
    expect(await nameOf(7, 'facilities_v2')).to.equal('Works\t7\\n')
    group(withNext(tested.shouting), { retired: old('facilities'), promotes: 'manual' })
    await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
    await caughtUp()
    expect(await nameOf(7, 'facilities_v2')).to.equal('Plant 7')
    await expectNoDrift([...withNext(tested.shouting), ...old('facilities')])
    await stopGroups()
  })

  // The last one: nothing is found by these events any more.
  it('has what only adds rows built again', async () => {
    await today()
    group(projections)
    await caughtUp()
    const position = await positionOf(8, 1)
    const known = () => rows('select 1 from resource_events_v3 where position = $1', [position])
    expect(await known()).to.have.length(1)
    await skip('resource_events', position)
    await eventually(async () => expect(await known()).to.have.length(0))
    await eventually(async () => expect((await stateOf('resource_events', 3))!.state).to.equal('live'))
    await caughtUp()
    await expectNoDrift(projections)
  })
})
