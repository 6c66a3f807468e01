import { expect } from 'chai'
import { expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('bad input', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  /** Nothing was appended while this ran. */
  async function nothingAppended(act: () => Promise<void>) {
    const before = await system.store.head()
    await act()
    expect(await system.store.head()).to.equal(before)
  }

  const registration = () => ({ name: 'Plant', code: unique('plant') })
  const bodies: Record<string, [body: () => unknown, path: RegExp]> = {
    'an unknown field': [() => ({ ...registration(), colour: 'red' }), /body/],
    'a missing field': [() => ({ name: 'Plant' }), /body\.code/],
    'a wrong type': [() => ({ ...registration(), name: 7 }), /body\.name/],
    'an empty name': [() => ({ ...registration(), name: '   ' }), /body\.name/],
    'a NUL': [() => ({ ...registration(), name: 'a\u0000b' }), /body\.name/],
    'half of a surrogate pair': [() => ({ ...registration(), name: 'half \ud800' }), /body\.name/],
    'an unknown time zone': [() => ({ ...registration(), timezone: 'Mars/Olympus' }), /body\.timezone/],
    'an array': [() => [registration()], /body/],
    'a polluting key': [
      () => `{"name": "Plant", "code": "${unique('plant')}", "__proto__": {"role": "super_admin"}}`,
      /body/,
    ],
    'no JSON': [() => '{"name": ', /body/],
    'a bare word': [() => 'plant', /body/],
  }
  for (const [what, [body, path]] of Object.entries(bodies))
    it(`in a body, ${what}, is a 400 that says where`, () =>
      nothingAppended(async () => {
        const answer = await system.admin.post('/api/v1/facilities', body())
        expectProblem(answer, 400, 'invalid_request')
        expect(answer.body.errors[0].path).to.match(path)
      }))

  it('is a 413 when the body is larger than 1 MiB, and a 415 when it is no JSON by its type', () =>
    nothingAppended(async () => {
      expectProblem(
        await system.admin.post('/api/v1/facilities', { name: 'x'.repeat(1 << 20) }),
        413,
        'payload_too_large',
      )
      const form = await system.admin.post('/api/v1/facilities', 'name=Plant', {
        'Content-Type': 'application/x-www-form-urlencoded',
      })
      expectProblem(form, 415, 'unsupported_media_type')
    }))

  it('in a query is a 400: unknown filters, sorts and cursors, pages out of range', async () => {
    for (const query of [
      'colour=red',
      'sort=password',
      'sort=-id;drop',
      'page=0',
      'per_page=101',
      'page=x',
      'cursor=!!',
      'status=open',
      'q=%00',
    ])
      expectProblem(await system.admin.get(`/api/v1/facilities?${query}`), 400, 'invalid_request')
    expectProblem(await system.admin.get(`/api/v1/facilities/${facility.id}?x=1`), 400, 'invalid_request')
    expectProblem(
      await system.admin.get(`/api/v1/facilities/${facility.id}`, { 'Read-After': 'now' }),
      400,
      'invalid_request',
    )
  })

  it('in times is a 400: years that nobody else can write', async () => {
    const key = (expires_at: string) => ({ name: 'k', facility_id: facility.id, scopes: ['upload'], expires_at })
    for (const time of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-12:00', 'soon'])
      expectProblem(await system.admin.post('/api/v1/api-keys', key(time)), 400, 'invalid_request')
  })

  it('costs no more than it is worth: a long list of mistakes names the first twenty', async () => {
    const scopes = Array.from({ length: 100_000 }, () => 'x')
    const answer = await system.admin.post('/api/v1/api-keys', { name: 'k', facility_id: facility.id, scopes })
    expectProblem(answer, 400, 'invalid_request')
    expect(answer.body.errors.length).to.be.at.most(20)
  })

  it('with If-Match on what is not there yet is a 412, and takes no name', async () => {
    const body = registration()
    expectProblem(await system.admin.post('/api/v1/facilities', body, { 'If-Match': '"7"' }), 412, 'revision_conflict')
    expect((await system.admin.post('/api/v1/facilities', body)).status).to.equal(201)
  })

  it('in the name of an address that is taken appends nothing', () =>
    nothingAppended(async () => {
      const { email } = facility.user
      const wanted = { email, name: 'P', role: 'user', password: 'a good password', facility_id: facility.id }
      expectProblem(await system.admin.post('/api/v1/users', wanted), 409, 'email_taken')
    }))

  it('in a path is a 404: unknown ids, ids that are none, unknown paths with and without a token', async () => {
    for (const path of [
      '/api/v1/facilities/0b7c3c3e-0000-4000-8000-000000000000',
      '/api/v1/facilities/7',
      '/api/v1/nothing',
      '/api/%ff',
    ])
      expect((await system.admin.get(path)).status, path).to.be.oneOf([404, 400])
    expectProblem(await system.admin.get('/api/v1/facilities/0b7c3c3e-0000-4000-8000-000000000000'), 404, 'not_found')
    expectProblem(await system.admin.get('/api/v1/facilities/7'), 404, 'not_found')
    for (const path of ['/api/v1/nothing', '/nowhere']) expectProblem(await system.as({}).get(path), 404, 'not_found')
    expect((await system.admin.get(`/api/v1/facilities/${facility.id.toUpperCase()}`)).body.id).to.equal(facility.id)
    expect((await system.admin.get(`/api/${'x'.repeat(8000)}`)).status).to.equal(404)
  })

  it('names facilities and devices that do not exist: 404, and nothing is appended', () =>
    nothingAppended(async () => {
      const unknown = '0b7c3c3e-0000-4000-8000-000000000000'
      const device = { facility_id: unknown, name: 'Mic', serial: unique('S'), model: 'xs-1' }
      expectProblem(await system.admin.post('/api/v1/devices', device), 404, 'not_found')
      const key = { name: 'k', facility_id: facility.id, device_id: unknown, scopes: ['upload'] }
      expectProblem(await system.admin.post('/api/v1/api-keys', key), 404, 'not_found')
      expectProblem(await system.admin.patch(`/api/v1/facilities/${unknown}`, { name: 'x' }), 404, 'not_found')
    }))

  it('is refused in the order 401, 403, 400, 404', async () => {
    const unknown = '/api/v1/devices/0b7c3c3e-0000-4000-8000-000000000000'
    expectProblem(await system.as({}).patch(unknown, { colour: 1 }), 401, 'unauthenticated')
    expectProblem(await facility.user.api.patch(unknown, { colour: 1 }), 403, 'forbidden')
    expectProblem(await facility.facilityAdmin.api.patch(unknown, { colour: 1 }), 400, 'invalid_request')
    expectProblem(await facility.facilityAdmin.api.patch(unknown, { name: 'x' }), 404, 'not_found')
  })

  it('in a key never brings recordings into another facility, or from another device', async () => {
    const other = await newFacility(system)
    const sibling = { facility_id: facility.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const { id: device_id } = (await system.admin.post('/api/v1/devices', sibling)).body
    await nothingAppended(async () => {
      for (const api of [facility.sensor, facility.facilityAdmin.api]) {
        const placed = { facility_id: other.id, device_id: other.device.id }
        expectProblem(await api.upload(sound('wav'), placed), 404, 'not_found')
        expectProblem(await api.upload(sound('wav'), { device_id: other.device.id }), 404, 'not_found')
      }
      expectProblem(await facility.facilityAdmin.api.upload(sound('wav'), { facility_id: other.id }), 404, 'not_found')
      expectProblem(await facility.sensor.upload(sound('wav'), { device_id }), 404, 'not_found')
    })
  })

  it('never reaches another facility: its resources are as unknown as none', async () => {
    const other = await newFacility(system)
    const { api } = facility.facilityAdmin
    for (const path of [
      `/api/v1/facilities/${other.id}`,
      `/api/v1/devices/${other.device.id}`,
      `/api/v1/users/${other.user.id}`,
      `/api/v1/api-keys/${other.key.id}`,
    ]) {
      expectProblem(await api.get(path), 404, 'not_found')
      expect((await system.admin.get(path)).status).to.equal(200)
    }
    await nothingAppended(async () => {
      expectProblem(await api.patch(`/api/v1/devices/${other.device.id}`, { name: 'mine' }), 404, 'not_found')
      expectProblem(await api.post(`/api/v1/devices/${other.device.id}/decommission`), 404, 'not_found')
      expectProblem(await api.delete(`/api/v1/api-keys/${other.key.id}`), 404, 'not_found')
      expectProblem(await api.patch(`/api/v1/facilities/${other.id}`, { name: 'mine' }), 404, 'not_found')
      const key = { name: 'k', facility_id: other.id, scopes: ['upload'] }
      expectProblem(await api.post('/api/v1/api-keys', key), 404, 'not_found')
      expectProblem(
        await api.post('/api/v1/devices', { facility_id: other.id, name: 'M', serial: unique('S'), model: 'm' }),
        404,
        'not_found',
      )
    })
    const upload = await other.sensor.upload(sound('wav'))
    const { transcode } = await eventually(async () => {
      const query = `/api/v1/transcode-jobs?upload_id=${upload.body.id}`
      const [transcode] = (await other.user.api.get(query)).body.items as { id: string }[]
      return { transcode: transcode!.id }
    })
    for (const what of ['', '/history']) {
      expectProblem(await api.get(`/api/v1/transcode-jobs/${transcode}${what}`), 404, 'not_found')
      expectProblem(await api.get(`/api/v1/facilities/${other.id}${what}`), 404, 'not_found')
    }
    for (const list of ['facilities', 'devices', 'users', 'api-keys', 'uploads', 'transcode-jobs']) {
      const items = async (from: typeof api) =>
        (await from.get(`/api/v1/${list}?per_page=100`)).body.items as { id: string; facility_id?: string }[]
      const ofWhom = (found: { id: string; facility_id?: string }[]) =>
        new Set(found.map(({ id, facility_id }) => facility_id ?? id))
      expect([...ofWhom(await items(api))], list).to.have.members(/upload|transcode/.test(list) ? [] : [facility.id])
      expect([...ofWhom(await items(other.facilityAdmin.api))], list).to.have.members([other.id])
    }
  })
})
