import { expect } from 'chai'
import { projections } from '../../projections/all.ts'
import { expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem } from '../system.ts'

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
      expectProblem(await api.post(`${path}/uploads/rollback`), 403, 'forbidden')
    }
    expectProblem(await system.as({}).get(path), 401, 'unauthenticated')
  })

  for (const [what, act, status, code] of [
    ['a version that is not there', 'uploads/promote {"version":99}', 409, 'not_ready'],
    ['a read model that is not there', 'nothing/promote {}', 404, 'not_found'],
    ['a name that none can have', 'UPLOADS;/promote {}', 404, 'not_found'],
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
