import { expect } from 'chai'
import fc from 'fast-check'
import semver from 'semver'
import { type Image, initial, type State as Channel } from '../../domain/firmwareChannel.ts'
import { offerOf } from '../../domain/firmwareOffer.ts'
import type { Release } from '../../domain/firmwareRelease.ts'
import { reaches, type Rollout } from '../../domain/firmwareRollout.ts'
import { type FleetDevice, simulate } from '../../domain/firmwareSimulation.ts'
import { frozen } from './frozen.ts'

const at = '2026-11-24T09:00:00.000Z'
const min_version = '1.1.0'
/** Its id says its version, `r1.2.0`; of the one that is rolled out, devices below `min_version` are too old. */
const releaseOf = (id: string): Release => ({
  ...{ status: 'published', device_model: 'xs-1', version: id.slice(1), object_key: 'k', file_name: 'a.bin' },
  ...{ size_bytes: 1, sha256: 'ab', uploaded_at: at },
  ...(id === rollout.release_id && { min_version }),
})
const known = { releaseOf, compare: semver.compare }

const image = (version: string, security_version?: number): Image => ({
  ...{ release_id: `r${version}`, version },
  ...(security_version !== undefined && { security_version }),
})
const rolledOut = (version: string, more: Partial<Rollout> = {}): Rollout => ({
  ...{ ...image(version), rollout_id: `o${version}`, status: 'running', percent: 100, from_percent: 0, attempt: 0 },
  ...{ ladder: [1, 10, 50, 100], dwell_secs: 0, advance: 'manual', success_percent: 95 },
  ...{ halt: { min_devices: 5, failure_percent: 10 }, started_at: at, step_since: at },
  ...more,
})
const rollout = rolledOut('1.3.0', { rollout_id: '0b1c2d3e-0000-4000-8000-000000000001' })
const { rollout_id } = rollout
const activeOf = (one: Image, by: 'activation' | 'rollback' = 'activation') => ({
  active: { ...one, by, attempt: 1 },
})
const channel = (more: Partial<Channel>): Channel => frozen({ ...initial, ...more })

const idOf = (n: number) => `0b1c2d3e-0000-4000-9000-${String(n).padStart(12, '0')}`
const device = (n: number, more: Partial<FleetDevice> = {}): FleetDevice => ({
  ...{ id: idOf(n), facility_id: `f${n % 2}`, version: '1.2.0' },
  ...more,
})
const fleet = Array.from({ length: 1000 }, (_, n) => device(n))
const stepped = (devices: readonly FleetDevice[], more: Partial<Rollout> = {}, own: Record<string, Channel> = {}) => {
  const started = { ...rollout, ...more }
  const channels = (facility_id: string) => [own[facility_id] ?? initial, channel({ rollout: started })]
  return simulate(devices, started, channels, known)
}

describe('a simulated rollout', () => {
  it('comes in each step to the very devices that it reaches then', () => {
    const { steps, devices } = stepped(fleet)
    expect(devices).to.equal(1000)
    for (const { percent, total, samples } of steps) {
      expect(total, `${percent} %`).to.equal(fleet.filter(({ id }) => reaches({ rollout_id, percent }, id)).length)
      for (const id of samples) expect(reaches({ rollout_id, percent }, id)).to.equal(true)
    }
    for (const [n, { devices }] of steps.entries())
      expect(devices).to.equal(steps[n]!.total - (steps[n - 1]?.total ?? 0))
    expect(steps.at(-1)!.total).to.equal(1000)
    expect(steps[1]!.samples).to.have.length(5)
  })
  it('says how many of each facility a step comes to', () => {
    const { steps } = stepped(fleet)
    for (const { percent, facilities } of steps)
      for (const { facility_id, devices } of facilities) {
        const before = steps.filter((step) => step.percent < percent).at(-1)?.percent ?? 0
        const own = fleet.filter((one) => one.facility_id === facility_id)
        const come = own.filter(
          ({ id }) => reaches({ rollout_id, percent }, id) && !reaches({ rollout_id, percent: before }, id),
        )
        expect(devices).to.equal(come.length)
      }
  })
  it('leaves out what the release is not for, and says why', () => {
    const installed = { release_id: 'r1.0.5', version: '1.1.5', outcome: 'installed' as const, attempt: 1 }
    const secured = channel({ ...activeOf(image('1.2.5', 7)) })
    const { steps, left_out } = simulate(
      [
        device(1),
        device(2, { version: '1.3.0' }),
        device(3, { version: '1.4.0' }),
        device(4, { version: '1.0.9' }),
        device(5, { facility_id: 'own' }),
        device(6, { version: '1.2.5' }),
        device(7, { version: '1.1.5', report: installed }),
        { id: idOf(8), facility_id: 'f1' },
      ],
      rollout,
      (id) => [id === 'own' ? channel(activeOf(image('1.0.0'))) : initial, { ...secured, rollout }],
      { ...known, releaseOf: (id) => ({ ...releaseOf(id), ...(id === 'r1.0.5' && { security_version: 7 }) }) },
    )
    expect(left_out).to.deep.equal({
      ...{ runs_it: 1, runs_newer: 1, below_min_version: 1, below_security_version: 2, has_own: 1 },
    })
    expect(steps.at(-1)!.total).to.equal(2)
  })
  it('leaves to a facility’s own rollout those alone that it has come to and is for', () => {
    const half = rolledOut('1.2.5', { percent: 50 })
    const reached = fleet.filter(({ id }) => reaches(half, id)).length
    const all = { ...stepped(fleet).left_out, has_own: 0 }
    const ownIn = (own: Partial<Rollout>) =>
      stepped(fleet, {}, Object.fromEntries(['f0', 'f1'].map((id) => [id, channel({ rollout: { ...half, ...own } })])))
    expect(reached).to.be.within(300, 700)
    expect(ownIn({}).left_out).to.deep.equal({ ...all, has_own: reached })
    expect(ownIn({ status: 'paused' }).left_out.has_own).to.equal(reached)
    expect(ownIn({ status: 'halted' }).left_out.has_own).to.equal(0)
    expect(ownIn(rolledOut('1.0.0', { percent: 50 })).left_out.has_own, 'older than what they run').to.equal(0)
  })
  it('says how many would wait for their battery, as far as they said', () => {
    const devices = [device(1, { battery_mv: 3299 }), device(2, { battery_mv: 3300 }), device(3)]
    const waiting = (gates: object) => stepped(devices, { ladder: [100], gates }).steps[0]!.waiting
    expect(waiting({ min_battery_mv: 3300 })).to.equal(1)
    expect(waiting({})).to.equal(0)
  })

  describe('of whatever fleet and channels', () => {
    const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0-rc.1', '1.4.0'] as const
    const someImage = fc.tuple(fc.constantFrom(...versions), fc.option(fc.nat(2), { nil: undefined }))
    const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })
    const some = <T>(value: T | undefined, made: (value: T) => object) => (value === undefined ? {} : made(value))
    const gates = maybe(fc.constantFrom({ min_battery_mv: 3300 }, { external_power: true }))
    const otherRollout = fc
      .record({
        ...{ of: someImage, percent: fc.constantFrom(1, 30, 60, 100), gates },
        status: fc.constantFrom('running', 'paused', 'halted'),
      })
      .map(({ of, percent, status, gates }) =>
        rolledOut(of[0], { ...image(...of), percent, status, ...some(gates, (gates) => ({ gates })) }),
      )
    const anyChannel = fc
      .record({
        active: maybe(fc.tuple(someImage, fc.constantFrom('activation', 'rollback'))),
        ...{ past: fc.array(someImage, { maxLength: 3 }), open: maybe(otherRollout) },
      })
      .map(({ active, past, open }) =>
        channel({
          past: past.map((one) => image(...one)),
          ...some(active, ([one, by]) => activeOf(image(...one), by)),
          ...some(open, (rollout) => ({ rollout })),
        }),
      )
    const report = someImage.chain(([version]) =>
      fc.record({
        ...{ release_id: fc.constant(`r${version}`), version: fc.constant(version), attempt: fc.nat(1) },
        outcome: fc.constantFrom('installed', 'failed', 'rolled_back'),
      }),
    )
    const anyDevice = fc
      .record({
        ...{ n: fc.nat(1_000_000), facility_id: fc.constantFrom('f0', 'f1') },
        ...{ version: maybe(fc.constantFrom(...versions)), battery_mv: maybe(fc.integer({ min: 3298, max: 3301 })) },
        report: maybe(report),
      })
      .map(({ n, facility_id, version, battery_mv, report }): FleetDevice => ({
        ...{ id: idOf(n), facility_id },
        ...some(version, (version) => ({ version })),
        ...some(battery_mv, (battery_mv) => ({ battery_mv })),
        ...some(report, (report) => ({ report })),
      }))

    it('is what the devices are then offered at each share', () =>
      fc.assert(
        fc.property(
          fc.array(anyDevice, { maxLength: 40 }),
          ...([fc.tuple(anyChannel, anyChannel, anyChannel), fc.boolean(), maybe(fc.nat(2)), gates] as const),
          (devices, [f0, f1, everyones], isGlobal, secured, gates) => {
            const started: Rollout = {
              ...{ ...rollout, ...image('1.3.0', secured) },
              ...some(gates, (gates) => ({ gates })),
            }
            const channelsAt = (percent: number) => (facility_id: string) => {
              const own = facility_id === 'f0' ? f0 : f1
              const within = { ...(isGlobal ? everyones : own), rollout: { ...started, percent } }
              return isGlobal ? [own, within] : [within, everyones]
            }
            const simulated = simulate(devices, started, channelsAt(100), known)
            const offered = (
              percent: number,
              { id, facility_id, version = min_version, report, ...told }: FleetDevice,
            ) =>
              offerOf(
                { device_id: id, version, ...some(report, (report) => ({ ended: [report] })), ...told },
                channelsAt(percent)(facility_id),
                known,
              )?.rollout_id === rollout_id
            let waiting = 0
            for (const { percent, total, ...step } of simulated.steps) {
              waiting += step.waiting
              const asleep = devices.map(({ battery_mv: _, ...one }) => one)
              expect(total, `${percent} %`).to.equal(asleep.filter((one) => offered(percent, one)).length)
              const now = devices.filter((one) => offered(percent, one)).length
              expect(total - waiting, `at once, ${percent} %`).to.equal(now)
            }
            const left = Object.values(simulated.left_out).reduce((sum, count) => sum + count, 0)
            expect(left + simulated.steps.at(-1)!.total).to.equal(devices.length)
          },
        ),
        { numRuns: 500 },
      )).timeout(20_000)
  })
})
