import { expect } from 'chai'
import { after } from '../api.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('the history of a device that has moved', () => {
  let system: System
  let former: Awaited<ReturnType<typeof newFacility>>
  let present: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    former = await newFacility(system)
    present = await newFacility(system)
  })

  it('comes along, without the names of the people where it was; where it is, whoever has left is named still', async () => {
    const registration = { facility_id: former.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const { body } = await former.facilityAdmin.api.post('/api/v1/devices', registration)
    const path = `/api/v1/devices/${body.id}`
    await system.admin.patch(path, { facility_id: present.id })
    await present.facilityAdmin.api.patch(path, { name: 'Microphone' })
    const left = await system.admin.patch(`/api/v1/users/${present.facilityAdmin.id}`, { facility_id: former.id })
    const history = (await present.user.api.get(`${path}/history`, after(left))).body.items as {
      type: string
      actor: { id: string; name: string | null }
    }[]
    expect(history.map(({ type, actor }) => [type, actor.name])).to.deep.equal([
      ['DeviceRegistered', null],
      ['DeviceMovedToFacility', 'Admin'],
      ['DeviceRenamed', 'facility_admin'],
    ])
    const all = (await system.admin.get(`${path}/history`, after(left))).body.items as typeof history
    expect(all.map(({ actor }) => actor.name)).to.deep.equal(['facility_admin', 'Admin', 'facility_admin'])
  })
})
