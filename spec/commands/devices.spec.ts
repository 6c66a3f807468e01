import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { after, expectProblem } from '../api.ts'
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
    const answers = await Promise.all(Array.from({ length: 50 }, () => system.admin.post('/api/v1/devices', device)))
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

  describe('are moved', () => {
    const made = async () => (await system.admin.post('/api/v1/devices', wanted())).body as { id: string }
    const move = (id: string, body: object, api = system.admin) => api.patch(`/api/v1/devices/${id}`, body)

    it('to another facility by a super admin, whose people see it from then on, and the others no more', async () => {
      const [{ id }, there] = [await made(), await newFacility(system)]
      const answer = await move(id, { facility_id: there.id, name: 'Mic 2' })
      expect(answer.body).to.deep.include({ facility_id: there.id, name: 'Mic 2' })
      const path = `/api/v1/devices/${id}`
      expect((await there.user.api.get(path, after(answer))).body).to.deep.include({ id, facility_id: there.id })
      expectProblem(await facility.user.api.get(path), 404, 'not_found')
      expectProblem(await move(id, { name: 'mine' }, facility.facilityAdmin.api), 404, 'not_found')
      expect((await move(id, { name: 'Mic 3' }, there.facilityAdmin.api)).status).to.equal(200)
      const types = (await system.store.read(`device-${id}`)).map(({ type }) => type)
      expect(types).to.deep.equal(['DeviceRegistered', 'DeviceRenamed', 'DeviceMovedToFacility', 'DeviceRenamed'])
    })

    it('by nobody else, and only to a facility that is there and active', async () => {
      const [{ id }, there] = [await made(), await newFacility(system)]
      const { api } = facility.facilityAdmin
      expectProblem(await move(id, { facility_id: there.id }, api), 403, 'forbidden')
      expectProblem(await move(randomUUID(), { facility_id: there.id }, api), 403, 'forbidden')
      expectProblem(await move(id, { facility_id: facility.id }, facility.user.api), 403, 'forbidden')
      expect((await move(id, { facility_id: facility.id, name: 'Mic' }, api)).status, 'to where it is').to.equal(200)
      expectProblem(await move(id, { facility_id: randomUUID() }), 404, 'not_found')
      await system.admin.post(`/api/v1/facilities/${there.id}/deactivate`)
      expectProblem(await move(id, { facility_id: there.id }), 409, 'facility_inactive')
      for (const facility_id of ['', 'x', null, 1])
        expectProblem(await move(id, { facility_id }), 400, 'invalid_request')
      expect(await system.store.read(`device-${id}`)).to.have.length(1)
    })
  })

  it('send and are given nothing any more once decommissioned', async () => {
    const { device } = facility
    expect((await facility.facilityAdmin.api.post(`/api/v1/devices/${device.id}/decommission`)).status).to.equal(200)
    expectProblem(await system.admin.patch(`/api/v1/devices/${device.id}`, { name: 'x' }), 409, 'device_decommissioned')
    const key = { name: 'k', facility_id: facility.id, device_id: device.id, scopes: ['upload'] }
    expectProblem(await system.admin.post('/api/v1/api-keys', key), 409, 'device_decommissioned')
  })
})
