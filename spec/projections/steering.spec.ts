import { expect } from 'chai'
import { systemIntent } from '../../commands/http.ts'
import { promote, rollBack } from '../../commands/projections.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { promote as swap } from '../../projections/engine/promote.ts'
import { eventually } from '../eventually.ts'
import { projectionsUnderTest } from './underTest.ts'

describe('which version of a read model is shown', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { caughtUp, group, old, rows, shouting, someFacility, stateOf, stopGroups, tableForShouting, today, withNext } =
    tested

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
})
