import { expect } from 'chai'
import { setImmediate as turn } from 'node:timers/promises'
import { type Answered, after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/api-keys'

describe('API keys', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
  })

  const boundTo = (deviceId: string) => ({ device_id: deviceId, scopes: ['heartbeat'] })
  async function issue(more: object = {}, facilityId = facility.id) {
    const body = { name: 'gate', facility_id: facilityId, scopes: ['heartbeat'], ...more }
    const answer = await system.admin.post(path, body)
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    return answer.body as { id: string; api_key: string }
  }
  async function newDevice(facilityId = facility.id) {
    const body = { facility_id: facilityId, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    return (await system.admin.post('/api/v1/devices', body)).body as { id: string }
  }
  const beat = (apiKey: string) => system.as({ 'X-API-Key': apiKey }).post('/api/v1/devices/heartbeat')
  const isLetIn = async (apiKey: string) => expect((await beat(apiKey)).status).to.equal(204)
  const isKeptOut = (apiKey: string) =>
    eventually(async () => expectProblem(await beat(apiKey), 401, 'unauthenticated'), 1000)
  const eventsOf = (id: string) => system.store.read(`apiKey-${id}`)
  const secretless = (answer: Answered) => {
    expect(answer.body.api_key).to.equal(undefined)
    return answer.body
  }

  it('are renamed, by whoever runs their facility', async () => {
    const { id } = await issue()
    const { api } = facility.facilityAdmin
    const answer = await api.patch(`${path}/${id}`, { name: 'gate 4' })
    expect([answer.status, answer.body.name]).to.deep.equal([200, 'gate 4'])
    expect((await api.get(`${path}/${id}`, after(answer))).body).to.deep.include({ name: 'gate 4', last_used_at: null })
    expect((await api.patch(`${path}/${id}`, {})).body.name).to.equal('gate 4')
    expectProblem(await facility.user.api.patch(`${path}/${id}`, { name: 'mine' }), 403, 'forbidden')
    expectProblem(await other.facilityAdmin.api.patch(`${path}/${id}`, { name: 'mine' }), 404, 'not_found')
    expectProblem(await api.patch(`${path}/${id}`, { name: 'x' }, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    expect(await eventsOf(id)).to.have.length(2)
  })

  describe('are rotated', () => {
    it('to a secret that is shown once, beside which the old one lets in for as long as was asked', async () => {
      const key = await issue(boundTo(facility.device.id))
      const answer = await system.admin.post(`${path}/${key.id}/rotate`, { overlap_secs: 1 })
      const { rotated_at, previous_valid_until } = (await eventsOf(key.id))[1]!.data
      const over = Date.parse(previous_valid_until as string)
      expect(over - Date.parse(rotated_at as string)).to.equal(1000)
      expect([answer.status, answer.body.id]).to.deep.equal([200, key.id])
      const next = answer.body.api_key as string
      await isLetIn(next)
      await isLetIn(key.api_key)
      for (let status = 204; status === 204;) {
        await turn()
        const asked = Date.now()
        status = (await beat(key.api_key)).status
        if (status === 204) expect(asked, 'let in too late').to.be.lessThan(over)
        else expect(Date.now(), 'kept out too early').to.be.at.least(over)
      }
      await isLetIn(next)
    })

    it('at once when no overlap is asked for; for a week at most', async () => {
      const key = await issue(boundTo(facility.device.id))
      await isLetIn(key.api_key)
      const { body } = await system.admin.post(`${path}/${key.id}/rotate`, { overlap_secs: 0 })
      await isLetIn(body.api_key)
      await isKeptOut(key.api_key)
      for (const overlap_secs of [-1, 604_801, 1.5, '60', null])
        expectProblem(await system.admin.post(`${path}/${key.id}/rotate`, { overlap_secs }), 400, 'invalid_request')
      expect(await eventsOf(key.id)).to.have.length(2)
    })

    it('once for a repeated Idempotency-Key, which is not told the secret again', async () => {
      const key = await issue(boundTo(facility.device.id))
      const repeat = { 'Idempotency-Key': unique('rotate') }
      const rotate = (body?: object) => system.admin.post(`${path}/${key.id}/rotate`, body, repeat)
      const first = await rotate()
      const { api_key, ...shown } = first.body
      const again = await rotate()
      expect(secretless(again)).to.deep.equal(shown)
      expect(again.headers.get('ETag')).to.equal(first.headers.get('ETag'))
      expectProblem(await rotate({ overlap_secs: 5 }), 409, 'idempotency_clash')
      await isLetIn(api_key)
      expect(await eventsOf(key.id)).to.have.length(2)
    })

    it('not by others, nor where the key can let in no more', async () => {
      const [device, key] = [await newDevice(), await issue()]
      const rotate = (id: string, api = system.admin) => api.post(`${path}/${id}/rotate`)
      expectProblem(await rotate(key.id, facility.user.api), 403, 'forbidden')
      expectProblem(await rotate(key.id, other.facilityAdmin.api), 404, 'not_found')
      const bound = await issue(boundTo(device.id))
      await system.admin.post(`/api/v1/devices/${device.id}/decommission`)
      expectProblem(await rotate(bound.id), 409, 'device_decommissioned')
      const moved = await newDevice()
      const left = await issue(boundTo(moved.id))
      await system.admin.patch(`/api/v1/devices/${moved.id}`, { facility_id: other.id })
      expectProblem(await rotate(left.id), 409, 'device_moved')
      await system.admin.delete(`${path}/${key.id}`)
      expectProblem(await rotate(key.id), 409, 'api_key_revoked')
      expectProblem(await system.admin.patch(`${path}/${key.id}`, { name: 'x' }), 409, 'api_key_revoked')
      for (const { id } of [bound, left]) expect(await eventsOf(id)).to.have.length(1)
    })
  })

  it('let in no more once revoked, whichever secret is shown; revoking twice is revoking once', async () => {
    const key = await issue(boundTo(facility.device.id))
    const { body } = await system.admin.post(`${path}/${key.id}/rotate`)
    await isLetIn(key.api_key)
    expect((await system.admin.delete(`${path}/${key.id}`)).status).to.equal(204)
    await isKeptOut(key.api_key)
    await isKeptOut(body.api_key)
    expect((await system.admin.delete(`${path}/${key.id}`)).status).to.equal(204)
    expect(await eventsOf(key.id)).to.have.length(3)
  })

  it('let in until they expire, in UTC whatever the offset; never from the past on', async () => {
    const over = Date.now() + 1000
    const korean = new Date(over + 9 * 3600_000).toISOString().replace('Z', '+09:00')
    const key = await issue({ ...boundTo(facility.device.id), expires_at: korean })
    for (let status = 204; status === 204;) {
      await turn()
      const asked = Date.now()
      status = (await beat(key.api_key)).status
      if (status === 204) expect(asked, 'let in too late').to.be.lessThan(over)
      else expect(Date.now(), 'kept out too early').to.be.at.least(over)
    }
    expectProblem(await system.admin.post(`${path}/${key.id}/rotate`), 409, 'api_key_expired')
    const expired = {
      name: 'k',
      facility_id: facility.id,
      scopes: ['upload'],
      expires_at: new Date(over).toISOString(),
    }
    expectProblem(await system.admin.post(path, expired), 400, 'invalid_request')
  })

  it('reach as far as their scopes and no further', async () => {
    const { api_key } = await issue({ ...boundTo(facility.device.id), scopes: ['firmware', 'upload'] })
    expectProblem(await beat(api_key), 403, 'forbidden')
    const sensor = system.as({ 'X-API-Key': api_key })
    for (const answer of [
      await sensor.get('/api/v1/devices'),
      await sensor.post(path, {}),
      await sensor.patch(`/api/v1/devices/${facility.device.id}`, { name: 'mine' }),
    ])
      expectProblem(answer, 403, 'forbidden')
  })

  it('of a device let in no more once it is decommissioned, or moved to another facility', async () => {
    const [gone, moved] = [await newDevice(), await newDevice()]
    const keys = [await issue(boundTo(gone.id)), await issue(boundTo(moved.id))]
    for (const { api_key } of keys) await isLetIn(api_key)
    await system.admin.post(`/api/v1/devices/${gone.id}/decommission`)
    await system.admin.patch(`/api/v1/devices/${moved.id}`, { facility_id: other.id })
    for (const { api_key } of keys) await isKeptOut(api_key)
    await isLetIn((await issue(boundTo(moved.id), other.id)).api_key)
  })

  it('are let in no more while their facility is deactivated, bound to a device or not', async () => {
    const closing = await newFacility(system)
    const key = await issue(boundTo(closing.device.id), closing.id)
    await isLetIn(key.api_key)
    expect((await system.admin.post(`/api/v1/facilities/${closing.id}/deactivate`)).status).to.equal(200)
    await isKeptOut(key.api_key)
    expectProblem(await closing.sensor.upload(Buffer.from('x')), 401, 'unauthenticated')
    expectProblem(await system.admin.post(`${path}/${key.id}/rotate`), 409, 'facility_inactive')
    await system.admin.post(`/api/v1/facilities/${closing.id}/reactivate`)
    await eventually(() => isLetIn(key.api_key), 1000)
  })

  it('tell when they were used last, in lists and by themselves, without an event', async () => {
    const key = await issue(boundTo(facility.device.id))
    const began = Date.now()
    await isLetIn(key.api_key)
    const { body } = await eventually(async () => {
      const answer = await system.admin.get(`${path}/${key.id}`)
      expect(answer.body.last_used_at).to.be.a('string')
      return answer
    })
    expect(Date.parse(body.last_used_at)).to.be.within(began, Date.now())
    const { items } = (await system.admin.get(`${path}?facility_id=${facility.id}&per_page=100`)).body
    expect(items.find(({ id }: { id: string }) => id === key.id).last_used_at).to.equal(body.last_used_at)
    expect(await eventsOf(key.id)).to.have.length(1)
  })
})
