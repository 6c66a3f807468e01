import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { channelIdOf } from '../../commands/firmwareChannels.ts'
import { handle } from '../../commands/handle.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import { after, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { activated, type Made, newRelease, own } from '../firmwareStored.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/firmware/rollouts'

describe('rollouts', function () {
  this.timeout(60_000)
  let system: System
  let here: Awaited<ReturnType<typeof newFacility>>
  let elsewhere: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    here = await newFacility(system)
    elsewhere = await newFacility(system)
  })

  const release = (version = '1.3.0', more: Partial<Made> = {}) =>
    newRelease(system.store, { device_model: unique('xs'), facility_id: here.id, version, ...more })
  const start = (release_id: string, more: object = {}, headers = {}) =>
    system.admin.post(path, { release_id, ladder: [5, 25, 100], ...more }, headers)
  const step = (id: string, name: string, body: object = {}, headers = {}) =>
    system.admin.post(`${path}/${id}/${name}`, body, headers)
  async function begun(more: object = {}) {
    const made = await release()
    const answer = await start(made.id, more)
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    return { made, id: answer.body.id as string, answer }
  }
  const eventsOf = async (made: Made) =>
    (await system.store.read(`firmwareChannel-${channelIdOf(made)}`)).map(({ type }) => type)

  it('go up step by step to the end, when their release is the active one', async () => {
    const { made, id, answer } = await begun()
    expect(answer.headers.get('Location')).to.equal(`${path}/${id}`)
    expect(answer.body).to.deep.equal({
      ...{ id, device_model: made.device_model, facility_id: here.id, release_id: made.id, version: '1.3.0' },
      ...{ status: 'running', percent: 5, attempt: 0 },
    })
    expect((await step(id, 'advance', { expected_percent: 5, percent: 25 })).body).to.include({ percent: 25 })
    expect((await step(id, 'pause', { reason: 'lunch' })).body).to.include({ status: 'paused', percent: 25 })
    expect((await step(id, 'resume')).body).to.include({ status: 'running' })
    expect((await step(id, 'retry-failed')).body).to.include({ attempt: 1 })
    expect((await step(id, 'advance', { expected_percent: 25, percent: 100 })).body).to.include({ percent: 100 })
    const last = await step(id, 'advance', { expected_percent: 100, percent: 100 })
    expect(last.body).to.include({ status: 'completed', percent: 100, version: '1.3.0' })
    expect(await eventsOf(made)).to.deep.equal([
      'FirmwareRolloutStarted',
      'FirmwareRolloutAdvanced',
      'FirmwareRolloutPaused',
      'FirmwareRolloutResumed',
      'FirmwareRolloutRetried',
      'FirmwareRolloutAdvanced',
      'FirmwareRolloutCompleted',
    ])
    for (const [name, body] of steps) expectProblem(await step(id, name, body), 409, 'rollout_over')
    expectProblem(await start(made.id), 409, 'firmware_active')
  })
  const steps: [string, object][] = [
    ['advance', { expected_percent: 5, percent: 25 }],
    ['pause', {}],
    ['halt', { reason: 'deaf' }],
    ['resume', {}],
    ['retry-failed', {}],
  ]

  it('are of what is published, not withdrawn, and not below the security floor', async () => {
    const device_model = unique('xs')
    const draft = await newRelease(
      system.store,
      { device_model, facility_id: here.id, version: '1.3.0' },
      { draft: true },
    )
    const withdrawn = await release()
    const withdraw = FirmwareRelease.withdraw({ reason: 'deaf', withdrawn_at: new Date().toISOString() })
    await handle(system.store, FirmwareRelease, withdrawn.id, withdraw, own())
    await activated(system.store, await release('1.2.0', { device_model, security_version: 3 }))
    const [low, old] = [
      await release('1.3.1', { device_model, security_version: 2 }),
      await release('1.1.0', { device_model, security_version: 3 }),
    ]
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await start(draft.id), 409, 'firmware_not_published')
      expectProblem(await start(withdrawn.id), 409, 'firmware_not_published')
      expectProblem(await start(low.id), 409, 'security_floor')
      expectProblem(await start(old.id), 409, 'firmware_downgrade')
      expectProblem(await start(randomUUID()), 404, 'not_found')
    })
    expect(appended).to.deep.equal([])
  })

  it('are started in no facility that is closed', async () => {
    const closed = await newFacility(system)
    const { id } = await release('1.3.0', { facility_id: closed.id })
    expect((await system.admin.post(`/api/v1/facilities/${closed.id}/deactivate`)).status).to.equal(200)
    const appended = await appendedDuring(system.store, async () =>
      expectProblem(await start(id), 409, 'facility_inactive'),
    )
    expect(appended).to.deep.equal([])
  })

  it('have one open in a channel, however many are started at once', async () => {
    const device_model = unique('xs')
    const releases = await Promise.all(Array.from({ length: 10 }, (_, n) => release(`1.${n}.0`, { device_model })))
    const answers = await Promise.all([...releases, ...releases].map(({ id }) => start(id)))
    expect(answers.filter(({ status }) => status === 201).length).to.equal(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(answer.status).to.equal(409)
      expect(answer.body.code).to.be.oneOf(['rollout_open', 'contended'])
    }
    expect(await eventsOf(releases[0]!)).to.deep.equal(['FirmwareRolloutStarted'])
  })

  it('are raised once, however many ask for it at once, and refuse a share that has moved on', async () => {
    const { made, id } = await begun()
    const asked = Array.from({ length: 20 }, () => step(id, 'advance', { expected_percent: 5, percent: 25 }))
    for (const { status } of await Promise.all(asked)) expect(status).to.equal(200)
    expect(await eventsOf(made)).to.deep.equal(['FirmwareRolloutStarted', 'FirmwareRolloutAdvanced'])
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await step(id, 'advance', { expected_percent: 5, percent: 50 }), 409, 'percent_moved')
      expectProblem(await step(id, 'advance', { expected_percent: 25, percent: 5 }), 409, 'percent_not_raised')
      expectProblem(await step(id, 'advance', { expected_percent: 25, percent: 101 }), 400, 'invalid_request')
      expectProblem(await step(id, 'advance', { percent: 50 }), 400, 'invalid_request')
    })
    expect(appended).to.deep.equal([])
  })

  it('are not raised while they are halted', async () => {
    const { id } = await begun()
    expectProblem(await step(id, 'halt'), 400, 'invalid_request')
    expect((await step(id, 'halt', { reason: 'deaf' })).body).to.include({ status: 'halted' })
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await step(id, 'advance', { expected_percent: 5, percent: 25 }), 409, 'rollout_halted')
      expectProblem(await step(id, 'pause'), 409, 'rollout_halted')
    })
    expect(appended).to.deep.equal([])
  })

  it('answer a repeated Idempotency-Key as the first time, and go by If-Match', async () => {
    const made = await release()
    const key = { 'Idempotency-Key': unique('key') }
    const first = await start(made.id, {}, key)
    await step(first.body.id, 'advance', { expected_percent: 5, percent: 25 })
    const again = await start(made.id, {}, key)
    expect([again.status, again.body]).to.deep.equal([201, first.body])
    expectProblem(await start(made.id, { dwell_secs: 1 }, key), 409, 'idempotency_clash')
    expectProblem(await step(first.body.id, 'pause', {}, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    const retry = { 'Idempotency-Key': unique('key') }
    for (const _ of [1, 2]) expect((await step(first.body.id, 'retry-failed', {}, retry)).body.attempt).to.equal(1)
  })

  it('want a ladder that rises to 100, and a plan within its bounds', async () => {
    const made = await release()
    const wrong = [
      { ladder: [] },
      { ladder: [5, 25] },
      { ladder: [25, 5, 100] },
      { ladder: [5, 5, 100] },
      { ladder: [0, 100] },
      { ladder: [0.001, 100] },
      { ladder: [5, 101] },
      { dwell_secs: -1 },
      { dwell_secs: 0.5 },
      { advance: 'never' },
      { success_percent: 101 },
      { step_min_devices: 0 },
      { halt: { failure_percent: 0 } },
      { halt: { failure_percent: 12.345 } },
      { halt: { kinds: ['boredom'] } },
      { gates: { min_battery_mv: -1 } },
      { gates: { moon: 'full' } },
    ]
    const appended = await appendedDuring(system.store, async () => {
      for (const more of wrong) expectProblem(await start(made.id, more), 400, 'invalid_request')
    })
    expect(appended).to.deep.equal([])
    const plan = { ladder: [0.5, 12.25, 100], halt: { failure_percent: 12.34 }, gates: { min_battery_mv: 3300 } }
    expect((await start(made.id, plan)).body).to.include({ percent: 0.5 })
  })

  it('of a facility are its admins’, those of every facility a super admin’s', async () => {
    const { id } = await begun()
    const [mine, theirs] = [here.facilityAdmin.api, elsewhere.facilityAdmin.api]
    const everywhere = await newRelease(system.store, { device_model: unique('xs'), version: '1.3.0' })
    const appended = await appendedDuring(system.store, async () => {
      for (const [name, body] of steps)
        expectProblem(await theirs.post(`${path}/${id}/${name}`, body), 404, 'not_found')
      expectProblem(await step(randomUUID(), 'pause'), 404, 'not_found')
      expectProblem(await theirs.post(path, { release_id: (await release()).id }), 404, 'not_found')
    })
    expect(appended.filter((name) => !/firmwareRelease/.test(name))).to.deep.equal([])
    const secret = { device_model: everywhere.device_model, version: '1.4.0' }
    const { id: release_id } = await newRelease(system.store, secret, { draft: true })
    for (const where of [path, `${path}/simulate`]) {
      expectProblem(await mine.post(where, { release_id: everywhere.id }), 403, 'forbidden')
      expectProblem(await mine.post(where, { release_id }), 404, 'not_found')
    }
    expect((await mine.post(`${path}/${id}/pause`)).body).to.include({ status: 'paused' })
    const started = await start(everywhere.id)
    expect(started.body).to.include({ facility_id: null, status: 'running' })
    expectProblem(await mine.post(`${path}/${started.body.id}/pause`), 403, 'forbidden')
    const seen = await here.user.api.get(`${path}/${started.body.id}`, after(started))
    expect(seen.body).to.include({ id: started.body.id, facility_id: null })
  })
})
