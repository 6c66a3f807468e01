import { expect } from 'chai'
import { projections } from '../../projections/all.ts'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/projections'

describe('steering projections', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  it('shows where each of them stands', async () =>
    eventually(async () => {
      const { status, body } = await system.admin.get(path)
      expect(status).to.equal(200)
      const items = body.items as {
        name: string
        version: number
        state: string
        serving: boolean
        lag_events: number
      }[]
      const expected = projections.map(({ name, version }) => ({
        name,
        version,
        state: 'live',
        serving: true,
        lag_events: 0,
      }))
      expect(
        items.map(({ name, version, state, serving, lag_events }) => ({ name, version, state, serving, lag_events })),
      ).to.have.deep.members(expected)
    }))

  it('is for super admins alone', async () => {
    for (const { api } of [facility.facilityAdmin, facility.user]) {
      expectProblem(await api.get(path), 403, 'forbidden')
      expectProblem(await api.get(`${path}/uploads/diff`), 403, 'forbidden')
      expectProblem(await api.post(`${path}/uploads/rollback`), 403, 'forbidden')
      expectProblem(await api.post(`${path}/uploads/pause`), 403, 'forbidden')
    }
    expectProblem(await system.as({}).get(path), 401, 'unauthenticated')
  })

  it('compares no version with itself', async () => {
    expectProblem(await system.admin.get(`${path}/uploads/diff`), 409, 'not_ready')
    expectProblem(await system.admin.get(`${path}/nothing/diff`), 404, 'not_found')
  })

  it('forgets a version that nobody sees, with its table, and no other', async () => {
    const drop = (name: string, version: unknown) => system.admin.post(`${path}/${name}/drop`, { version })
    const { version } = projections.find(({ name }) => name === 'tags')!
    expectProblem(await drop('tags', version), 409, 'not_ready')
    expectProblem(await drop('tags', 77), 404, 'not_found')
    expectProblem(await drop('nothing', 1), 404, 'not_found')
    expectProblem(await drop('tags', 0), 400, 'invalid_request')
    expectProblem(await facility.facilityAdmin.api.post(`${path}/tags/drop`, { version: 77 }), 403, 'forbidden')
    const table = async () =>
      (await system.database.query<{ there: string | null }>(`select to_regclass('tags_v77') as there`)).rows[0]!.there
    await system.database.query('create table tags_v77 (id uuid)')
    await system.database.query(
      `insert into projections (name, version, state, serving) values ('tags', 77, 'stopped', false)`,
    )
    expect(await table()).to.equal('tags_v77')
    expect((await drop('tags', 77)).status).to.equal(202)
    expect(await table()).to.equal(null)
    const { body } = await system.admin.get(path)
    expect(body.items.filter(({ name }: { name: string }) => name === 'tags')).to.have.length(1)
    expectProblem(await drop('tags', 77), 404, 'not_found')
  })

  it('pauses one until it is resumed: readers who ask for what came since are told, the others read on', async () => {
    const facilities = `${path}/facilities`
    const register = async () => {
      const name = unique('paused')
      return system.admin.post('/api/v1/facilities', { name, code: name })
    }
    const before = await register()
    const own = `/api/v1/facilities/${before.body.id}`
    expect((await system.admin.get(own, after(before))).status).to.equal(200)
    const standing = async () => {
      const { body } = await system.admin.get(path)
      return (body.items as { name: string; state: string; error: unknown }[]).find(
        ({ name }) => name === 'facilities',
      )!
    }
    for (const _ of ['once', 'again']) {
      const { status, body } = await system.admin.post(`${facilities}/pause`, { reason: 'spec' })
      expect([status, body]).to.deep.equal([202, { name: 'facilities', version: 1 }])
    }
    try {
      await eventually(async () =>
        expect(await standing()).to.deep.include({ state: 'stopped', error: { message: 'paused: spec' } }),
      )
      const since = await register()
      const url = `/api/v1/facilities/${since.body.id}`
      await eventually(async () => expectProblem(await system.admin.get(url, after(since)), 503, 'read_model_behind'))
      expectProblem(await system.admin.get(url), 404, 'not_found')
      expect((await system.admin.get(own)).status).to.equal(200)
      expect((await system.admin.get('/api/v1/users', after(since))).status, 'the others go on').to.equal(200)
      expect((await system.admin.post(`${facilities}/resume`)).status).to.equal(202)
      await eventually(async () => expect((await system.admin.get(url, after(since))).status).to.equal(200))
      expect(await standing()).to.deep.include({ state: 'live', error: null })
    } finally {
      await system.admin.post(`${facilities}/resume`)
    }
  })

  for (const [what, act, status, code] of [
    ['a version that is not there', 'uploads/promote {"version":99}', 409, 'not_ready'],
    ['a read model that is not there', 'nothing/promote {}', 404, 'not_found'],
    ['a name that none can have', 'UPLOADS;/promote {}', 404, 'not_found'],
    ['to pause a read model that is not there', 'nothing/pause {}', 404, 'not_found'],
    ['to pause for a reason of more than a line', 'uploads/pause {"reason":"a\\nb"}', 400, 'invalid_request'],
    ['going back where there is nothing to go back to', 'uploads/rollback {}', 409, 'not_ready'],
    [
      'to skip an event that nothing is stopped at',
      'uploads/skip {"position":"1","reason":"why not"}',
      409,
      'not_ready',
    ],
    ['to skip without a reason', 'uploads/skip {"position":"1","reason":""}', 400, 'invalid_request'],
    ['to skip what is no position', 'uploads/skip {"position":"-1","reason":"why not"}', 400, 'invalid_request'],
  ] as const)
    it(`refuses ${what}, and writes nothing`, async () => {
      const head = await system.store.read('projection-uploads')
      const [route, body] = act.split(' ', 2) as [string, string]
      const rest = act.slice(route.length + 1)
      expectProblem(await system.admin.post(`${path}/${route}`, rest || body), status, code)
      expect(await system.store.read('projection-uploads')).to.have.length(head.length)
    })
})
