import { expect } from 'chai'
import { expectProblem } from '../api.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('devices', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })
  const wanted = () => ({ facility_id: facility.id, name: 'Mic', serial: unique('S'), model: 'xs-1' })

  it('have a serial number of their own, also when many ask at once', async () => {
    const device = wanted()
    const answers = await Promise.all(Array.from({ length: 10 }, () => system.admin.post('/api/v1/devices', device)))
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) expectProblem(answer, 409, 'serial_taken')
  })

  it('refuse a repeated Idempotency-Key with another body, and reserve nothing for it', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const [device, other] = [wanted(), wanted()]
    const first = await system.admin.post('/api/v1/devices', device, key)
    expect((await system.admin.post('/api/v1/devices', device, key)).body).to.deep.equal(first.body)
    expectProblem(await system.admin.post('/api/v1/devices', other, key), 409, 'idempotency_clash')
    expect((await system.admin.post('/api/v1/devices', other)).status, 'the other serial is still free').to.equal(201)
  })

  it('send and are given nothing any more once decommissioned', async () => {
    const { device } = facility
    expect((await facility.facilityAdmin.api.post(`/api/v1/devices/${device.id}/decommission`)).status).to.equal(200)
    expectProblem(await system.admin.patch(`/api/v1/devices/${device.id}`, { name: 'x' }), 409, 'device_decommissioned')
    const key = { name: 'k', facility_id: facility.id, device_id: device.id, scopes: ['upload'] }
    expectProblem(await system.admin.post('/api/v1/api-keys', key), 409, 'device_decommissioned')
  })
})
