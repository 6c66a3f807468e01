import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { outsideServers, type Running, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { logIn, specLog, startServers, temporaryDataDir, unique } from '../system.ts'

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
})
