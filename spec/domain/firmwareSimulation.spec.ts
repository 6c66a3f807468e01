import { expect } from 'chai'
import { reaches } from '../../domain/firmwareRollout.ts'
import { type FleetDevice, simulate } from '../../domain/firmwareSimulation.ts'

const compare = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })
const rollout_id = '0b1c2d3e-0000-4000-8000-000000000001'
const candidate = { rollout_id, version: '1.3.0', min_version: '1.1.0', ladder: [1, 10, 50, 100] }
const device = (n: number, more: Partial<FleetDevice> = {}): FleetDevice => ({
  id: `0b1c2d3e-0000-4000-9000-${String(n).padStart(12, '0')}`,
  facility_id: `f${n % 2}`,
  version: '1.2.0',
  ...more,
})
const fleet = Array.from({ length: 1000 }, (_, n) => device(n))
const none = () => false
const stepped = (devices: readonly FleetDevice[], more = {}, hasOwn: (id: string) => boolean = none) =>
  simulate(devices, { ...candidate, ...more }, hasOwn, compare)

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
    const { steps, left_out } = stepped(
      [
        device(1),
        device(2, { version: '1.3.0' }),
        device(3, { version: '1.4.0' }),
        device(4, { version: '1.0.9' }),
        device(5, { facility_id: 'own' }),
        { id: device(6).id, facility_id: 'f1' },
      ],
      {},
      (id) => id === 'own',
    )
    expect(left_out).to.deep.equal({ runs_it: 1, runs_newer: 1, below_min_version: 1, has_own: 1 })
    expect(steps.at(-1)!.total).to.equal(2)
  })
  it('says how many would wait for their battery, as far as they said', () => {
    const devices = [device(1, { battery_mv: 3299 }), device(2, { battery_mv: 3300 }), device(3)]
    const waiting = (gates: object) => stepped(devices, { ladder: [100], gates }).steps[0]!.waiting
    expect(waiting({ min_battery_mv: 3300 })).to.equal(1)
    expect(waiting({})).to.equal(0)
  })
})
