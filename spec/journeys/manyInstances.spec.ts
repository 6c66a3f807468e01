import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { outsideServers, type Running, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { firstLogin, logIn, specLog, startServers, temporaryDataDir, unique } from '../system.ts'

describe('several instances of every role', function () {
  this.timeout(90_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const instances: Running[] = []
  const credentials = { email: 'boss@example.test', password: 'a password given by hand' }

  after(async () => {
    await Promise.all(instances.map((instance) => instance.kill()))
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('start together on nothing, make one first admin, and work side by side', async () => {
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    const env = {
      ...outsideServers(config),
      INITIAL_ADMIN_EMAIL: credentials.email,
      INITIAL_ADMIN_PASSWORD: credentials.password,
    }
    const folder = (name: string) => {
      mkdirSync(join(dataDir, name))
      return join(dataDir, name)
    }
    instances.push(
      ...(await Promise.all(['a', 'b', 'c'].map((name) => startProcess(folder(name), { args: ['up'], env })))),
    )
    await firstLogin(instances[0]!.url, credentials, 'another given by hand')
    credentials.password = 'another given by hand'
    const apis = await Promise.all(instances.map(({ url }) => logIn(url, credentials.email, credentials.password)))
    const users = await eventually(async () => {
      const { body } = await apis[0]!.get('/api/v1/users')
      expect(body.total).to.equal(1)
      return body.items
    })
    expect(users[0]).to.include({ email: credentials.email, role: 'super_admin' })

    const facility = await apis[0]!.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
    const uploads = await Promise.all(apis.map((api) => api.upload(sound('wav'), { facility_id: facility.body.id })))
    for (const upload of uploads)
      await eventually(
        async () => expect((await apis[1]!.get(`/api/v1/uploads/${upload.body.id}`)).body?.status).to.equal('ready'),
        20_000,
      )
  })

  it('keep out within a second whom another has logged out', async () => {
    const [first, second] = instances as [Running, Running]
    const { body } = await apiOf(first.url).post('/api/auth/login', credentials)
    const bearer = { Authorization: `Bearer ${body.access_token}` }
    expect((await apiOf(second.url, bearer).get('/api/auth/me')).status).to.equal(200)
    expect((await apiOf(first.url, bearer).post('/api/auth/logout')).status).to.equal(204)
    await eventually(
      async () => expectProblem(await apiOf(second.url, bearer).get('/api/auth/me'), 401, 'session_ended'),
      1000,
    )
  })

  it('let in by a key that another has just issued or rotated, and keep it out within a second once it is revoked', async () => {
    const [first, second, third] = instances as [Running, Running, Running]
    const admin = await logIn(first.url, credentials.email, credentials.password)
    const create = async (path: string, body: object) => (await admin.post(path, body)).body
    const { id: facility_id } = await create('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
    const device = { facility_id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const { id: device_id } = await create('/api/v1/devices', device)
    const key = await create('/api/v1/api-keys', { name: 'k', facility_id, device_id, scopes: ['heartbeat'] })
    const beat = ({ url }: Running, apiKey: string, told: object = {}) =>
      apiOf(url, { 'X-API-Key': apiKey }).post('/api/v1/devices/heartbeat', told)
    for (const instance of instances) expect((await beat(instance, key.api_key)).status).to.equal(204)

    const next = (await admin.post(`/api/v1/api-keys/${key.id}/rotate`)).body.api_key
    for (const instance of instances) expect((await beat(instance, next)).status).to.equal(204)
    // Whichever is told: a change of the firmware is an event once, also back again.
    for (const [instance, firmware_version] of [
      [first, '1.0.0'],
      [second, '1.0.0'],
      [third, '1.1.0'],
      [first, '1.0.0'],
    ] as const) {
      const versions = async () =>
        (await admin.get(`/api/v1/devices/${device_id}/history`)).body.items.at(-1)?.data.version
      expect((await beat(instance, next, { firmware_version })).status).to.equal(204)
      await eventually(async () => expect(await versions()).to.equal(firmware_version))
    }
    const { items } = (await admin.get(`/api/v1/devices/${device_id}/history`)).body
    expect(items.map(({ data }: { data: { version?: string } }) => data.version)).to.deep.equal([
      undefined,
      '1.0.0',
      '1.1.0',
      '1.0.0',
    ])

    expect((await admin.delete(`/api/v1/api-keys/${key.id}`)).status).to.equal(204)
    const deadline = Date.now() + 1000
    for (const instance of instances)
      for (const apiKey of [key.api_key, next])
        await eventually(
          async () => expectProblem(await beat(instance, apiKey), 401, 'unauthenticated'),
          deadline - Date.now(),
        )
  })
})
