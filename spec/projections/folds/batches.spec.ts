import { expect } from 'chai'
import type { Projection } from '../../../projections/engine/projection.ts'
import { facilities } from '../../../projections/facilities.ts'
import { uploads } from '../../../projections/uploads.ts'
import { frozen } from '../../domain/frozen.ts'
import { deviceRegistered } from './devices.ts'
import { facility, facilityRow, registered } from './facilities.ts'
import { type Event, fold, id, later, rowsAfter } from './folding.ts'
import { jobEvents, uploadRow } from './uploads.ts'

describe('a batch', () => {
  const rename = (name: string): Event => [facility, 'FacilityRenamed', { name, renamed_at: later }]

  it('asks for the rows it needs once, and for none it makes itself', async () => {
    expect((await fold(facilities, [registered])).loads).to.deep.equal([])
    const other = `facility-${id(9)}`
    const { loads } = await fold(facilities, [
      rename('a'),
      rename('b'),
      [other, 'FacilityDeactivated', {}],
      rename('c'),
    ])
    expect(loads).to.deep.equal([[id(1), id(9)]])
  })
  it('changes nothing where there is no row', async () => {
    const { rows, poison } = await fold(facilities, [rename('a')])
    expect([...rows]).to.deep.equal([])
    expect(poison).to.equal(undefined)
  })
  it('of other people’s events changes nothing', async () => {
    const { rows, appended, loads, poison } = await fold(facilities, [deviceRegistered, ['x-1', 'Y', {}]])
    expect({ rows: [...rows], appended, loads, poison }).to.deep.equal({
      rows: [],
      appended: [],
      loads: [],
      poison: undefined,
    })
  })
  it('writes nothing where the fold gives the same row back', async () => {
    const stored = new Map([[id(6), frozen({ ...uploadRow, status: 'rejected' })]])
    const { rows, loads } = await fold(uploads, jobEvents, stored)
    expect(loads).to.deep.equal([[id(6)]])
    expect([...rows]).to.deep.equal([])
  })
  it('deletes the row of which a fold gives null, and can make it anew', async () => {
    const facilitiesInUse: Projection = {
      ...facilities,
      on: { ...facilities.on, FacilityDeactivated: () => null },
    }
    const deactivated: Event = [facility, 'FacilityDeactivated', { deactivated_at: later }]
    expect([...(await fold(facilitiesInUse, [registered, deactivated, rename('a')])).rows]).to.deep.equal([
      [id(1), null],
    ])
    expect(await rowsAfter(facilitiesInUse, [registered], [deactivated])).to.deep.equal(new Map())
    expect(await rowsAfter(facilitiesInUse, [registered, deactivated, registered])).to.deep.equal(
      new Map([[id(1), facilityRow]]),
    )
  })
})
