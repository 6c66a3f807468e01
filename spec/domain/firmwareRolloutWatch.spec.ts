import { expect } from 'chai'
import type { Report } from '../../domain/deviceFirmware.ts'
import type * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import { type Plan, verdict } from '../../domain/firmwareRollout.ts'
import { afterReport, afterStep, haltReason, watch } from '../../domain/firmwareRolloutWatch.ts'

const at = '2026-11-24T09:00:00.000Z'
const scope = { device_model: 'xs-1' }
const of = { ...scope, rollout_id: 'o1', release_id: 'r2' }
const plan: Plan = {
  ladder: [5, 100],
  dwell_secs: 60,
  advance: 'automatic',
  success_percent: 90,
  halt: { min_devices: 4, failure_percent: 10 },
}
const started = (change: Partial<Plan> = {}, rollout_id = 'o1'): FirmwareChannel.Event => ({
  type: 'FirmwareRolloutStarted',
  data: { ...of, rollout_id, version: '1.3.0', ...plan, ...change, percent: 5, started_at: at },
})
const halted: FirmwareChannel.Event = { type: 'FirmwareRolloutHalted', data: { ...of, reason: 'deaf', halted_at: at } }
const paused: FirmwareChannel.Event = { type: 'FirmwareRolloutPaused', data: { ...of, paused_at: at } }
const resumed: FirmwareChannel.Event = { type: 'FirmwareRolloutResumed', data: { ...of, resumed_at: at } }
const retried: FirmwareChannel.Event = {
  type: 'FirmwareRolloutRetried',
  data: { ...of, attempt: 1, retried_at: at },
}

const report = (outcome: Report['outcome'], more: Partial<Report> = {}): Report => ({
  ...of,
  version: '1.3.0',
  facility_id: 'f1',
  outcome,
  attempt: 0,
  reported_at: at,
  ...more,
})

/** What a watch holds after these: channel events, and reports of devices. */
function after(...happened: readonly (FirmwareChannel.Event | [device: string, Report])[]) {
  const watched = watch()
  for (const one of happened) {
    if ('type' in one) afterStep(watched, one)
    else afterReport(watched, ...one)
  }
  const rollout = watched.channel.rollout!
  return { rollout, tally: watched.tally }
}

const early = Date.parse(at) + 59_000
const somebody = () => false
const nobody = () => true
const due = Date.parse(at) + 60_000
const four = (last: Report): [string, Report][] => [
  ['d1', report('installed')],
  ['d2', report('installed')],
  ['d3', report('installed')],
  ['d4', last],
]

describe('a rollout that is watched', () => {
  it('counts each device once, by what it said last', () => {
    const { tally } = after(
      started(),
      ['d1', report('failed')],
      ['d1', report('installed')],
      ['d2', report('installed')],
      ['d2', report('rolled_back')],
    )
    expect(tally).to.deep.equal({ installed: 1, failed: 0, rolled_back: 1, counted: 1 })
  })
  it('counts what is of it, and nothing of the one before', () => {
    const others = after(started(), ['d1', report('failed', { rollout_id: 'o0' })], ['d2', report('failed')])
    expect(others.tally).to.include({ failed: 1 })
    const { rollout_id: _, ...ofNone } = report('failed')
    expect(after(started(), ['d1', ofNone]).tally).to.include({ failed: 0 })
    const next: FirmwareChannel.Event = {
      type: 'FirmwareRolledBack',
      data: { ...scope, release_id: 'r1', version: '1.2.0', rollout_id: 'o1', reason: 'deaf', rolled_back_at: at },
    }
    expect(after(started(), ['d1', report('failed')], next, started({}, 'o2')).tally).to.include({ failed: 0 })
  })

  it('halts at the limit, once enough have reported, and says the figures', () => {
    const { rollout, tally } = after(started(), ...four(report('failed')))
    expect(verdict(rollout, tally, early, somebody)).to.equal('halt')
    expect(haltReason(rollout, tally)).to.equal('25.00 % of 4 devices failed; the limit is 10')
    const few = after(started(), ['d1', report('failed')], ['d2', report('rolled_back')])
    expect(verdict(few.rollout, few.tally, due, somebody)).to.equal('wait')
    const exactly = after(started({ halt: { min_devices: 4, failure_percent: 25 } }), ...four(report('failed')))
    expect(verdict(exactly.rollout, exactly.tally, early, somebody)).to.equal('halt')
    const below = after(started({ halt: { min_devices: 4, failure_percent: 25.01 } }), ...four(report('failed')))
    expect(verdict(below.rollout, below.tally, early, somebody)).to.equal('wait')
  })
  it('says two decimals', () => {
    const many = Array.from({ length: 24 }, (_, n): [string, Report] => [
      `d${n}`,
      report(n < 3 ? 'failed' : 'installed'),
    ])
    const { rollout, tally } = after(started(), ...many)
    expect(haltReason(rollout, tally)).to.equal('12.50 % of 24 devices failed; the limit is 10')
  })
  it('halts by the kinds of failure it was told to, of all that reported', () => {
    const halt = { min_devices: 4, failure_percent: 10, kinds: ['boot'] as const }
    const download = after(started({ halt }), ...four(report('failed', { kind: 'download' })))
    expect(verdict(download.rollout, download.tally, early, somebody)).to.equal('wait')
    expect(verdict(download.rollout, download.tally, due, somebody), 'nor has enough gone well').to.equal('wait')
    for (const last of [report('failed', { kind: 'boot' }), report('rolled_back')]) {
      const { rollout, tally } = after(started({ halt }), ...four(last))
      expect(verdict(rollout, tally, early, somebody)).to.equal('halt')
    }
  })

  it('goes on when its time is over and enough went well, and is complete after the last share', () => {
    const well = after(started(), ...four(report('installed')))
    expect(verdict(well.rollout, well.tally, early, somebody)).to.equal('wait')
    expect(verdict(well.rollout, well.tally, due, somebody)).to.equal('advance')
    expect(verdict({ ...well.rollout, percent: 100 }, well.tally, due, somebody)).to.equal('complete')
    expect(verdict({ ...well.rollout, advance: 'manual' }, well.tally, due, somebody)).to.equal('wait')
    const unheard = after(started())
    expect(verdict(unheard.rollout, unheard.tally, due, somebody)).to.equal('wait')
  })
  it('goes on when its time is over where there is nobody whom it could hear of', () => {
    const { rollout, tally } = after(started())
    expect(verdict(rollout, tally, early, nobody)).to.equal('wait')
    expect(verdict(rollout, tally, due, nobody)).to.equal('advance')
    expect(verdict({ ...rollout, percent: 100 }, tally, due, nobody)).to.equal('complete')
    expect(verdict({ ...rollout, advance: 'manual' }, tally, due, nobody)).to.equal('wait')
    const failed = after(started(), ['d1', report('failed')])
    expect(verdict(failed.rollout, failed.tally, due, nobody), 'somebody was heard of').to.equal('wait')
  })

  it('forgives what had failed when somebody resumes it after a halt, or has it tried again; not after a pause', () => {
    const failed = four(report('failed'))
    const tallied = (...steps: FirmwareChannel.Event[]) => after(started(), ...failed, ...steps).tally
    expect(tallied(halted)).to.include({ installed: 3, failed: 1 })
    expect(tallied(halted, resumed)).to.include({ installed: 3, failed: 0 })
    expect(tallied(retried)).to.include({ installed: 3, failed: 0 })
    expect(tallied(paused, resumed)).to.include({ installed: 3, failed: 1 })
  })
  it('hears no failure of an attempt that is over, but that it was installed', () => {
    const late = after(started(), retried, ['d1', report('failed')], ['d2', report('installed')])
    expect(late.tally).to.deep.equal({ installed: 1, failed: 0, rolled_back: 0, counted: 0 })
    expect(after(started(), retried, ['d1', report('failed', { attempt: 1 })]).tally).to.include({ failed: 1 })
  })
})
