import { expect } from 'chai'
import semver from 'semver'
import { fold } from '../../domain/decider.ts'
import type { Report } from '../../domain/deviceFirmware.ts'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import { type Asking, offerOf, releasesIn, triedNow } from '../../domain/firmwareOffer.ts'
import type { Release } from '../../domain/firmwareRelease.ts'
import { bucketOf, type FailureKind, type Plan } from '../../domain/firmwareRollout.ts'
import { frozen } from './frozen.ts'

const at = '2026-11-24T09:00:00.000Z'
const plan: Plan = {
  ladder: [5, 25, 100],
  dwell_secs: 60,
  advance: 'manual',
  success_percent: 90,
  halt: { min_devices: 1, failure_percent: 10 },
}

/** By id: its name says its version, `r1.2.0`; what it may follow is changed by the spec that needs it. */
function released(...more: (Partial<Release> & { id: string })[]) {
  const changed = new Map(more.map(({ id, ...change }) => [id, change]))
  return (id: string): Release =>
    frozen({
      status: 'published',
      device_model: 'xs-1',
      version: id.slice(1),
      object_key: `firmware/${id}`,
      file_name: 'image.bin',
      size_bytes: 1,
      sha256: 'ab',
      uploaded_at: at,
      ...changed.get(id),
    })
}

const image = (version: string, security_version?: number) => ({
  device_model: 'xs-1',
  release_id: `r${version}`,
  version,
  ...(security_version !== undefined && { security_version }),
})
type Event = FirmwareChannel.Event
const activated = (version: string, secured?: number): Event => ({
  type: 'FirmwareActivated',
  data: { ...image(version, secured), activated_at: at },
})
const rolledBack = (version: string, ends: { rollout_id?: string; rollout_release_id?: string } = {}): Event => ({
  type: 'FirmwareRolledBack',
  data: { ...image(version), ...ends, reason: 'deaf', rolled_back_at: at },
})
const started = (version: string, percent: number, more: Partial<Plan> = {}, secured?: number): Event => ({
  type: 'FirmwareRolloutStarted',
  data: { ...image(version, secured), ...plan, ...more, rollout_id: 'o1', percent, started_at: at },
})
const ofRollout = (version: string) => ({ device_model: 'xs-1', rollout_id: 'o1', release_id: `r${version}` })
const halted = (version: string): Event => ({
  type: 'FirmwareRolloutHalted',
  data: { ...ofRollout(version), reason: 'smoke', halted_at: at },
})
const paused = (version: string): Event => ({
  type: 'FirmwareRolloutPaused',
  data: { ...ofRollout(version), paused_at: at },
})
const retried = (version: string): Event => ({
  type: 'FirmwareRolloutRetried',
  data: { ...ofRollout(version), attempt: 1, retried_at: at },
})
const completed = (version: string): Event => ({
  type: 'FirmwareRolloutCompleted',
  data: { ...ofRollout(version), ...image(version), completed_at: at },
})
const channel = (...events: Event[]) => frozen(fold(FirmwareChannel, events.map(frozen)))
const none = channel()

const ids = Array.from({ length: 1000 }, (_, n) => `d${n}`)
/** One of the first 5 in a hundred that rollout o1 comes to, and one it comes to last. */
const early = ids.find((id) => bucketOf('o1', id) < 5)!
const late = ids.find((id) => bucketOf('o1', id) >= 90)!

function offered(
  [facility, global = none]: readonly FirmwareChannel.State[],
  asking: Partial<Asking> = {},
  releaseOf = released(),
) {
  const known = { releaseOf, compare: semver.compare }
  const offer = offerOf({ device_id: early, version: '1.0.0', ...asking }, [facility!, global], known)
  if (!offer) return undefined
  const { release, ...tried } = offer
  expect(tried.release_id).to.equal(`r${release.version}`)
  return { ...tried, version: release.version }
}
const versionFor = (...asked: Parameters<typeof offered>) => offered(...asked)?.version

const failed = (version: string, more: Partial<Report> = {}): Report => ({
  release_id: `r${version}`,
  version,
  device_model: 'xs-1',
  facility_id: 'f1',
  outcome: 'failed',
  kind: 'install',
  attempt: 1,
  reported_at: at,
  ...more,
})

describe('a device is offered', () => {
  it('the active release of its facility, and which try of it that is', () => {
    expect(offered([channel(activated('2.0.0')), channel(activated('9.0.0'))])).to.deep.equal({
      release_id: 'r2.0.0',
      version: '2.0.0',
      attempt: 1,
    })
  })
  it('the active release of everybody where its facility has none', () => {
    expect(versionFor([none, channel(activated('2.0.0'))])).to.equal('2.0.0')
  })
  it('nothing where nothing is active', () => expect(versionFor([none])).to.equal(undefined))
  it('nothing of everybody’s where its facility has what it runs already, or something older', () => {
    const global = channel(activated('9.0.0'))
    expect(versionFor([channel(activated('1.0.0')), global])).to.equal(undefined)
    expect(versionFor([channel(activated('0.9.0')), global])).to.equal(undefined)
  })

  describe('by a rollout', () => {
    const running = channel(activated('1.0.0'), started('2.0.0', 5))
    it('its release once it has come to it, and which try of it that is', () => {
      expect(offered([running])).to.deep.equal({
        release_id: 'r2.0.0',
        version: '2.0.0',
        rollout_id: 'o1',
        attempt: 0,
      })
    })
    it('the active one until it has come to it', () => {
      expect(versionFor([running], { device_id: late })).to.equal(undefined)
      expect(versionFor([running], { device_id: late, version: '0.9.0' })).to.equal('1.0.0')
    })
    it('of its facility, else of everybody', () => {
      const facilitys = channel(started('2.0.0', 5))
      const everybodys = channel(activated('1.5.0'))
      expect(versionFor([facilitys, everybodys])).to.equal('2.0.0')
      expect(versionFor([facilitys, everybodys], { device_id: late })).to.equal('1.5.0')
      expect(versionFor([none, running])).to.equal('2.0.0')
      expect(versionFor([channel(activated('1.0.0')), running]), 'the facility has its own').to.equal(undefined)
    })
    it('nothing of what it leaves behind, where it runs its release already', () => {
      const back = channel(activated('1.5.0'), rolledBack('1.0.0'), started('2.0.0', 5))
      expect(versionFor([back], { version: '2.0.0' })).to.equal(undefined)
      expect(versionFor([channel(started('2.0.0', 5)), channel(activated('9.0.0'))], { version: '2.0.0' })).to.equal(
        undefined,
      )
    })
    it('the active one where its release is not for the device: a step on the way', () => {
      const releases = released({ id: 'r2.0.0', min_version: '1.0.0' })
      expect(versionFor([running], { version: '0.9.0' }, releases)).to.equal('1.0.0')
    })
  })

  describe('while a rollout is paused', () => {
    const channels = [channel(activated('1.0.0'), started('2.0.0', 5), paused('2.0.0'))]
    it('nothing where it had come', () =>
      expect([versionFor(channels), versionFor(channels, { version: '0.9.0' })]).to.deep.equal([undefined, undefined]))
    it('the active release elsewhere', () =>
      expect(versionFor(channels, { device_id: late, version: '0.9.0' })).to.equal('1.0.0'))
  })

  describe('once a rollout is halted', () => {
    const channels = [channel(activated('1.0.0'), started('2.0.0', 5), halted('2.0.0'))]
    it('nothing more of it', () => expect(versionFor(channels)).to.equal(undefined))
    it('the active release, like anyone else, where it does not run what was halted', () => {
      for (const device_id of [early, late])
        expect(versionFor(channels, { device_id, version: '0.9.0' })).to.equal('1.0.0')
    })
    it('nothing where it runs what was halted, until it is rolled back', () => {
      const back = [activated('1.5.0'), rolledBack('1.0.0'), started('2.0.0', 5), halted('2.0.0')]
      const asking = { version: '2.0.0' }
      expect(versionFor([channel(...back)], asking)).to.equal(undefined)
      const ends = { rollout_id: 'o1', rollout_release_id: 'r2.0.0' }
      expect(versionFor([channel(...back, rolledBack('1.0.0', ends))], asking)).to.equal('1.0.0')
    })
  })

  describe('not', () => {
    it('what it runs already, whatever was built of it', () => {
      for (const version of ['2.0.0', '2.0.0+build.7'])
        expect(versionFor([channel(activated('2.0.0'))], { version })).to.equal(undefined)
    })
    it('something older, by the rules of semantic versions', () => {
      for (const [version, active] of [
        ['2.0.0', '1.9.9'],
        ['1.10.0', '1.9.0'],
        ['2.0.0', '2.0.0-rc.1'],
        ['2.0.0-rc.10', '2.0.0-rc.9'],
      ] as const) {
        expect(versionFor([channel(activated(active))], { version }), version).to.equal(undefined)
        expect(versionFor([channel(activated(version))], { version: active }), active).to.equal(version)
      }
      const rollout = [activated('1.0.0'), started('1.9.9', 100)]
      expect(versionFor([channel(...rollout)], { version: '2.0.0' })).to.equal(undefined)
      expect(versionFor([channel(...rollout, completed('1.9.9'))], { version: '2.0.0' })).to.equal(undefined)
    })
    it('something older, but for what was rolled back to', () => {
      const back = [activated('1.5.0'), activated('2.0.0'), rolledBack('1.5.0')]
      expect(versionFor([channel(...back)], { version: '2.0.0' })).to.equal('1.5.0')
      expect(versionFor([channel(...back, activated('1.6.0'))], { version: '2.1.0' })).to.equal(undefined)
    })
    it('what asks for a newer one first', () => {
      const releases = released({ id: 'r2.0.0', min_version: '1.1.0' })
      const versions = ['1.0.9', '1.1.0-rc.1', '1.1.0', '1.2.0']
      const channels = [channel(activated('2.0.0'))]
      expect(versions.map((version) => versionFor(channels, { version }, releases))).to.deep.equal([
        undefined,
        undefined,
        '2.0.0',
        '2.0.0',
      ])
    })
    it('less security than what it runs, as its channels know it', () => {
      const back = (secured: number) => [
        channel(activated('1.0.0', 2), activated('2.0.0', secured), rolledBack('1.0.0')),
      ]
      expect(versionFor(back(2), { version: '2.0.0' }), 'rolled back without a security version').to.equal(undefined)
      const global = channel(activated('1.5.0', 3))
      expect(versionFor([channel(activated('2.0.0', 2)), global], { version: '1.5.0' })).to.equal(undefined)
      expect(versionFor([channel(activated('2.0.0', 3)), global], { version: '1.5.0' })).to.equal('2.0.0')
    })
    it('less security than what it told to have installed', () => {
      const back = [channel(activated('1.0.0', 2), rolledBack('1.0.0'))]
      const installed = failed('2.0.0', { outcome: 'installed', rollout_id: 'o1' })
      const asking = { version: '2.0.0', ended: [installed] }
      expect(versionFor(back, asking)).to.equal('1.0.0')
      const releases = released({ id: 'r2.0.0', security_version: 3 })
      expect(versionFor(back, asking, releases)).to.equal(undefined)
      const since = { version: '2.0.0', ended: [failed('3.0.0'), installed] }
      expect(versionFor(back, since, releases), 'whatever it told since').to.equal(undefined)
    })
    it('what it failed, until it is tried anew', () => {
      const active = (...events: Event[]) => versionFor([channel(activated('2.0.0'), ...events)], asking)
      let asking: Partial<Asking> = { ended: [failed('2.0.0')] }
      expect(active()).to.equal(undefined)
      expect(active(activated('2.0.0'))).to.equal('2.0.0')
      asking = { ended: [failed('2.0.0', { outcome: 'rolled_back' })] }
      expect(active()).to.equal(undefined)
      asking = { ended: [failed('1.9.0', { outcome: 'installed' }), failed('2.0.0')] }
      expect(active(), 'it went back, and says so').to.equal(undefined)
      asking = { ended: [failed('1.9.0')] }
      expect(active()).to.equal('2.0.0')
    })
    it('what it failed in a rollout, until that is retried, or its release is active', () => {
      const events = [activated('1.0.0'), started('2.0.0', 5)]
      const asking = { ended: [failed('2.0.0', { rollout_id: 'o1', attempt: 0 })] }
      expect(versionFor([channel(...events)], asking)).to.equal(undefined)
      expect(versionFor([channel(...events)], { ended: [failed('2.0.0', { rollout_id: 'o0', attempt: 0 })] })).to.equal(
        '2.0.0',
      )
      expect(offered([channel(...events, retried('2.0.0'))], asking)).to.include({ version: '2.0.0', attempt: 1 })
      expect(offered([channel(...events, completed('2.0.0'))], asking)).to.include({ version: '2.0.0', attempt: 2 })
    })
    it('anything else instead of what it failed: it would go from one to the other for ever', () => {
      const channels = [channel(activated('1.0.0'), started('2.0.0', 5))]
      const ended = [failed('2.0.0', { rollout_id: 'o1', attempt: 0 })]
      expect(versionFor(channels, { version: '0.9.0', ended })).to.equal(undefined)
    })
    it('what is withdrawn, or was never published, whatever the channel says', () => {
      for (const status of ['withdrawn', 'draft'] as const) {
        const releases = released({ id: 'r2.0.0', status })
        expect(versionFor([channel(activated('2.0.0'))], {}, releases), status).to.equal(undefined)
        expect(versionFor([channel(started('2.0.0', 5))], {}, releases), status).to.equal(undefined)
      }
    })
  })

  describe('what is active, also where that is older, once what it runs', () => {
    const barred = (version: string, ends: object = {}): Event => ({
      type: 'FirmwareReleaseBarred',
      data: { ...image(version), ...ends, was_active: false, reason: 'deaf', barred_at: at },
    })
    const deactivated = (version: string): Event => ({
      type: 'FirmwareDeactivated',
      data: { ...image(version), rollout_id: 'o1', deactivated_at: at },
    })
    const ofO1 = { rollout_id: 'o1', rollout_release_id: 'r2.0.0' }
    const runs = { version: '2.0.0' }
    it('was gone back from, and it missed that: the one that mends it came since', () => {
      for (const bad of [activated('2.0.0'), started('2.0.0', 5)]) {
        const events = [activated('1.5.0'), bad, rolledBack('1.5.0', ofO1), activated('1.6.0')]
        expect(versionFor([channel(...events)], runs)).to.equal('1.6.0')
        expect(versionFor([channel(...events)], { version: '2.0.0+build.7' })).to.equal('1.6.0')
        expect(versionFor([channel(...events)], { version: '1.9.0' }), 'what nobody went back from').to.equal(undefined)
      }
    })
    it('was passed by on the way back', () => {
      const events = [activated('1.0.0'), activated('1.5.0'), activated('2.0.0'), rolledBack('1.0.0')]
      expect(versionFor([channel(...events, activated('1.2.0'))], { version: '1.5.0' })).to.equal('1.2.0')
    })
    it('was gone back from, as a rollout comes to it, else what is active beside', () => {
      const events = [activated('1.5.0'), activated('2.0.0'), rolledBack('1.5.0'), activated('1.6.0')]
      const mending = channel(...events, started('1.7.0', 5))
      expect(versionFor([mending], { ...runs, device_id: early })).to.equal('1.7.0')
      expect(versionFor([mending], { ...runs, device_id: late })).to.equal('1.6.0')
    })
    it('was withdrawn, also in its facility alone, where nothing was before it', () => {
      const global = channel(activated('1.6.0'))
      expect(versionFor([channel(started('2.0.0', 5)), global], runs)).to.equal(undefined)
      expect(versionFor([channel(started('2.0.0', 5), barred('2.0.0', ofO1)), global], runs)).to.equal('1.6.0')
      expect(versionFor([channel(activated('2.0.0'), barred('2.0.0')), global], runs)).to.equal('1.6.0')
    })
    it('was withdrawn long after its rollout was over', () => {
      const events = [activated('1.5.0'), started('2.0.0', 5), deactivated('2.0.0')]
      expect(versionFor([channel(...events)], runs)).to.equal(undefined)
      expect(versionFor([channel(...events, barred('2.0.0'))], runs)).to.equal('1.5.0')
    })
    it('is not active again', () => {
      const events = [activated('1.5.0'), activated('2.0.0'), rolledBack('1.5.0'), rolledBack('2.0.0')]
      expect(versionFor([channel(...events)], { version: '1.5.0' })).to.equal('2.0.0')
      expect(versionFor([channel(...events)], runs)).to.equal(undefined)
      expect(versionFor([channel(...events), channel(activated('1.6.0'))], runs)).to.equal(undefined)
    })
    it('is withdrawn, but not below the security that it has', () => {
      const events = [activated('1.5.0'), activated('2.0.0', 2), barred('2.0.0')]
      const less = channel(...events, activated('1.6.0', 1))
      expect(
        versionFor(
          [less],
          { ...runs, ended: [failed('2.0.0', { outcome: 'installed' })] },
          released({ id: 'r2.0.0', security_version: 2 }),
        ),
      ).to.equal(undefined)
    })
    it('is one of the last hundred that were gone back from: what is kept of a channel is bounded', () => {
      const many = Array.from({ length: 150 }, (_, n) => [activated(`2.${n}.0`), rolledBack('1.0.0')]).flat()
      const state = channel(activated('1.0.0'), ...many, activated('1.1.0'))
      expect(state.told.left).to.have.length(100)
      expect(state.told.offered).to.have.length(100)
      expect(versionFor([state], { version: '2.149.0' })).to.equal('1.1.0')
      expect(versionFor([state], { version: '2.49.0' })).to.equal(undefined)
    })
  })

  it('again what only did not arrive', () => {
    const again = (kind: FailureKind) =>
      versionFor([channel(activated('2.0.0'))], { ended: [failed('2.0.0', { kind })] })
    expect(again('download')).to.equal('2.0.0')
    for (const kind of ['verify', 'install', 'boot', 'other'] as const) expect(again(kind), kind).to.equal(undefined)
  })

  describe('what has gates, unless it told to be below them:', () => {
    const gates = { min_battery_mv: 3600, external_power: true, min_free_bytes: 1000 }
    const gated = [channel(activated('1.0.0'), started('2.0.0', 5, { gates }))]
    for (const [told, is] of [
      [{}, '2.0.0'],
      [{ battery_mv: 3600 }, '2.0.0'],
      [{ battery_mv: 3599 }, undefined],
      [{ free_bytes: 1000 }, '2.0.0'],
      [{ free_bytes: 999 }, undefined],
      [{ free_bytes: 0 }, undefined],
      [{ external_power: true }, '2.0.0'],
      [{ external_power: false }, undefined],
    ] as const)
      it(`${JSON.stringify(told)}: ${is ?? 'nothing'}`, () => expect(versionFor(gated, told)).to.equal(is))
    it('it waits, and is not sent elsewhere meanwhile', () =>
      expect(versionFor(gated, { version: '0.9.0', battery_mv: 1 })).to.equal(undefined))
    it('they are of that rollout alone', () =>
      expect(versionFor(gated, { device_id: late, version: '0.9.0', battery_mv: 1 })).to.equal('1.0.0'))
    it('without external power, where nobody asked for it', () =>
      expect(
        versionFor([channel(started('2.0.0', 5, { gates: { external_power: false } }))], { external_power: false }),
      ).to.equal('2.0.0'))
  })

  it('the more, the higher the share: whoever has it keeps it', () => {
    const has = (percent: number) =>
      new Set(ids.filter((device_id) => versionFor([channel(started('2.0.0', percent))], { device_id })))
    const steps = [1, 5, 25, 50, 100].map(has)
    steps.slice(1).forEach((more, i) => expect([...steps[i]!].every((id) => more.has(id))).to.equal(true))
    expect(steps.at(-1)!.size).to.equal(ids.length)
    expect(steps[2]!.size).to.be.within(200, 300)
  })

  it('by what it names: the releases a decision asks for, and no others', () => {
    const channels = [channel(activated('1.0.0'), activated('1.1.0'), started('2.0.0', 5)), none]
    const asking = { device_id: 'd1', version: '3.0.0', ended: [failed('4.0.0'), failed('3.0.0')] }
    expect(releasesIn(channels, asking, semver)).to.have.members(['r1.1.0', 'r2.0.0'])
    const installed = { ...asking, ended: [failed('4.0.0'), failed('3.0.0', { outcome: 'installed' })] }
    expect(releasesIn(channels, installed, semver)).to.have.members(['r1.1.0', 'r2.0.0', 'r3.0.0'])
  })

  it('one try of a release: of the rollout that has come to it, else of the activation', () => {
    const state = channel(activated('1.0.0'), started('2.0.0', 5))
    expect(triedNow(state, 'r2.0.0', early)).to.deep.equal({ release_id: 'r2.0.0', rollout_id: 'o1', attempt: 0 })
    expect(triedNow(state, 'r2.0.0', late)).to.equal(undefined)
    expect(triedNow(state, 'r1.0.0', late)).to.deep.equal({ release_id: 'r1.0.0', attempt: 1 })
    expect(triedNow(state, 'r0.9.0', early)).to.equal(undefined)
  })
})
