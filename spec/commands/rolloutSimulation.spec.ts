import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import * as DeviceFirmware from '../../domain/deviceFirmware.ts'
import { reaches } from '../../domain/firmwareRollout.ts'
import { after, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { activated, newDevices, newRelease, own, reported } from '../firmwareStored.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const now = () => new Date().toISOString()
const path = '/api/v1/firmware/rollouts'

describe('the simulation of a rollout', function () {
  this.timeout(60_000)
  let system: System
  let here: Awaited<ReturnType<typeof newFacility>>
  let there: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    here = await newFacility(system)
    there = await newFacility(system)
  })
  const model = unique('xs')
  const ladder = [10, 50, 100]

  it('says which devices would get it in which step, appends nothing, and is what then happens', async () => {
    const fleet = await newDevices(system.store, { device_model: model, facility_id: here.id }, 40)
    const release = await newRelease(system.store, { device_model: model, facility_id: here.id, version: '1.3.0' })
    let simulated: any
    const appended = await appendedDuring(system.store, async () => {
      const answer = await system.admin.post(`${path}/simulate`, { release_id: release.id, ladder }, fleet.after)
      expect(answer.status, answer.bytes.toString()).to.equal(200)
      simulated = answer.body
    })
    expect(appended).to.deep.equal([])
    expect(simulated).to.include({ devices: 40 })
    expect(simulated.steps.at(-1)).to.include({ percent: 100, total: 40 })
    const started = await system.admin.post(path, { release_id: release.id, ladder })
    expect(started.body.id, 'the rollout that was simulated').to.equal(simulated.rollout_id)
    const rollout_id = started.body.id as string
    for (const { percent, total } of simulated.steps) {
      const reached = fleet.ids.filter((id) => reaches({ rollout_id, percent }, id))
      expect(total).to.equal(reached.length)
    }
    const seen = await system.admin.get(`${path}/${rollout_id}`, after(started))
    const { total } = simulated.steps[0]
    expect(seen.body.fleet).to.deep.equal({ devices: 40, targeted: total, pending: total })
    const pending = await system.admin.get(`${path}/${rollout_id}/devices?state=pending&per_page=100`)
    expect(pending.body.items.map(({ id }: { id: string }) => id)).to.have.members(
      fleet.ids.filter((id) => reaches({ rollout_id, percent: 10 }, id)),
    )
  })

  it('leaves out the devices of a facility that has a release of its own, and so does the rollout', async () => {
    const device_model = unique('xs')
    const [ours, theirs] = [
      await newDevices(system.store, { device_model, facility_id: here.id }, 12),
      await newDevices(system.store, { device_model, facility_id: there.id }, 7),
    ]
    const everywhere = await newRelease(system.store, { device_model, version: '1.3.0' })
    const ask = () => system.admin.post(`${path}/simulate`, { release_id: everywhere.id }, theirs.after)
    const all = await ask()
    expect(all.body.steps.at(-1)).to.include({ total: 19 })
    expect(all.body.left_out).to.include({ has_own: 0 })
    await activated(
      system.store,
      await newRelease(system.store, { device_model, facility_id: there.id, version: '1.0.0' }),
    )
    const { body } = await ask()
    expect(body.left_out).to.include({ has_own: 7 })
    expect(body.steps.at(-1)).to.include({ total: 12 })
    const started = await system.admin.post(path, { release_id: everywhere.id, ladder: [100] })
    const get = async (api = system.admin) => (await api.get(`${path}/${started.body.id}`, after(started))).body.fleet
    expect(await get()).to.deep.equal({ devices: 12, targeted: 12, pending: 12 })
    expect(await get(here.user.api)).to.deep.equal({ devices: 12, targeted: 12, pending: 12 })
    expect(await get(there.user.api), 'of their own facility').to.deep.equal({ devices: 0, targeted: 0, pending: 0 })
    expect(ours.ids).to.have.length(12)
  })

  it('leaves to a facility’s own rollout the devices that it has come to, and so does the rollout', async () => {
    const device_model = unique('xs')
    const scope = { device_model, facility_id: there.id }
    const { ids, after: made } = await newDevices(system.store, scope, 20)
    const ours = await newRelease(system.store, { ...scope, version: '1.2.0' })
    const everywhere = await newRelease(system.store, { device_model, version: '1.3.0' })
    const first = await system.admin.post(path, { release_id: ours.id, ladder: [50, 100] })
    const theirs = ids.filter((id) => reaches({ rollout_id: first.body.id, percent: 50 }, id)).length
    const simulated = async () => (await system.admin.post(`${path}/simulate`, asked, made)).body
    const asked = { release_id: everywhere.id, ladder: [100] }
    const { left_out, steps } = await simulated()
    expect([left_out.has_own, steps[0].total]).to.deep.equal([theirs, 20 - theirs])
    const all = await system.admin.post(path, asked)
    const targeted = async () => (await system.admin.get(`${path}/${all.body.id}`, after(all))).body.fleet.targeted
    expect(await targeted()).to.equal(20 - theirs)
    await system.admin.post(`${path}/${first.body.id}/halt`, { reason: 'deaf' })
    expect((await simulated()).left_out.has_own).to.equal(0)
    expect(await targeted()).to.equal(20)
  })

  it('goes by what devices said they run and have installed', async () => {
    const scope = { device_model: unique('xs'), facility_id: here.id }
    const { ids } = await newDevices(system.store, scope, 4)
    const [low, high] = [
      await newRelease(system.store, { ...scope, version: '1.3.0' }),
      await newRelease(system.store, { ...scope, version: '1.2.0', security_version: 5 }),
    ]
    const said = (n: number, version: string) =>
      handle(system.store, DeviceFirmware, ids[n]!, DeviceFirmware.observe({ version, observed_at: now() }), own())
    for (const [n, version] of ['1.3.0', '1.4.0', 'of the factory'].entries()) await said(n, version)
    const told = await reported(system.store, ids[3]!, { ...high, facility_id: here.id }, { outcome: 'installed' })
    const { body } = await system.admin.post(`${path}/simulate`, { release_id: low.id }, told)
    expect(body.left_out).to.deep.equal({
      ...{ runs_it: 1, runs_newer: 1, below_min_version: 0, below_security_version: 1, has_own: 0 },
    })
    expect(body.steps.at(-1).total).to.equal(1)
  })

  it('is refused where the start would be, but for what is open', async () => {
    const scope = { device_model: unique('xs'), facility_id: here.id }
    const release = (version: string, security_version?: number) =>
      newRelease(system.store, { ...scope, version, ...(security_version !== undefined && { security_version }) })
    const active = await release('1.2.0', 3)
    await activated(system.store, active)
    const ask = ({ id }: { id: string }) => system.admin.post(`${path}/simulate`, { release_id: id })
    expectProblem(await ask(active), 409, 'firmware_active')
    expectProblem(await ask(await release('1.3.0', 2)), 409, 'security_floor')
    expectProblem(await ask(await release('1.1.0', 3)), 409, 'firmware_downgrade')
    const [open, next] = [await release('1.4.0', 3), await release('1.5.0', 3)]
    expect((await system.admin.post(path, { release_id: open.id })).status).to.equal(201)
    expect((await ask(next)).status).to.equal(200)
  })

  it('takes a draft, and nothing that is withdrawn, unknown or another facility’s', async () => {
    const scope = { device_model: unique('xs'), facility_id: here.id }
    const draft = await newRelease(system.store, { ...scope, version: '1.3.0' }, { draft: true })
    const ask = (api = system.admin, release_id = draft.id, more = {}) =>
      api.post(`${path}/simulate`, { release_id, ...more })
    expect((await ask(here.facilityAdmin.api)).status).to.equal(200)
    expectProblem(await ask(there.facilityAdmin.api), 404, 'not_found')
    expectProblem(await ask(here.user.api), 403, 'forbidden')
    expectProblem(await ask(system.admin, randomUUID()), 404, 'not_found')
    expectProblem(await ask(system.admin, draft.id, { ladder: [50] }), 400, 'invalid_request')
  })
})
