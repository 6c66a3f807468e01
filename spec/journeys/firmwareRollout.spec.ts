import { expect } from 'chai'
import { reaches } from '../../domain/firmwareRollout.ts'
import { after } from '../api.ts'
import { eventually } from '../eventually.ts'
import { activated, imageOf, inChannel, type Made, newDevices, newRelease, reported } from '../firmwareStored.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/firmware/rollouts'

describe('a bad release that is rolled out to 200 devices', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let fleet: Awaited<ReturnType<typeof newDevices>>
  let good: Made
  let bad: Made & { facility_id: string }
  let id: string
  let targeted: string[]
  const model = unique('xs')

  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    const scope = { device_model: model, facility_id: facility.id }
    fleet = await newDevices(system.store, scope, 200)
    good = await newRelease(system.store, { ...scope, version: '1.2.0' })
    bad = { ...(await newRelease(system.store, { ...scope, version: '1.3.0' })), facility_id: facility.id }
    await activated(system.store, good)
  })
  const api = () => facility.facilityAdmin.api
  const seen = async (headers = {}, query = '') => (await api().get(`${path}/${id}${query}`, headers)).body

  it('comes to one in twenty first', async () => {
    const plan = { ladder: [5, 25, 100], halt: { min_devices: 4, failure_percent: 20 } }
    const simulated = await api().post(`${path}/simulate`, { release_id: bad.id, ladder: plan.ladder }, fleet.after)
    const started = await api().post(path, { release_id: bad.id, ...plan })
    expect(started.status, started.bytes.toString()).to.equal(201)
    id = started.body.id
    targeted = fleet.ids.filter((device) => reaches({ rollout_id: id, percent: 5 }, device))
    expect(targeted.length).to.be.within(1, 30).and.to.equal(simulated.body.steps[0].total)
    const { fleet: counted, counts } = await seen(after(started))
    expect(counted).to.deep.equal({ devices: 200, targeted: targeted.length, pending: targeted.length })
    expect(counts).to.deep.equal({ installed: 0, failed: 0, rolled_back: 0 })
  })

  it('halts by itself when they fail', async () => {
    // Whatever the buckets are, at least four report; by hand further where there are fewer.
    if (targeted.length < 4) {
      const raised = await api().post(`${path}/${id}/advance`, { expected_percent: 5, percent: 25 })
      expect(raised.status).to.equal(200)
      targeted = fleet.ids.filter((device) => reaches({ rollout_id: id, percent: 25 }, device))
    }
    const [installed, ...failing] = targeted.slice(0, 4)
    await reported(system.store, installed!, bad, { outcome: 'installed', rollout_id: id })
    // Says so twice, and counts once.
    await reported(system.store, failing[0]!, bad, { outcome: 'failed', kind: 'download', rollout_id: id })
    await reported(system.store, failing[0]!, bad, { outcome: 'failed', kind: 'boot', rollout_id: id, attempt: 1 })
    await reported(system.store, failing[1]!, bad, { outcome: 'rolled_back', rollout_id: id })
    expect(await seen()).to.include({ status: 'running' })
    await reported(system.store, failing[2]!, bad, { outcome: 'failed', kind: 'boot', rollout_id: id })
    const rollout = await eventually(async () => {
      const now = await seen()
      expect(now).to.include({ status: 'halted' })
      return now
    })
    expect(rollout).to.deep.include({
      reason: '75.00 % of 4 devices failed; the limit is 20',
      counts: { installed: 1, failed: 2, rolled_back: 1 },
      failures: [
        { kind: 'boot', devices: 2 },
        { kind: null, devices: 1 },
      ],
    })
    expect(rollout.fleet).to.include({ targeted: targeted.length, pending: targeted.length - 4 })
    const devices = await api().get(`${path}/${id}/devices?per_page=100&sort=-reported_at`)
    expect(devices.body.items.map((one: { id: string }) => one.id)).to.have.members(targeted)
    const failed = await api().get(`${path}/${id}/devices?state=failed&kind=boot`)
    expect(failed.body.items.map((one: { id: string }) => one.id)).to.have.members([failing[0], failing[2]])
  })

  it('is rolled back, and the history of it and the audit tell the story', async () => {
    const data = {
      ...{ device_model: model, facility_id: facility.id, ...imageOf(good), previous_release_id: good.id },
      ...{ rollout_id: id, rollout_release_id: bad.id, reason: 'Deaf after boot', rolled_back_at: now() },
    }
    const rolledBack = await inChannel(system.store, good, { type: 'FirmwareRolledBack', data })
    expect(await seen(rolledBack)).to.include({ status: 'rolled_back', reason: 'Deaf after boot', fleet: null })

    const { body } = await api().get(`${path}/${id}/history`, rolledBack)
    const told = (body.items as { type: string; actor: { kind: string; id: string }; data: any }[]).filter(
      ({ type }) => type !== 'FirmwareRolloutAdvanced',
    )
    expect(told.map(({ type }) => type)).to.deep.equal([
      'FirmwareRolloutPlaced',
      'FirmwareRolloutStarted',
      'FirmwareRolloutHalted',
      'FirmwareRolledBack',
    ])
    expect(told[1]!.actor).to.include({ kind: 'user', id: facility.facilityAdmin.id })
    expect(told[2]!.actor).to.include({ kind: 'system', id: 'rollouts' })
    expect(told[2]!.data.reason).to.equal('75.00 % of 4 devices failed; the limit is 20')
    expect(told[3]!.data.reason).to.equal('Deaf after boot')

    const halt = body.items.find(({ type }: { type: string }) => type === 'FirmwareRolloutHalted')
    expect(await seen({}, `?as_of=${halt.position}`)).to.include({ status: 'halted', counts: null, fleet: null })
    const started = body.items.find(({ type }: { type: string }) => type === 'FirmwareRolloutStarted')
    expect(await seen({}, `?as_of=${started.position}`)).to.include({ status: 'running', percent: 5 })

    const audited = await api().get(`/api/v1/audit?action=FirmwareRolloutHalted&per_page=100`, rolledBack)
    expect(audited.body.items.map((entry: { data: any }) => entry.data.rollout_id)).to.include(id)
    const reports = await api().get('/api/v1/audit?action=FirmwareInstallReported&per_page=100', rolledBack)
    expect(reports.body.items.filter((entry: { data: any }) => entry.data.rollout_id === id)).to.have.length(5)

    const list = await api().get(`${path}?status=rolled_back&release_id=${bad.id}`)
    expect(list.body.items.map((one: { id: string }) => one.id)).to.deep.equal([id])
  })
})

const now = () => new Date().toISOString()
