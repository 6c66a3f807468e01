import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { activate, at, inChannel, newRelease, newSensor, type Release } from '../firmwareOfDevices.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/firmware'

describe('the firmware of the fleet', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let device_model: string
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
  })
  beforeEach(() => void (device_model = unique('xs')))

  const sensor = (where = facility.id) => newSensor(system, where, device_model)
  const release = (version: string, more: object = {}) =>
    newRelease(system, { device_model, facility_id: facility.id, version, ...more })
  /** `Read-After` for all that was appended so far. */
  const now = async () => ({ 'Read-After': String(await system.store.head()) })
  const devices = async (query: string, api = facility.user.api) => {
    const answer = await api.get(`${path}/devices?device_model=${device_model}${query}`, await now())
    expect(answer.status, answer.bytes.toString()).to.equal(200)
    return answer.body.items as { id: string; [field: string]: any }[]
  }
  const ids = async (query: string) => (await devices(query)).map(({ id }) => id)
  const rolledBack = (one: Release, ends: object = {}) =>
    inChannel(system, one, ['FirmwareRolledBack', { ...ends, reason: 'deaf', rolled_back_at: at() }])
  const rollout = (one: Release, percent: number, rollout_id = randomUUID()) =>
    inChannel(system, one, [
      'FirmwareRolloutStarted',
      {
        ...{ rollout_id, percent, ladder: [5, 100], dwell_secs: 60, advance: 'manual', success_percent: 90 },
        ...{ halt: { min_devices: 1, failure_percent: 10 }, started_at: at() },
      },
    ])

  it('is counted by model, facility and version; those that never said too', async () => {
    const other = await newFacility(system)
    const [a, b, c, d] = [await sensor(), await sensor(), await sensor(), await sensor(other.id)]
    await sensor()
    for (const { check } of [a, b]) await check('1.9.0')
    await c.check('1.10.0')
    await d.check('1.9.0')
    const distribution = async (api: typeof system.admin, more = '') =>
      (await api.get(`${path}/distribution?device_model=${device_model}${more}`, await now())).body.items
    const here = [
      { device_model, facility_id: facility.id, version: '1.10.0', devices: 1 },
      { device_model, facility_id: facility.id, version: '1.9.0', devices: 2 },
      { device_model, facility_id: facility.id, version: null, devices: 1 },
    ]
    const there = { device_model, facility_id: other.id, version: '1.9.0', devices: 1 }
    expect(await distribution(facility.user.api)).to.deep.equal(here)
    expect(await distribution(system.admin)).to.have.deep.members([...here, there])
    expect(await distribution(system.admin, `&facility_id=${other.id}`)).to.deep.equal([there])
    expect(await distribution(facility.user.api, `&facility_id=${other.id}`)).to.deep.equal([])
    await system.admin.post(`/api/v1/devices/${c.id}/decommission`)
    expect(await distribution(facility.user.api)).to.deep.equal(here.slice(1))
  })

  it('tells who is behind what its channel says', async () => {
    const [old, newer, same, silent] = [await sensor(), await sensor(), await sensor(), await sensor()]
    await old.check('1.9.0')
    await newer.check('1.11.0-rc.1')
    await same.check('1.10.0+build.7')
    expect(await ids('&behind=true'), 'nothing is active').to.deep.equal([])
    const active = await release('1.10.0')
    await activate(system, active)
    expect(await ids('&behind=true')).to.have.members([old.id, silent.id])
    expect(await ids('&behind=false')).to.have.members([newer.id, same.id])
    const [first] = (await devices('&version=1.9.0')) as [object]
    expect(first).to.deep.include({
      ...{ id: old.id, facility_id: facility.id, device_model, version: '1.9.0', behind: true, last_report: null },
      target: { release_id: active.id, version: '1.10.0' },
    })
    await rolledBack(active)
    expect(await ids('&behind=true'), 'to go back').to.have.members([old.id, silent.id, newer.id])
    await inChannel(system, active, ['FirmwareDeactivated', { deactivated_at: at() }])
    expect(await ids('&behind=true')).to.deep.equal([])
  })

  it('is behind what mended it, also where that is older, if it missed the rollback', async () => {
    const [missed, newer, foreign] = [await sensor(), await sensor(), await sensor()]
    await missed.check('2.0.0')
    await newer.check('2.1.0')
    await foreign.check('1.9.0')
    const [good, bad, mended] = [await release('1.0.0'), await release('2.0.0'), await release('1.1.0')]
    for (const one of [good, bad]) await activate(system, one)
    await rolledBack(good)
    expect(await ids('&behind=true')).to.have.members([missed.id, newer.id, foreign.id])
    await activate(system, mended)
    expect(await ids('&behind=true')).to.deep.equal([missed.id])
    expect((await missed.check('2.0.0')).body).to.include({ version: '1.1.0' })
    expect((await foreign.check('1.9.0')).status).to.equal(204)
  })

  it('is behind what is for everybody once its facility’s own, which was newer, is withdrawn', async () => {
    const device = await sensor()
    await device.check('2.0.0')
    await activate(system, await newRelease(system, { device_model, version: '1.0.0' }))
    const own = await release('2.0.0')
    await activate(system, own)
    expect(await ids('&behind=true')).to.deep.equal([])
    await inChannel(system, own, ['FirmwareReleaseBarred', { was_active: true, reason: 'deaf', barred_at: at() }])
    expect(await ids('&behind=true')).to.deep.equal([device.id])
  })

  it('is behind everybody’s release only where its facility has none', async () => {
    const [other, device] = [await newFacility(system), await sensor()]
    const elsewhere = await sensor(other.id)
    for (const { check } of [device, elsewhere]) await check('1.0.0')
    await activate(system, await newRelease(system, { device_model, version: '2.0.0' }))
    const behind = async () => (await devices('&behind=true', system.admin)).map(({ id }) => id)
    expect(await behind()).to.have.members([device.id, elsewhere.id])
    const own = await release('1.0.0')
    await activate(system, own)
    expect(await behind()).to.deep.equal([elsewhere.id])
    await inChannel(system, own, ['FirmwareDeactivated', { deactivated_at: at() }])
    expect(await behind(), 'none any more').to.have.members([device.id, elsewhere.id])
    await system.admin.post(`/api/v1/devices/${device.id}/decommission`)
    expect(await behind(), 'what is out of use is behind nothing').to.deep.equal([elsewhere.id])
  })

  it('tells who runs what it was not offered', async () => {
    const [strange, offered, foreign, silent] = [await sensor(), await sensor(), await sensor(), await sensor()]
    const [first, second] = [await release('1.0.0'), await release('2.0.0')]
    await activate(system, first)
    await activate(system, second)
    await release('1.5.0')
    await newRelease(system, { device_model, facility_id: (await newFacility(system)).id, version: '3.0.0' }).then(
      (one) => activate(system, one),
    )
    await strange.check('1.5.0')
    await offered.check('1.0.0')
    await foreign.check('3.0.0')
    expect(await ids('&unexpected=true')).to.have.members([strange.id, foreign.id])
    expect(await ids('&unexpected=false')).to.have.members([offered.id, silent.id])
    const odd = { firmware_version: 'factory build' }
    await silent.api.post('/api/v1/devices/heartbeat', odd)
    expect(await ids('&unexpected=true')).to.include(silent.id)
  })

  it('tells who has installed what a rollout had not brought to it', async () => {
    const one = await release('2.0.0')
    const [device, rollout_id] = [await sensor(), randomUUID()]
    await rollout(one, 0.000001, rollout_id)
    await device.report({ release_id: one.id, outcome: 'installed' })
    expect(await ids('&unexpected=true')).to.deep.equal([device.id])
    const advanced = { rollout_id, from_percent: 1, percent: 100, advanced_at: at() }
    await inChannel(system, one, ['FirmwareRolloutAdvanced', advanced])
    await eventually(async () => {
      await device.report({ release_id: one.id, outcome: 'installed' })
      expect(await ids('&unexpected=true')).to.deep.equal([])
    })
  })

  it('is as expected again, where a device has gone on from such to what a rollout brought', async () => {
    const [device, one, two] = [await sensor(), await release('2.0.0'), await release('3.0.0')]
    await rollout(one, 0.000001)
    await device.report({ release_id: one.id, outcome: 'installed' })
    expect(await ids('&unexpected=true')).to.deep.equal([device.id])
    await rollout(two, 100)
    await device.check('3.0.0')
    expect(await ids('&unexpected=true')).to.deep.equal([])
  })

  it('tells the last that each device has reported', async () => {
    const [device, one] = [await sensor(), await release('2.0.0')]
    await activate(system, one)
    await device.check('1.0.0')
    await device.report({ release_id: one.id, outcome: 'failed', kind: 'boot', detail: 'no sound' })
    const report = { release_id: one.id, version: '2.0.0', outcome: 'failed', kind: 'boot', detail: 'no sound' }
    const [found] = await devices('&outcome=failed')
    expect(found!['last_report']).to.deep.include({ ...report, rollout_id: null })
    expect(await ids('&outcome=installed')).to.deep.equal([])
    const shown = async (query = '') =>
      (await facility.user.api.get(`/api/v1/devices/${device.id}${query}`, await now())).body
    const { firmware } = await shown()
    expect(firmware).to.deep.include({ version: '1.0.0', last_report: found!['last_report'] })
    expect(Date.parse(firmware.observed_at)).to.be.closeTo(Date.now(), 60_000)
    expect((await facility.user.api.get(`/api/v1/devices/${facility.device.id}`)).body.firmware).to.equal(null)
    const { items } = (await facility.user.api.get(`/api/v1/devices/${device.id}/history`, await now())).body
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal([
      ...['DeviceRegistered', 'FirmwareVersionObserved', 'FirmwareInstallReported'],
    ])
    await device.check('1.1.0')
    const then = async (n: number) => (await shown(`?as_of=${items[n].position}`)).firmware
    const observed = { version: '1.0.0', observed_at: firmware.observed_at }
    expect(await then(0)).to.equal(null)
    expect(await then(1)).to.deep.equal({ ...observed, last_report: null })
    expect(await then(2)).to.deep.equal({ ...observed, last_report: found!['last_report'] })
    expect((await shown(`?as_of=${items[2].at}`)).firmware).to.deep.equal(await then(2))
    expect((await shown()).firmware.version).to.equal('1.1.0')
  })

  it('is listed in pages, in the order that is asked for', async () => {
    const made = [await sensor(), await sensor(), await sensor()]
    for (const { check } of made.slice(0, 2)) await check('1.0.0')
    const page = async (query: string) =>
      (await facility.user.api.get(`${path}/devices?device_model=${device_model}&per_page=2${query}`, await now())).body
    const first = await page('&sort=observed_at')
    expect(first.items.map(({ id }: { id: string }) => id)).to.deep.equal(made.slice(0, 2).map(({ id }) => id))
    expect(first).to.deep.include({ total: 3, pages: 2 })
    const next = await page(`&sort=observed_at&cursor=${first.next_cursor}`)
    expect(next.items.map(({ id }: { id: string }) => id)).to.deep.equal([made[2]!.id])
    expect(await ids('&q=mic')).to.have.length(3)
    expect(await ids('&q=nobody')).to.deep.equal([])
  })

  it('is of one’s own facility, and nonsense is refused', async () => {
    const other = await newFacility(system)
    await sensor()
    for (const what of ['devices', 'distribution']) {
      const { items } = (await other.user.api.get(`${path}/${what}?device_model=${device_model}`, await now())).body
      expect(items).to.deep.equal([])
      expectProblem(await facility.sensor.get(`${path}/${what}`), 403, 'forbidden')
      expectProblem(await system.admin.get(`${path}/${what}?facility_id=x`), 400, 'invalid_request')
    }
    for (const query of ['behind=yes', 'unexpected=1', 'outcome=ok', 'sort=behind', 'nonsense=1'])
      expectProblem(await system.admin.get(`${path}/devices?${query}`), 400, 'invalid_request')
  })
})
