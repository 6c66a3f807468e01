import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'chai'
import { channelIdOf } from '../../commands/firmwareChannels.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { openConnections } from '../../ops/roles/connections.ts'
import { runRollouts } from '../../workers/rollouts.ts'
import { eventually } from '../eventually.ts'
import { made } from '../firmware.ts'
import { activated, imageOf, inChannel, type Made, newDevices, newRelease, reported } from '../firmwareStored.ts'
import { newFacility, specLog, startServers, type System, temporaryDataDir, theSystem, unique } from '../system.ts'

const path = '/api/v1/firmware/rollouts'

/** The system's own worker watches; what is more, some of these specs run others beside it. */
describe('rollouts that are watched', function () {
  this.timeout(60_000)
  let system: System
  let facility: string
  before(async () => {
    system = await theSystem()
    facility = (await newFacility(system)).id
  })

  const now = () => new Date().toISOString()
  /** Beside the system's own. */
  const running: { stop: AbortController; done: Promise<void> }[] = []
  after(async () => {
    for (const { stop } of running) stop.abort()
    await Promise.all(running.map(({ done }) => done))
  })

  async function begun(plan: object, device_model = unique('xs')) {
    const scope = { device_model, facility_id: facility }
    const release = { ...(await newRelease(system.store, { ...scope, version: '1.3.0' })), facility_id: facility }
    const answer = await system.admin.post(path, { release_id: release.id, ladder: [5, 100], ...plan })
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    const rollout_id = answer.body.id as string
    const say = (outcome: 'installed' | 'failed' | 'rolled_back', more = {}, id: string = randomUUID()) =>
      reported(system.store, id, release, { outcome, rollout_id, ...more })
    return { release, rollout_id, say }
  }
  const storedOf = (release: Made) => system.store.read(`firmwareChannel-${channelIdOf(release)}`)
  const typesOf = async (release: Made) => (await storedOf(release)).map(({ type }) => type)
  /** Whatever was to come of what is in the log has come: the worker has carried this out, which was asked for last. */
  async function settled() {
    const { release, say } = await begun({ halt: { min_devices: 1, failure_percent: 1 } })
    await say('failed')
    await eventually(async () => expect(await typesOf(release)).to.include('FirmwareRolloutHalted'))
  }

  it('halt by themselves at the limit, saying the figures, and whose report it was', async () => {
    const { release, rollout_id, say } = await begun({ halt: { min_devices: 24, failure_percent: 12.5 } })
    for (let n = 0; n < 21; n++) await say('installed')
    await say('failed', { kind: 'boot' })
    await say('rolled_back')
    await settled()
    expect(await typesOf(release), 'not yet enough').to.deep.equal(['FirmwareRolloutStarted'])
    await say('failed', { kind: 'verify' })
    const halted = await eventually(async () => {
      const found = (await storedOf(release)).find(({ type }) => type === 'FirmwareRolloutHalted')
      expect(found).to.not.equal(undefined)
      return found!
    })
    expect(halted.data).to.include({
      ...{ rollout_id, release_id: release.id, device_model: release.device_model, facility_id: facility },
      ...{ reason: '12.50 % of 24 devices failed; the limit is 12.5', installed: 21, failed: 3 },
    })
    expect(halted.metadata).to.deep.include({ actor: { kind: 'system', id: 'rollouts' }, facility_id: facility })
    const answer = await system.admin.get(`${path}/${rollout_id}`, { 'Read-After': String(halted.position) })
    expect(answer.body).to.include({ status: 'halted', reason: halted.data['reason'] })
  })

  it('of every facility show one why they halted, and the figures of all to who sees all', async () => {
    const { facilityAdmin } = await newFacility(system)
    const release = await newRelease(system.store, { device_model: unique('xs'), version: '1.3.0' })
    const plan = { release_id: release.id, ladder: [5, 100], halt: { min_devices: 2, failure_percent: 50 } }
    const { id } = (await made(system.admin.post(path, plan))) as { id: string }
    for (const outcome of ['installed', 'failed'] as const)
      await reported(system.store, randomUUID(), { ...release, facility_id: randomUUID() }, { outcome, rollout_id: id })
    const halted = await eventually(async () => {
      const found = (await storedOf(release)).find(({ type }) => type === 'FirmwareRolloutHalted')
      expect(found).to.not.equal(undefined)
      return found!
    })
    await made(system.admin.post(`${path}/${id}/resume`), 200)
    const seen = async (api: typeof system.admin, where: string) =>
      (await api.get(where, { 'Read-After': String(await system.store.head()) })).bytes.toString()
    const pages = [
      ...[`${path}?release_id=${release.id}`, `${path}/${id}`, `${path}/${id}?as_of=${halted.position}`],
      ...[`${path}/${id}/history`, `/api/v1/firmware/${release.id}/history`],
      `/api/v1/firmware/channels/${channelIdOf(release)}/history`,
    ]
    for (const page of pages) {
      const theirs = await seen(facilityAdmin.api, page)
      expect(theirs, page).to.include(release.id)
      expect(theirs, page).to.not.match(/ % of |"(installed|failed)":[1-9]/)
    }
    expect(await seen(facilityAdmin.api, pages[2]!)).to.include('Too many devices failed')
    for (const page of pages.slice(2, 4)) expect(await seen(system.admin, page)).to.include('50.00 % of 2 devices')
    await made(system.admin.post(`${path}/${id}/halt`, { reason: 'smoke' }), 200)
    expect(await seen(facilityAdmin.api, pages[1]!), 'what somebody said').to.include('smoke')
  })

  it('count a device that reports again once, by its last report', async () => {
    const { release, say } = await begun({ halt: { min_devices: 2, failure_percent: 50 } })
    const [one, other] = [randomUUID(), randomUUID()]
    await say('failed', { kind: 'boot' }, one)
    await say('failed', { kind: 'verify', attempt: 1 }, one)
    await say('installed', { attempt: 2 }, one)
    await say('installed', {}, other)
    await settled()
    expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted'])
  })

  it('go on when their time is over, not before, and are complete at the end', async () => {
    const plan = { ladder: [5, 50, 100], dwell_secs: 1, advance: 'automatic' }
    const { release, say } = await begun(plan)
    await say('installed')
    const stored = await eventually(async () => {
      const found = await storedOf(release)
      expect(found.at(-1)!.type).to.equal('FirmwareRolloutCompleted')
      return found
    })
    expect(stored.map(({ type, data }) => `${type} ${data['percent'] ?? ''}`.trim())).to.deep.equal([
      'FirmwareRolloutStarted 5',
      'FirmwareRolloutAdvanced 50',
      'FirmwareRolloutAdvanced 100',
      'FirmwareRolloutCompleted',
    ])
    const times = stored.map(({ data: { started_at, advanced_at, completed_at } }) =>
      Date.parse((started_at ?? advanced_at ?? completed_at) as string),
    )
    for (const [n, time] of times.slice(1).entries()) expect(time - times[n]!).to.be.at.least(1000)
  })

  it('stay where they are while nobody has reported, too many failed, or somebody wants to advance them by hand', async () => {
    const halt = { min_devices: 1000, failure_percent: 100 }
    const [model, other] = [unique('xs'), unique('xs')]
    for (const device_model of [model, other])
      await newDevices(system.store, { device_model, facility_id: facility }, 1)
    const [silent, failing, manual] = await Promise.all([
      begun({ dwell_secs: 0, advance: 'automatic', ladder: [100] }, model),
      begun({ dwell_secs: 0, advance: 'automatic', ladder: [100], halt }, other),
      begun({ dwell_secs: 0 }),
    ])
    await failing.say('failed')
    await manual.say('installed')
    await settled()
    for (const { release } of [silent, failing, manual])
      expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted'])
  })

  it('go on once enough of the devices of a share have reported, or all of them where they are fewer', async () => {
    const plan = { ladder: [100], dwell_secs: 0, advance: 'automatic' }
    const begunWith = async (devices: number, more: object) => {
      const device_model = unique('xs')
      const { ids } = await newDevices(system.store, { device_model, facility_id: facility }, devices)
      const { release, say } = await begun({ ...plan, ...more }, device_model)
      return { release, say: (n: number) => say('installed', {}, ids[n]) }
    }
    const [enough, all, byDefault] = [
      await begunWith(9, { step_min_devices: 2 }),
      await begunWith(2, { step_min_devices: 9 }),
      await begunWith(9, {}),
    ]
    for (const { say } of [enough, all, byDefault]) await say(0)
    for (const n of [1, 2, 3]) await byDefault.say(n)
    await settled()
    for (const { release } of [enough, all, byDefault])
      expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted'])
    for (const { say } of [enough, all]) await say(1)
    await byDefault.say(4)
    for (const { release } of [enough, all, byDefault])
      await eventually(async () =>
        expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted', 'FirmwareRolloutCompleted']),
      )
  })

  it('go on after their time where the share holds no device that is in use, or that what is for all comes to', async () => {
    const plan = { ladder: [100], dwell_secs: 0, advance: 'automatic' }
    const [leaving, moving, covered] = [unique('xs'), unique('xs'), unique('xs')]
    const deviceOf = async (device_model: string) =>
      (await newDevices(system.store, { device_model, facility_id: facility }, 1)).ids[0]!
    const [gone, moved] = [await deviceOf(leaving), await deviceOf(moving)]
    await deviceOf(covered)
    const everywhere = await newRelease(system.store, { device_model: covered, version: '1.3.0' })
    expect((await system.admin.post(path, { release_id: everywhere.id, ...plan })).status).to.equal(201)
    const [one, other] = [await begun(plan, leaving), await begun(plan, moving)]
    await settled()
    for (const release of [one.release, other.release, everywhere])
      expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted'])
    await made(system.admin.post(`/api/v1/devices/${gone}/decommission`), 200)
    const { id: facility_id } = await newFacility(system)
    await made(system.admin.patch(`/api/v1/devices/${moved}`, { facility_id }), 200)
    const own = { device_model: covered, facility_id: facility, version: '1.0.0' }
    await activated(system.store, await newRelease(system.store, own))
    for (const release of [one.release, other.release, everywhere])
      await eventually(async () => expect((await typesOf(release)).at(-1)).to.equal('FirmwareRolloutCompleted'))
    const { release } = await begun({ ...plan, ladder: [5, 100] })
    await eventually(async () =>
      expect(await typesOf(release), 'nobody at all').to.deep.equal([
        ...['FirmwareRolloutStarted', 'FirmwareRolloutAdvanced', 'FirmwareRolloutCompleted'],
      ]),
    )
  })

  it('are halted again only by what fails after somebody resumed them', async () => {
    const { release, rollout_id, say } = await begun({ halt: { min_devices: 2, failure_percent: 50 } })
    await say('installed')
    await say('failed')
    await eventually(async () => expect(await typesOf(release)).to.include('FirmwareRolloutHalted'))
    expect((await system.admin.post(`${path}/${rollout_id}/resume`)).status).to.equal(200)
    await settled()
    expect((await typesOf(release)).at(-1)).to.equal('FirmwareRolloutResumed')
    await say('failed')
    await eventually(async () => expect((await typesOf(release)).at(-1)).to.equal('FirmwareRolloutHalted'))
  })

  it('are left alone by an instance that has not heard what became of them', async () => {
    const { release, rollout_id, say } = await begun({ halt: { min_devices: 2, failure_percent: 50 } })
    await say('failed')
    expect((await system.admin.post(`${path}/${rollout_id}/retry-failed`)).status).to.equal(200)
    await say('failed', { attempt: 1 })
    await settled()
    const { store } = system
    const isUnheard = ({ stream, revision }: Recorded) =>
      stream === `firmwareChannel-${channelIdOf(release)}` && revision > 0
    const stop = new AbortController()
    const looked = new Promise<void>((resolve) => {
      const behind: EventStore = {
        ...store,
        follow: async function* (options) {
          const onCaughtUp = () => {
            options.onCaughtUp?.()
            resolve()
          }
          for await (const events of store.follow({ ...options, onCaughtUp }))
            yield events.filter((event) => !isUnheard(event))
        },
      }
      running.push({ stop, done: runRollouts({ store: behind, now, log: specLog, signal: stop.signal }) })
    })
    await looked
    stop.abort()
    await running.at(-1)!.done
    expect(await typesOf(release)).to.deep.equal(['FirmwareRolloutStarted', 'FirmwareRolloutRetried'])
  })

  it('go on where they were when nobody has watched for a while', async () => {
    const dataDir = temporaryDataDir()
    const lifecycle = createLifecycle({ log: specLog })
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    // Servers of their own, with no worker: what is written is heard by the one that is started, stopped, and started again.
    const { store } = await openConnections(config, specLog, lifecycle)
    const scope = { device_model: 'xs-1', facility_id: randomUUID() }
    const release = { ...(await newRelease(store, { ...scope, version: '1.3.0' })), facility_id: scope.facility_id }
    const rollout_id = randomUUID()
    const plan = { ladder: [5, 100], dwell_secs: 0, advance: 'automatic' as const, success_percent: 90 }
    const started_at = new Date().toISOString()
    const halt = { min_devices: 3, failure_percent: 50 }
    const data = { ...scope, ...imageOf(release), ...plan, halt, rollout_id, percent: 5, started_at }
    await inChannel(store, release, { type: 'FirmwareRolloutStarted', data })
    const types = async () =>
      (await store.read(`firmwareChannel-${channelIdOf(release)}`)).map(({ type }) =>
        type.replace('FirmwareRollout', ''),
      )
    const say = (outcome: 'installed' | 'failed') => reported(store, randomUUID(), release, { outcome, rollout_id })
    const during = async (check: () => Promise<unknown>) => {
      const stop = new AbortController()
      const watching = runRollouts({ store, now, log: specLog, signal: stop.signal })
      await eventually(check)
      stop.abort()
      await watching
    }
    await say('installed')
    await during(async () => expect(await types()).to.deep.equal(['Started', 'Advanced', 'Completed']))
    const again = { ...data, rollout_id: randomUUID(), percent: 5 }
    await inChannel(store, release, { type: 'FirmwareRolloutStarted', data: again })
    for (const outcome of ['installed', 'failed', 'failed'] as const)
      await reported(store, randomUUID(), release, { outcome, rollout_id: again.rollout_id })
    await during(async () => expect((await types()).slice(3)).to.deep.equal(['Started', 'Halted']))
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  describe('by several at once', () => {
    const another = () => {
      const stop = new AbortController()
      const done = runRollouts({ store: system.store, now, log: specLog, signal: stop.signal })
      running.push({ stop, done })
    }

    it('are halted once, advanced once and completed once', async () => {
      for (let n = 0; n < 3; n++) another()
      const halting = await begun({ halt: { min_devices: 10, failure_percent: 10 } })
      const climbing = await begun({ ladder: [5, 20, 50, 100], dwell_secs: 0, advance: 'automatic' })
      await climbing.say('installed')
      await Promise.all(Array.from({ length: 30 }, (_, n) => halting.say(n % 2 ? 'failed' : 'installed')))
      await eventually(async () => expect(await typesOf(climbing.release)).to.include('FirmwareRolloutCompleted'))
      await eventually(async () => expect(await typesOf(halting.release)).to.include('FirmwareRolloutHalted'))
      await settled()
      expect(await typesOf(halting.release)).to.deep.equal(['FirmwareRolloutStarted', 'FirmwareRolloutHalted'])
      expect(await typesOf(climbing.release)).to.deep.equal([
        'FirmwareRolloutStarted',
        ...['FirmwareRolloutAdvanced', 'FirmwareRolloutAdvanced', 'FirmwareRolloutAdvanced'],
        'FirmwareRolloutCompleted',
      ])
    })
  })
})
