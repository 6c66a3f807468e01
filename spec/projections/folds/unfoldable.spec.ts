import { expect } from 'chai'
import type { Recorded } from '../../../ops/platform/eventStore.ts'
import { devices } from '../../../projections/devices.ts'
import type { Row } from '../../../projections/engine/fold.ts'
import type { Projection } from '../../../projections/engine/projection.ts'
import { facilities } from '../../../projections/facilities.ts'
import { uploads } from '../../../projections/uploads.ts'
import { users } from '../../../projections/users.ts'
import { frozen } from '../../domain/frozen.ts'
import { deviceRegistered, deviceRow } from './devices.ts'
import { facility, facilityRow, registered } from './facilities.ts'
import { type Event, fold, id, later, recorded, rowsAfter } from './folding.ts'
import { job, jobCompleted, jobRequested, uploadReceived, uploadRow } from './uploads.ts'
import { user, userData, userRow } from './users.ts'

describe('an event that cannot be folded', () => {
  const rename = (name: string, more: Partial<Recorded> = {}): Event => [
    facility,
    'FacilityRenamed',
    { name, renamed_at: later },
    more,
  ]
  const ofTheFuture = { metadata: { schema: 2 } }

  it('stops the projection there: what came before is kept, what comes after waits', async () => {
    const events = [registered, rename('before'), rename('broken', ofTheFuture), rename('after')]
    const { rows, poison } = await fold(facilities, events)
    expect([...rows.values()]).to.deep.equal([{ ...facilityRow, name: 'before' }])
    expect(poison!.event).to.deep.equal(recorded(events)[2])
    expect(poison!.error.message).to.equal('FacilityRenamed has schema 2; this version knows 1')
  })
  it('stops nobody who does not need it', async () => {
    const events = [deviceRegistered, rename('broken', ofTheFuture)]
    const { rows, poison } = await fold(devices, events)
    expect([...rows.values()]).to.deep.equal([deviceRow])
    expect(poison).to.equal(undefined)
  })
  it('stops nobody who does not look into it', async () => {
    const unreadable = new Error('Unsupported state or unable to authenticate data')
    const events: Event[] = [
      [user, 'UserRegistered', userData],
      [user, 'UserDeactivated', { deactivated_at: later }, { unreadable }],
    ]
    expect((await rowsAfter(users, events)).get(id(2))).to.include({ status: 'inactive' })
  })
  it('is one whose personal fields cannot be opened', async () => {
    const unreadable = new Error('Unsupported state or unable to authenticate data')
    const { rows, poison } = await fold(users, [
      [user, 'UserRegistered', userData],
      [user, 'UserRenamed', { name: { sealed: 'v1', box: 'x' }, renamed_at: later }, { unreadable }],
    ])
    expect([...rows.values()]).to.deep.equal([userRow])
    expect(poison!.error).to.equal(unreadable)
  })
  it('is one in a stream that is not ours', async () => {
    const { rows, poison } = await fold(facilities, [['somebodyElse-1', 'FacilityRegistered', {}]])
    expect(rows.size).to.equal(0)
    expect(poison!.error.message).to.equal('somebodyElse-1 is no stream of ours')
  })
  it('is one that names rows which cannot be read from it', async () => {
    const { rows, poison } = await fold(uploads, [
      uploadReceived,
      jobRequested,
      [job, 'TranscodeFailed', {}, ofTheFuture],
      jobCompleted,
    ])
    expect([...rows.values()]).to.deep.equal([{ ...uploadRow, status: 'transcoding' }])
    expect(poison!.event.type).to.equal('TranscodeFailed')
  })
  it('leaves nothing of itself behind, not even the first of two rows', async () => {
    const pairs: Projection<Row> = {
      ...facilities,
      on: {
        FacilityRenamed: {
          rows: () => [id(1), id(2)],
          fold: (row) => {
            if (row?.id === id(2)) throw new Error('broken')
            return row && { ...row, seen: true }
          },
        },
      },
    }
    const stored = new Map([1, 2].map((n) => [id(n), frozen({ id: id(n), seen: false })]))
    const { rows, poison } = await fold(pairs, [rename('a')], stored)
    expect(poison!.error.message).to.equal('broken')
    expect([...rows]).to.deep.equal([])
  })
})
