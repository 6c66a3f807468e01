import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as GpuServer from '../../domain/gpuServer.ts'
import { registerOwnServer, reportFault } from '../../ops/roles/inference.ts'
import { after, type Answered, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { now } from '../gpuServers.ts'
import { badTimes, type InferenceServer, inferenceServer } from '../inferenceServer.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/gpu-servers'
const models = { 'silero-vad': ['6'] }

describe('GPU servers', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
  })

  const open: InferenceServer[] = []
  const made: string[] = []
  afterEach(async () => {
    for (const id of made.splice(0)) await system.admin.delete(`${path}/${id}`)
    await Promise.all(open.splice(0).map((server) => server.close()))
  })
  async function spoken(manner: Parameters<typeof inferenceServer>[0] = { models }, port?: number) {
    const server = await inferenceServer(manner, port)
    open.push(server)
    return server
  }
  const wanted = (more: object = {}) => ({
    name: unique('gpu'),
    url: 'http://127.0.0.1:9',
    max_concurrency: 4,
    ...more,
  })
  async function register(more: object = {}): Promise<Answered> {
    const answer = await system.admin.post(path, wanted(more))
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    made.push(answer.body.id as string)
    return answer
  }
  const get = (id: string, headers = {}) => system.admin.get(`${path}/${id}`, headers)
  const isUp = (id: string) =>
    eventually(async () => expect((await get(id)).body).to.deep.include({ health: 'up', models: [vad] }))
  const vad = { name: 'silero-vad', version: '6' }

  it('are registered, looked at at once, shown, changed and removed', async () => {
    const server = await spoken()
    const given = wanted({ url: `${server.url}/` })
    const answer = await register(given)
    const { id } = answer.body as { id: string }
    expect(answer.headers.get('Location')).to.equal(`${path}/${id}`)
    expect(answer.body).to.deep.include({ ...given, url: server.url, has_token: false, status: 'enabled' })
    expect(answer.body).to.deep.include({ health: 'unknown', health_since: null, reason: null, models: [] })
    await isUp(id)
    const changed = await system.admin.patch(`${path}/${id}`, { name: 'renamed', max_concurrency: 7 })
    expect(changed.body).to.include({ name: 'renamed', max_concurrency: 7, health: 'up' })
    const shown = (await get(id, after(changed))).body
    expect(shown).to.deep.equal(changed.body)
    const listed = await system.admin.get(`${path}?q=renamed&health=up&status=enabled`, after(changed))
    expect(listed.body.items).to.deep.equal([shown])
    for (const none of ['q=other', 'q=renamed&health=down', 'q=renamed&status=disabled'])
      expect((await system.admin.get(`${path}?${none}`)).body.items, none).to.deep.equal([])
    const removed = await system.admin.delete(`${path}/${id}`)
    expect(removed.status).to.equal(204)
    expectProblem(await get(id, after(removed)), 404, 'not_found')
    expect((await system.admin.get(`${path}?q=renamed`)).body.items).to.deep.equal([])
    for (const [verb, body] of [
      ['check', {}],
      ['enable', {}],
      ['disable', {}],
    ] as const)
      expectProblem(await system.admin.post(`${path}/${id}/${verb}`, body), 404, 'not_found')
    expectProblem(await system.admin.patch(`${path}/${id}`, { name: 'x' }), 404, 'not_found')
    const { body } = await system.admin.get(`${path}/${id}/history`)
    expect(body.items.at(-1), 'what became of it can still be read').to.include({ type: 'GpuServerRemoved' })
  })

  it('are disabled and enabled, at the revision that is named', async () => {
    const { id } = (await register()).body
    const off = await system.admin.post(`${path}/${id}/disable`)
    expect(off.body).to.include({ status: 'disabled' })
    expect((await get(id, after(off))).body).to.include({ status: 'disabled' })
    expectProblem(await system.admin.post(`${path}/${id}/enable`, {}, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    expect((await system.admin.post(`${path}/${id}/enable`)).body).to.include({ status: 'enabled' })
  })

  it('are registered once under one Idempotency-Key', async () => {
    const [body, key] = [wanted({ token: 'sesame' }), { 'Idempotency-Key': unique('key') }]
    const first = await system.admin.post(path, body, key)
    made.push(first.body.id as string)
    expect((await system.admin.post(path, body, key)).body).to.deep.equal(first.body)
    expectProblem(await system.admin.post(path, { ...body, token: 'other' }, key), 409, 'idempotency_clash')
  })

  it('have a history of their health, with what changed', async () => {
    const server = await spoken()
    const { id } = (await register({ url: server.url })).body
    await isUp(id)
    await server.close()
    await system.admin.post(`${path}/${id}/check`)
    await spoken({ models }, server.port)
    const checked = await system.admin.post(`${path}/${id}/check`)
    await isUp(id)
    const { items } = (await system.admin.get(`${path}/${id}/history`, after(checked))).body
    const told = items.map(({ type, changes }: { type: string; changes: { field: string; after: unknown }[] }) => [
      type,
      changes.find(({ field }) => field === 'health')?.after,
    ])
    expect(told).to.deep.equal([
      ['GpuServerRegistered', 'unknown'],
      ['GpuServerRecovered', 'up'],
      ['GpuServerModelsObserved', undefined],
      ['GpuServerWentDown', 'down'],
      ['GpuServerRecovered', 'up'],
      ['GpuServerModelsObserved', undefined],
    ])
    const then = items[1].at as string
    expect((await get(`${id}?as_of=${then}`)).body).to.deep.include({ health: 'up' })
  })

  it('are looked at when one has failed a worker, wherever that is', async () => {
    const server = await spoken()
    const { id } = (await register({ url: server.url })).body
    await isUp(id)
    server.manner.ready = false
    reportFault(system.bus, id)
    await eventually(async () => expect((await get(id)).body).to.include({ health: 'down' }))
  })

  describe('are checked when somebody asks', () => {
    it('and it is said what was found, and recorded what has changed', async () => {
      const server = await spoken()
      const { id } = (await register({ url: server.url })).body
      await isUp(id)
      const same = await system.admin.post(`${path}/${id}/check`)
      expect(same.body.found).to.deep.include({ health: 'up', reason: null, models: [vad] })
      expect(same.body.found.latency_ms).to.be.above(0)
      server.manner.ready = false
      const bad = await system.admin.post(`${path}/${id}/check`)
      expect(bad.body.found).to.deep.include({ health: 'down', reason: 'It says that it is not ready', models: [] })
      expect(bad.body.server).to.include({ health: 'down', reason: 'It says that it is not ready' })
      server.manner.ready = true
      const good = await system.admin.post(`${path}/${id}/check`)
      expect(good.body.server).to.deep.include({ health: 'up', reason: null, models: [vad] })
      const types = (await system.store.read(`gpuServer-${id}`)).map(({ type }) => type)
      expect(types.slice(0, 5)).to.deep.equal([
        ...['GpuServerRegistered', 'GpuServerRecovered', 'GpuServerModelsObserved'],
        ...['GpuServerWentDown', 'GpuServerRecovered'],
      ])
    })

    it('a second time where the first look is bad and it was up', async () => {
      const server = await spoken()
      const { id } = (await register({ url: server.url })).body
      await isUp(id)
      const { items } = (await system.admin.get(`${path}/${id}/history`)).body
      badTimes(server.manner, 1)
      const checked = await system.admin.post(`${path}/${id}/check`)
      expect(server.manner.live, 'it was asked').to.equal(true)
      expect(checked.body.found).to.include({ health: 'up' })
      expect(await system.store.read(`gpuServer-${id}`)).to.have.length(items.length)
    })
  })

  it('are shown their token and nobody else is', async () => {
    const token = `sesame-${randomUUID()}`
    const server = await spoken({ models, token })
    const answers: Answered[] = [await register({ url: server.url, token })]
    const { id } = answers[0]!.body as { id: string }
    expect(answers[0]!.body).to.include({ has_token: true })
    await isUp(id)
    const boxes = async () =>
      (await system.store.read(`gpuServer-${id}`)).flatMap(({ data }) => (data['sealed_token'] as string) ?? [])
    const [box] = await boxes()
    answers.push(await system.admin.patch(`${path}/${id}`, { token }))
    expect(await boxes(), 'the same token is no change').to.deep.equal([box])
    answers.push(await system.admin.patch(`${path}/${id}`, { token: `${token}-2` }))
    answers.push(await system.admin.post(`${path}/${id}/check`))
    expect(answers.at(-1)!.body.found.reason).to.match(/does not let us in/)
    const elsewhere = await spoken({ models })
    const moved = await system.admin.patch(`${path}/${id}`, { url: elsewhere.url })
    expectProblem(moved, 400, 'invalid_request')
    expect(moved.body.errors[0].path, 'a token does not go where somebody else says').to.equal('body.token')
    const lost = GpuServer.change({ sealed_token: 'of another key', changed_at: now() })
    await handle(system.store, GpuServer, id, lost, systemIntent('spec', randomUUID()))
    answers.push(await system.admin.post(`${path}/${id}/check`))
    expect(answers.at(-1)!.body.found.reason).to.match(/token cannot be opened/)
    answers.push(await system.admin.patch(`${path}/${id}`, { token }))
    answers.push(await system.admin.post(`${path}/${id}/check`))
    expect(answers.at(-1)!.body.found).to.include({ health: 'up' })
    answers.push(await system.admin.patch(`${path}/${id}`, { token: '' }))
    const read = after(answers.at(-1)!)
    answers.push(await get(id, read), await system.admin.get(`${path}?q=gpu`, read))
    expect(answers.at(-2)!.body).to.include({ has_token: false })
    answers.push(await system.admin.get(`${path}/${id}/history`, read))
    answers.push(await system.admin.get(`/api/v1/audit?resource=gpuServer-${id}`, read))
    for (const { bytes } of answers) {
      expect(bytes.toString()).to.not.include(token)
      expect(bytes.toString()).to.not.include(box)
    }
    const stored = JSON.stringify((await system.store.read(`gpuServer-${id}`)).map(({ data }) => data))
    expect(stored).to.not.include(token)
  })

  it('are never where no server may be, and nothing is written down of such a one', async () => {
    const { id } = (await register()).body
    const appended = await appendedDuring(system.store, async () => {
      for (const url of ['http://169.254.169.254', 'http://[fd00:ec2::254]/', 'http://0.0.0.0:1', 'http://[::]:1']) {
        expectProblem(await system.admin.post(path, wanted({ url })), 400, 'address_refused')
        expectProblem(await system.admin.patch(`${path}/${id}`, { url }), 400, 'address_refused')
      }
      for (const url of ['ftp://10.0.0.9', 'http://a:b@10.0.0.9', 'http://10.0.0.9/?q=1', 'nowhere'])
        expectProblem(await system.admin.post(path, wanted({ url })), 400, 'address_refused')
      for (const more of [{ max_concurrency: 0 }, { max_concurrency: 1025 }, { token: 'a b' }, { token: 'a\r\nb: c' }])
        expectProblem(await system.admin.post(path, wanted(more)), 400, 'invalid_request')
      expectProblem(await system.admin.post(path, wanted({ sealed_token: 'x' })), 400, 'invalid_request')
      expectProblem(await system.admin.post(path, { name: 'x', url: 'http://10.0.0.9' }), 400, 'invalid_request')
      expectProblem(await system.admin.patch(`${path}/${randomUUID()}`, { name: 'x' }), 404, 'not_found')
      expectProblem(await system.admin.post(`${path}/${randomUUID()}/check`), 404, 'not_found')
    })
    expect(appended.filter((one) => !one.startsWith('GpuServerWentDown'))).to.deep.equal([])
  })

  it('are the business of super admins alone', async () => {
    const { id } = (await register()).body
    for (const { api } of [facility.facilityAdmin, facility.user]) {
      expectProblem(await api.get(path), 403, 'forbidden')
      expectProblem(await api.get(`${path}/${id}`), 403, 'forbidden')
      expectProblem(await api.get(`${path}/${id}/history`), 403, 'forbidden')
      expectProblem(await api.post(path, wanted({ url: 'http://169.254.169.254' })), 403, 'forbidden')
      expectProblem(await api.post(`${path}/${id}/check`), 403, 'forbidden')
    }
  })

  it('of the installation itself are registered once, and found again at each start', async () => {
    const [first, second] = [await spoken(), await spoken()]
    const deps = { store: system.store, now }
    const ids = await Promise.all([first, first].map(({ url }) => registerOwnServer(deps, url)))
    expect(ids).to.deep.equal([ids[0], derivedId('gpu-server', 'own')])
    const [id] = ids as [string]
    const types = async () =>
      (await system.store.read(`gpuServer-${id}`)).map(({ type }) => type).filter((type) => /Reg|Changed/.test(type))
    expect(await types()).to.deep.equal(['GpuServerRegistered'])
    await isUp(id)
    for (const { url } of [second, first, first]) await registerOwnServer(deps, url)
    expect(await types()).to.deep.equal(['GpuServerRegistered', 'GpuServerChanged', 'GpuServerChanged'])
    await isUp(id)
    expect((await get(id)).body).to.include({ name: 'embedded', url: first.url })
    await system.admin.delete(`${path}/${id}`)
    await registerOwnServer(deps, second.url)
    expect(await types(), 'who removes it is not given it again').to.have.length(3)
  })
})
