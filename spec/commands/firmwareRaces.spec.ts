import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import semver from 'semver'
import { channelIdOf } from '../../commands/firmwareChannels.ts'
import { rollouts } from '../../commands/rollouts.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import { type Api, apiOf } from '../api.ts'
import { firmwarePath as path, made } from '../firmware.ts'
import { type Made, newRelease } from '../firmwareStored.ts'
import { served } from '../served.ts'
import { anotherInstance, logIn, newFacility, type System, theSystem, unique } from '../system.ts'

type Facts = Record<string, any>

/** What a channel's events must add up to, at every one of them: told by the events alone, not by the code that wrote them. */
function checkStory(events: readonly Recorded[]): void {
  let active: string | undefined
  let rollout: { id: string; release: string; percent: number } | undefined
  let floor = 0
  const barred = new Set<string>()
  const rollouts = new Set<string>()
  const versions = new Map<string, string>()

  for (const { type, data, revision } of events) {
    const { release_id, version, security_version = 0, previous_release_id, rollout_id, percent } = data as Facts
    const at = `${type} at ${revision}`
    if (version) versions.set(release_id, version)
    const becomes = /Activated|RolledBack|Completed/.test(type) && type !== 'FirmwareDeactivated'
    if (becomes || type === 'FirmwareRolloutStarted') {
      expect(barred.has(release_id), `${at}: it was barred`).to.equal(false)
      expect(security_version, `${at}: the floor`).to.be.at.least(floor)
      expect(previous_release_id, `${at}: what was active`).to.equal(active)
    }
    if (type === 'FirmwareActivated') {
      expect(rollout, `${at}: a rollout is open`).to.equal(undefined)
      if (active) expect(semver.gte(version, versions.get(active)!), `${at}: a downgrade`).to.equal(true)
    }
    if (type === 'FirmwareRolloutStarted') {
      expect(rollout, `${at}: another is open`).to.equal(undefined)
      expect(rollouts.has(rollout_id), `${at}: it was there before`).to.equal(false)
      rollouts.add(rollout_id)
      rollout = { id: rollout_id, release: release_id, percent }
    } else if (type.startsWith('FirmwareRollout')) expect(rollout_id, `${at}: it is over`).to.equal(rollout?.id)
    if (type === 'FirmwareRolloutAdvanced') {
      expect(percent, `${at}: never down`).to.be.above(rollout!.percent)
      rollout!.percent = percent
    }
    if (type === 'FirmwareRolloutCompleted') expect(rollout!.percent, at).to.equal(100)
    const endsIt =
      becomes || (/Deactivated|Barred/.test(type) && rollout !== undefined && rollout.release === release_id)
    if (endsIt && type !== 'FirmwareActivated') expect(rollout_id, `${at}: it ends a rollout`).to.equal(rollout?.id)
    if (endsIt) rollout = undefined
    if (becomes) {
      active = release_id
      floor = Math.max(floor, security_version)
    } else if (/Deactivated|Barred/.test(type) && release_id === active) active = undefined
    if (type === 'FirmwareReleaseBarred') barred.add(release_id)
  }
}

describe('a firmware channel that many change at once', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let there: Awaited<ReturnType<typeof anotherInstance>>
  let apis: Api[]
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    there = await anotherInstance(system)
    const { email, password } = facility.facilityAdmin
    apis = [facility.facilityAdmin.api, await logIn(there.url, email, password)]
  })
  after(() => there.stop())

  const anyOf = <T>(some: readonly T[]): T => some[randomInt(some.length)]!

  /** What somebody asks for, somewhere, of some release, by what was seen of the channel last. */
  function ask({ device_model, facility_id }: Made, releases: readonly Made[], open: string | undefined) {
    const [api, { id }] = [anyOf(apis), anyOf(releases)]
    const rollout = (name: string, body: object = {}) => api.post(`${path}/rollouts/${open ?? id}/${name}`, body)
    const from = anyOf([10, 50, 100])
    const decide = [
      () => api.post(`${path}/${id}/activate`),
      () => api.post(`${path}/rollouts`, { release_id: id, ladder: [10, 50, 100] }),
      () => api.post(`${path}/rollouts`, { release_id: id, ladder: [100] }),
    ]
    const steer = [
      () => rollout('advance', { expected_percent: from, percent: 100 }),
      () => rollout('advance', { expected_percent: from, percent: anyOf([50, 100]) }),
      () => rollout('halt', { reason: 'deaf' }),
      () => rollout('resume'),
      () => rollout('retry-failed'),
    ]
    const undo = [
      () => api.post(`${path}/${id}/deactivate`),
      () => api.post(`${path}/rollback`, { device_model, facility_id, reason: 'deaf' }),
      () => api.post(`${path}/rollback`, { device_model, facility_id, to_release_id: id, reason: 'deaf' }),
    ]
    const acts = anyOf([decide, steer, steer, undo])
    const isLast = randomInt(100) === 0
    return isLast ? api.post(`${path}/${id}/withdraw`, { reason: 'deaf' }) : anyOf(acts)()
  }

  it('says one thing at every position, and each who asks is told what became of it', async () => {
    const types = new Set<string>()
    for (let channel = 0; channel < 5; channel++) {
      const scope = { device_model: unique('xs'), facility_id: facility.id }
      const of = (n: number) => newRelease(system.store, { ...scope, version: `1.${n}.0`, security_version: n >> 2 })
      const releases = await Promise.all(Array.from({ length: 6 }, (_, n) => of(n)))
      const stream = `firmwareChannel-${channelIdOf(scope)}`
      for (let wave = 0; wave < 8; wave++) {
        const seen = await system.store.read(stream)
        const open = seen.findLast(({ type }) => type === 'FirmwareRolloutStarted')?.data['rollout_id'] as string
        const answers = await Promise.all(Array.from({ length: 8 }, () => ask(releases[0]!, releases, open)))
        for (const { status, bytes } of answers) {
          expect(status, bytes.toString()).to.be.oneOf(open ? [200, 201, 409] : [200, 201, 404, 409])
        }
      }
      const events = await system.store.read(stream)
      checkStory(events)
      for (const { type } of events) types.add(type)
      for (const { id } of releases) {
        const withdrawn = (await system.store.read(`firmwareRelease-${id}`)).find(({ type }) => /Withdrawn/.test(type))
        const barred = events.find(({ type, data }) => /Barred/.test(type) && data['release_id'] === id)
        if (withdrawn) expect(barred!.position < withdrawn.position, 'barred before it is withdrawn').to.equal(true)
        else expect(barred).to.equal(undefined)
      }
    }
    expect([...types]).to.include.members(['FirmwareActivated', 'FirmwareRolledBack', 'FirmwareRolloutStarted'])
  })

  it('never has two rollouts under one id: one that began and ended while another was about to begin is another', async () => {
    const scope = { device_model: unique('xs'), facility_id: facility.id }
    const base = await newRelease(system.store, { ...scope, version: '1.0.0' })
    const { id: release_id } = await newRelease(system.store, { ...scope, version: '1.1.0' })
    const [api] = apis as [Api]
    await made(api.post(`${path}/${base.id}/activate`), 200)
    let first: { id: string } | undefined
    const late: EventStore = {
      ...system.store,
      append: async (stream, events, expected) => {
        if (!first && stream.startsWith('firmwareRollout-')) {
          first = await made(api.post(`${path}/rollouts`, { release_id }))
          await made(api.post(`${path}/rollback`, { device_model: scope.device_model, reason: 'deaf' }), 200)
        }
        return system.store.append(stream, events, expected)
      },
    }
    const { url, close } = await served(rollouts({ store: late, now: () => new Date().toISOString() }))
    try {
      const second = await made(apiOf(url).post(`${path}/rollouts`, { release_id }))
      expect(second.id).to.not.equal(first!.id)
      checkStory(await system.store.read(`firmwareChannel-${channelIdOf(scope)}`))
    } finally {
      await close()
    }
  })
})
