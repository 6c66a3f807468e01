import { expect } from 'chai'
import type { Report } from '../../domain/deviceFirmware.ts'
import type * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import { bucketOf, type Plan, verdict } from '../../domain/firmwareRollout.ts'
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

type Happened = FirmwareChannel.Event | [device: string, Report]

/** What a watch holds after these: channel events, and reports of devices. */
function after(...happened: readonly Happened[]) {
  const watched = watch()
  for (const one of happened) {
    if ('type' in one) afterStep(watched, one)
    else afterReport(watched, ...one)
  }
  const rollout = watched.channel.rollout!
  return { rollout, tally: watched.tally }
}

const early = Date.parse(at) + 59_000
const somebody = { isEmpty: () => false, newcomers: (atMost: number) => atMost }
const nobody = { isEmpty: () => true, newcomers: () => 0 }
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
    expect(tally).to.deep.equal({ installed: 1, failed: 0, rolled_back: 1, counted: 1, fresh: 0, fresh_installed: 0 })
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

  describe('that asks for so many of the devices that a share adds', () => {
    const ids = Array.from({ length: 2000 }, (_, n) => `d${n}`)
    const [early, next] = [ids.filter((id) => bucketOf('o1', id) < 5), ids.filter((id) => bucketOf('o1', id) >= 5)]
    const say = (of: readonly string[], outcome: Report['outcome']) =>
      of.map((id): [string, Report] => [id, report(outcome)])
    const asking = started({ step_min_devices: 3 })
    const advanced: FirmwareChannel.Event = {
      type: 'FirmwareRolloutAdvanced',
      data: { ...of, from_percent: 5, percent: 100, advanced_at: at },
    }
    const verdictOn = (...happened: readonly Happened[]) => {
      const { rollout, tally } = after(...happened)
      return verdict(rollout, tally, due, somebody)
    }
    const first = say(early.slice(0, 40), 'installed')

    it('goes on once they have reported, whatever others did before', () => {
      expect(verdictOn(asking, ...first.slice(0, 2))).to.equal('wait')
      expect(verdictOn(asking, ...first.slice(0, 3))).to.equal('advance')
      expect(verdictOn(asking, ...first, advanced)).to.equal('wait')
      expect(verdictOn(asking, ...first, advanced, ...say(early.slice(40, 50), 'installed'))).to.equal('wait')
      expect(verdictOn(asking, ...first, advanced, ...say(next.slice(0, 2), 'installed'))).to.equal('wait')
      expect(verdictOn(asking, ...first, advanced, ...say(next.slice(0, 3), 'installed'))).to.equal('complete')
      expect(verdictOn(started(), ...first, advanced), 'one from before there was this').to.equal('complete')
    })
    it('goes on once all of them have, where they are fewer, or where there are none', () => {
      const { rollout, tally } = after(asking, ...first, advanced, ...say(next.slice(0, 2), 'installed'))
      const ofTwo = (newcomers: number) => verdict(rollout, tally, due, { ...somebody, newcomers: () => newcomers })
      expect(ofTwo(2)).to.equal('complete')
      expect(ofTwo(3)).to.equal('wait')
      const none = after(asking, ...first, advanced)
      expect(verdict(none.rollout, none.tally, due, { ...somebody, newcomers: () => 0 })).to.equal('complete')
    })
    it('does not when too many of them failed, however well others did', () => {
      const [a, b, c, ...more] = next as [string, string, string, ...string[]]
      const failed = [asking, ...first, advanced, ...say([a, b], 'installed'), ...say([c], 'failed')] as const
      expect(verdictOn(...failed)).to.equal('wait')
      expect(verdictOn(...failed, ...say(more.slice(0, 10), 'installed'))).to.equal('complete')
      expect(verdictOn(...failed, ...say([c], 'installed')), 'the next time it went well').to.equal('complete')
    })
    it('asks those again that failed, where somebody has them try again', () => {
      const failed = [asking, ...first, advanced, ...say(next.slice(0, 3), 'failed')] as const
      expect(after(...failed).tally).to.include({ fresh: 3, fresh_installed: 0 })
      const installed = say([next[9]!], 'installed')
      expect(after(...failed, ...installed, retried).tally).to.include({ fresh: 1, fresh_installed: 1 })
      expect(after(...failed, retried, ...say(next.slice(3, 5), 'installed')).tally).to.include({
        fresh: 2,
        fresh_installed: 2,
      })
    })
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
    expect(late.tally).to.deep.equal({
      installed: 1,
      failed: 0,
      rolled_back: 0,
      counted: 0,
      fresh: 0,
      fresh_installed: 0,
    })
    expect(after(started(), retried, ['d1', report('failed', { attempt: 1 })]).tally).to.include({ failed: 1 })
  })
})
