import { expect } from 'chai'
import { foldRow } from '../../../projections/engine/fold.ts'
import { facilities } from '../../../projections/facilities.ts'
import { uploads } from '../../../projections/uploads.ts'
import { facility, facilityRow, registered } from './facilities.ts'
import { at, type Event, id, later, recorded } from './folding.ts'
import { jobCompleted, jobRequested, jobStarted, uploadReceived } from './uploads.ts'

describe('the history of a row', () => {
  it('is the row before and after each event', () => {
    const events = [
      registered,
      [facility, 'FacilityRenamed', { name: 'Incheon works', renamed_at: later }],
      [facility, 'FacilityDeactivated', { deactivated_at: later }],
    ] satisfies Event[]
    const renamed = { ...facilityRow, name: 'Incheon works' }
    expect(foldRow(facilities, id(1), recorded(events))).to.deep.equal([
      { before: null, after: facilityRow },
      { before: facilityRow, after: renamed },
      { before: renamed, after: { ...renamed, status: 'inactive' } },
    ])
  })
  it('takes part of no other row, and gives the same one back where nothing changed', () => {
    const other = `facility-${id(9)}`
    const [first, ...rest] = foldRow(
      facilities,
      id(1),
      recorded([
        registered,
        [other, 'FacilityRegistered', { name: 'Busan', code: 'PUS-1', registered_at: at }],
        [other, 'FacilityRenamed', { name: 'Busan works', renamed_at: later }],
        [facility, 'SomethingElse', {}],
      ]),
    )
    expect(first!.after).to.deep.equal(facilityRow)
    expect(rest).to.have.lengthOf(3)
    for (const { before, after } of rest) {
      expect(before).to.equal(first!.after)
      expect(after).to.equal(first!.after)
    }
  })
  it('of an upload has the events of its job', () => {
    const steps = foldRow(uploads, id(6), recorded([uploadReceived, jobRequested, jobStarted, jobCompleted]))
    expect(steps.map(({ after }) => after?.['status'])).to.deep.equal([
      'received',
      'transcoding',
      'transcoding',
      'ready',
    ])
  })
  it('stops at what cannot be folded', () =>
    expect(() =>
      foldRow(
        facilities,
        id(1),
        recorded([registered, [facility, 'FacilityRenamed', {}, { metadata: { schema: 2 } }]]),
      ),
    ).to.throw('FacilityRenamed has schema 2'))
})
