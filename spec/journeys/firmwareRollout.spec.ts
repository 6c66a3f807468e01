import { expect } from 'chai'
import { reaches } from '../../domain/firmwareRollout.ts'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import { after, type Answered, type Api, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { firmwarePath, imageOf, made, newSigningKey, published, sha256, signed, type SigningKey } from '../firmware.ts'
import { newDevices } from '../firmwareStored.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = `${firmwarePath}/rollouts`

interface Told {
  type: string
  at: string
  actor: { kind: string; id: string; name: string | null }
  data: Record<string, any>
}

/** One after the other, by the routes that people and devices have; only the devices themselves are made in the store. */
describe('a bad release that is rolled out to 200 devices', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let key: SigningKey
  let ids: string[]
  let registered: Record<string, string>
  const devices = new Map<string, Api>()
  const model = unique('xs')
  const [goodImage, badImage] = [imageOf(40_000), imageOf(50_000)]
  let good: { id: string }
  let bad: { id: string }
  let rollout: string
  let targeted: string[]
  let rest: string[]
  let rolledBack: Answered

  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    const fleet = await newDevices(system.store, { device_model: model, facility_id: facility.id }, 200)
    ids = fleet.ids
    registered = fleet.after
    key = await newSigningKey(api())
    await each(ids, async (device_id) => {
      const wanted = { name: 'k', facility_id: facility.id, device_id, scopes: ['firmware'] }
      const { api_key } = await made(api().post('/api/v1/api-keys', wanted))
      devices.set(device_id, system.as({ 'X-API-Key': api_key }))
    })
  })

  const api = () => facility.facilityAdmin.api
  const each = <T>(some: readonly string[], act: (id: string) => Promise<T>) => Promise.all(some.map(act))
  const checked = (id: string, runs: string) => devices.get(id)!.get(`${firmwarePath}/check?current_version=${runs}`)
  /** What each of these is told to install, by version; `undefined`: nothing. */
  const offers = async (some: readonly string[], runs: string) =>
    new Set((await each(some, (id) => checked(id, runs))).map(({ body }) => body?.version as string | undefined))
  const says = (id: string, { id: release_id }: { id: string }, more: object) =>
    made(devices.get(id)!.post(`${firmwarePath}/report`, { release_id, ...more }), 204)
  const fields = (version: string) => ({ device_model: model, version })
  const seen = async (headers = {}, query = '') => (await api().get(`${path}/${rollout}${query}`, headers)).body
  const historyOf = async (what: string): Promise<Told[]> =>
    (await made(api().get(`${what}/history`, after(rolledBack)), 200)).items
  const typesOf = (told: readonly Told[]) => told.map(({ type }) => type.replace('Firmware', ''))

  it('follows a good one, signed, that all of them have installed', async () => {
    expectProblem(await api().form(firmwarePath, goodImage, fields('1.2.0')), 409, 'signature_required')
    good = await published(api(), signed(goodImage, fields('1.2.0'), key), goodImage)
    expect(await offers(ids, '1.1.0'), 'nothing is active yet').to.deep.equal(new Set([undefined]))
    await made(api().post(`${firmwarePath}/${good.id}/activate`), 200)
    await eventually(async () => expect(await offers([ids[0]!], '1.1.0')).to.deep.equal(new Set(['1.2.0'])))
    expect(await offers(ids, '1.1.0')).to.deep.equal(new Set(['1.2.0']))
    await each(ids, (id) => says(id, good, { outcome: 'installed' }))
    expect(await offers(ids, '1.2.0')).to.deep.equal(new Set([undefined]))
  })

  it('comes to one in twenty first, as was foretold', async () => {
    bad = await published(api(), signed(badImage, fields('1.3.0'), key), badImage)
    const plan = { ladder: [5, 25, 100], halt: { min_devices: 4, failure_percent: 20 } }
    const asked = { release_id: bad.id, ladder: plan.ladder }
    const { steps } = await made(api().post(`${path}/simulate`, asked, registered), 200)
    const started = await api().post(path, { release_id: bad.id, ...plan })
    expect(started.status, started.bytes.toString()).to.equal(201)
    rollout = started.body.id
    const cameTo = (percent: number) => ids.filter((id) => reaches({ rollout_id: rollout, percent }, id))
    targeted = cameTo(5)
    expect(targeted.length).to.be.within(1, 30).and.to.equal(steps[0].total)
    const { fleet, counts } = await seen(after(started))
    expect(fleet).to.deep.equal({ devices: 200, targeted: targeted.length, pending: targeted.length })
    expect(counts).to.deep.equal({ installed: 0, failed: 0, rolled_back: 0 })
    // Whatever the buckets are, five have a part in what follows; where there are fewer it goes further by hand.
    if (targeted.length < 5) {
      await made(api().post(`${path}/${rollout}/advance`, { expected_percent: 5, percent: 25 }), 200)
      targeted = cameTo(25)
    }
    rest = ids.filter((id) => !targeted.includes(id))
    await eventually(async () => expect(await offers(targeted, '1.2.0')).to.deep.equal(new Set(['1.3.0'])))
    expect(await offers(rest, '1.2.0')).to.deep.equal(new Set([undefined]))
    expect(await offers(rest.slice(0, 3), '1.1.0'), 'what is active').to.deep.equal(new Set(['1.2.0']))
  })

  it('halts by itself when they fail', async () => {
    const [first, second, third, fourth] = targeted as [string, string, string, string]
    const { image_url, sha256: promised } = (await checked(first, '1.2.0')).body
    const { bytes } = await devices.get(first)!.get(image_url)
    expect([sha256(bytes), promised]).to.deep.equal([sha256(badImage), sha256(badImage)])
    for (const id of [first, second]) await says(id, bad, { outcome: 'installed' })
    // Says so twice, and counts once.
    for (let n = 0; n < 2; n++) await says(third, bad, { outcome: 'failed', kind: 'boot', detail: 'no codec' })
    expect(await seen()).to.include({ status: 'running' })
    await says(fourth, bad, { outcome: 'rolled_back' })
    const halted = await eventually(async () => {
      const now = await seen()
      expect(now).to.include({ status: 'halted' })
      return now
    })
    expect(halted).to.deep.include({
      reason: '50.00 % of 4 devices failed; the limit is 20',
      counts: { installed: 2, failed: 1, rolled_back: 1 },
      failures: [
        { kind: 'boot', devices: 1 },
        { kind: null, devices: 1 },
      ],
    })
    expect(halted.fleet).to.include({ targeted: targeted.length, pending: targeted.length - 4 })
    const listed = await api().get(`${path}/${rollout}/devices?per_page=100&sort=-reported_at`)
    expect(listed.body.items.map((one: { id: string }) => one.id)).to.have.members(targeted)
    const failed = await api().get(`${path}/${rollout}/devices?state=failed&kind=boot`)
    expect(failed.body.items.map((one: { id: string }) => one.id)).to.deep.equal([third])
  })

  it('is then offered to nobody: those that have it stay, all others go on with what is active', async () => {
    await eventually(async () => expect(await offers(targeted.slice(4), '1.2.0')).to.deep.equal(new Set([undefined])))
    expect(await offers(targeted.slice(0, 2), '1.3.0')).to.deep.equal(new Set([undefined]))
    expect(await offers(targeted.slice(2, 4), '1.2.0')).to.deep.equal(new Set([undefined]))
    expect(await offers([...targeted.slice(4), ...rest.slice(0, 20)], '1.1.0')).to.deep.equal(new Set(['1.2.0']))
    const raise = { expected_percent: (await seen()).percent, percent: 100 }
    expectProblem(await api().post(`${path}/${rollout}/advance`, raise), 409, 'rollout_halted')
    expectProblem(await api().post(`${firmwarePath}/${bad.id}/activate`), 409, 'rollout_open')
  })

  it('is rolled back: those that have it are offered the one before, and install it', async () => {
    const asked = { device_model: model, reason: 'Deaf after boot' }
    rolledBack = await api().post(`${firmwarePath}/rollback`, asked)
    expect(rolledBack.body, rolledBack.bytes.toString()).to.include({
      ...{ active_release_id: good.id, active_version: '1.2.0', active_by: 'rollback', rollout_id: null },
    })
    const had = targeted.slice(0, 2)
    await eventually(async () => expect(await offers(had, '1.3.0')).to.deep.equal(new Set(['1.2.0'])))
    const behind = await api().get(
      `${firmwarePath}/devices?behind=true&per_page=100&device_model=${model}`,
      after(rolledBack),
    )
    expect(behind.body.items.map((one: { id: string }) => one.id)).to.include.members(had)
    const { bytes } = await devices.get(had[0]!)!.get(`${firmwarePath}/${good.id}/image`)
    expect(sha256(bytes)).to.equal(sha256(goodImage))
    for (const id of had) await says(id, good, { outcome: 'installed' })
    expect(await offers(ids, '1.2.0')).to.deep.equal(new Set([undefined]))
  })

  it('has a story of who did what, when and why, wherever one looks', async () => {
    const { id: admin } = facility.facilityAdmin
    const rolling = await historyOf(`${path}/${rollout}`)
    const withoutRaise = rolling.filter(({ type }) => type !== 'FirmwareRolloutAdvanced')
    const steps = ['RolloutPlaced', 'RolloutStarted', 'RolloutHalted', 'RolledBack']
    expect(typesOf(withoutRaise)).to.deep.equal(steps)
    const [placed, started, halted, back] = withoutRaise as [Told, Told, Told, Told]
    for (const { actor } of [placed, started, back])
      expect(actor).to.include({ kind: 'user', id: admin, name: 'facility_admin' })
    expect(halted.actor).to.include({ kind: 'system', id: 'rollouts' })
    expect(halted.data).to.include({ reason: '50.00 % of 4 devices failed; the limit is 20', installed: 2, failed: 2 })
    expect(back.data).to.include({
      ...{ reason: 'Deaf after boot', rollout_id: rollout, rollout_release_id: bad.id, release_id: good.id },
    })
    const times = rolling.map(({ at }) => Date.parse(at))
    expect(times).to.deep.equal([...times].sort((a, b) => a - b))

    const ofBad = (await historyOf(`${firmwarePath}/${bad.id}`)).filter(({ type }) => !type.endsWith('Advanced'))
    const toldOfBad = ['ReleaseUploaded', 'ReleasePublished', 'RolloutStarted', 'RolloutHalted', 'RolledBack']
    expect(typesOf(ofBad)).to.deep.equal(toldOfBad)
    const ofGood = await historyOf(`${firmwarePath}/${good.id}`)
    expect(typesOf(ofGood)).to.include.members(['ReleaseUploaded', 'ReleasePublished', 'Activated', 'RolledBack'])

    const channel = (await historyOf(`${firmwarePath}/channels/${rolledBack.body.id}`)).filter(
      ({ type }) => !type.endsWith('Advanced'),
    )
    expect(typesOf(channel)).to.deep.equal(['Activated', ...steps.slice(1)])

    expect(await seen()).to.include({ status: 'rolled_back', reason: 'Deaf after boot', fleet: null })
    const listed = await api().get(`${path}?status=rolled_back&release_id=${bad.id}`)
    expect(listed.body.items.map((one: { id: string }) => one.id)).to.deep.equal([rollout])
  })

  it('is known as it was then', async () => {
    const { body } = await api().get(`${path}/${rollout}/history`, after(rolledBack))
    const positionOf = (type: string) => body.items.find((one: Told) => one.type === type).position
    const then = positionOf('FirmwareRolloutHalted')
    expect(await seen({}, `?as_of=${then}`)).to.include({ status: 'halted', counts: null, fleet: null })
    const before = positionOf('FirmwareRolloutStarted')
    expect(await seen({}, `?as_of=${before}`)).to.include({ status: 'running', percent: 5 })
    const channels = await api().get(`${firmwarePath}/channels?device_model=${model}&as_of=${then}`)
    expect(channels.body.items).to.have.length(1)
    expect(channels.body.items[0]).to.include({ active_by: 'activation', active_version: '1.2.0', rollout_id: rollout })
  })

  it('is in the audit, each report of a device too', async () => {
    const audited = async (action: string) =>
      (await api().get(`/api/v1/audit?action=${action}&per_page=100`, after(rolledBack))).body.items as Told[]
    const ofRollout = async (action: string) =>
      (await audited(action)).filter(({ data }) => data['rollout_id'] === rollout)
    expect(await ofRollout('FirmwareRolloutStarted')).to.have.length(1)
    expect((await ofRollout('FirmwareRolloutHalted')).map(({ actor }) => actor.id)).to.deep.equal(['rollouts'])
    const [back] = await ofRollout('FirmwareRolledBack')
    expect(back!.actor).to.include({ kind: 'user', id: facility.facilityAdmin.id })
    expect(back!.data).to.include({ reason: 'Deaf after boot' })
    const reports = await ofRollout('FirmwareInstallReported')
    expect(reports.map(({ actor }) => actor.id)).to.have.members(targeted.slice(0, 4))
  })

  it('leaves all of them where they were, and every read model as the log has it', async () => {
    const everywhere = { device_model: model, facility_id: facility.id, version: '1.2.0', devices: 200 }
    await eventually(async () => {
      const counted = await api().get(`${firmwarePath}/distribution?device_model=${model}`)
      expect(counted.body.items).to.deep.equal([everywhere])
    })
    for (const fault of ['behind', 'unexpected'])
      expect((await api().get(`${firmwarePath}/devices?${fault}=true&device_model=${model}`)).body.items).to.deep.equal(
        [],
      )
    const { config, store } = system
    const checked = await check({
      databaseUrl: config.DATABASE_URL,
      store,
      projections: projections.filter(({ name }) => /firmware|resource_events/.test(name)),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    })
    expect(checked).to.have.length(7)
    for (const { name, drift, fault } of checked)
      expect([fault, drift.added, drift.removed, drift.changed], name).to.deep.equal([undefined, 0, 0, 0])
  })
})
