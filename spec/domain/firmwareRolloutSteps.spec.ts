import { expect } from 'chai'
import fc from 'fast-check'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import { bucketOf, reaches } from '../../domain/firmwareRollout.ts'
import * as Steps from '../../domain/firmwareRolloutSteps.ts'
import { Refusal } from '../../domain/refusal.ts'
import { deciding } from './deciding.ts'

const { given } = deciding(FirmwareChannel)
type Event = FirmwareChannel.Event

const at = '2026-11-24T09:00:00.000Z'
const later = '2026-11-24T10:00:00.000Z'
const scope = { device_model: 'xs-1', facility_id: 'f1' }
const rolling = { ...scope, rollout_id: 'o1' }
const of = { ...rolling, release_id: 'r2' }
const plan = {
  ladder: [5, 25, 100],
  dwell_secs: 60,
  advance: 'manual',
  success_percent: 95,
  halt: { min_devices: 5, failure_percent: 10 },
} as const
const compare = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })

const active: Event = {
  type: 'FirmwareActivated',
  data: { ...scope, release_id: 'r1', version: '1.2.0', security_version: 2, activated_at: at },
}
const wanted = { ...of, version: '1.3.0', security_version: 2, ...plan, started_at: later }
const started: Event = {
  type: 'FirmwareRolloutStarted',
  data: { ...wanted, previous_release_id: 'r1', percent: 5 },
}
const advanced = (from_percent: number, percent: number): Event => ({
  type: 'FirmwareRolloutAdvanced',
  data: { ...of, from_percent, percent, advanced_at: later },
})
const paused: Event = { type: 'FirmwareRolloutPaused', data: { ...of, paused_at: later } }
const halted: Event = { type: 'FirmwareRolloutHalted', data: { ...of, reason: 'deaf', halted_at: later } }
const resumed: Event = { type: 'FirmwareRolloutResumed', data: { ...of, resumed_at: later } }
const completed: Event = {
  type: 'FirmwareRolloutCompleted',
  data: { ...of, version: '1.3.0', security_version: 2, previous_release_id: 'r1', completed_at: later },
}
const barred: Event = {
  type: 'FirmwareReleaseBarred',
  data: { ...scope, release_id: 'r2', was_active: false, reason: 'deaf', barred_at: later },
}
const begun = [active, started]

const start = (change: Partial<typeof wanted> = {}) => Steps.start({ ...wanted, ...change }, compare)
const advance = (expected_percent: number, percent: number) =>
  Steps.advance(rolling, { expected_percent, percent, advanced_at: later })
const complete = Steps.complete(rolling, { completed_at: later })
const pause = Steps.pause(rolling, { paused_at: later })
const halt = Steps.halt(rolling, { reason: 'deaf', halted_at: later })
const resume = Steps.resume(rolling, { resumed_at: later })
const retry = (attempt: number) => Steps.retryFailed(rolling, { attempt, retried_at: later })

describe('a rollout', () => {
  it('starts at the first share of its ladder', () => {
    given(active).when(start()).thenRefusing('rollout-open', started)
    given()
      .when(start())
      .thenRefusing('rollout-open', { type: 'FirmwareRolloutStarted', data: { ...wanted, percent: 5 } })
  })
  it('is the only open one of its channel, until it is over', () => {
    given(...begun)
      .when(start({ rollout_id: 'o2', release_id: 'r3' }))
      .refused('rollout-open')
    given(...begun, paused)
      .when(start({ rollout_id: 'o2' }))
      .refused('rollout-open')
    given(...begun, halted)
      .when(start({ rollout_id: 'o2' }))
      .refused('rollout-open')
    given(...begun, advanced(5, 100), completed)
      .when(start({ rollout_id: 'o2', release_id: 'r3', version: '1.4.0' }))
      .thenRefusing('rollout-open', {
        type: 'FirmwareRolloutStarted',
        data: {
          ...wanted,
          ...{ rollout_id: 'o2', release_id: 'r3', version: '1.4.0', percent: 5, previous_release_id: 'r2' },
        },
      })
  })
  it('is of nothing that is withdrawn, active, older, or below the security floor', () => {
    given(active, barred).when(start()).refused('firmware-withdrawn')
    given(active)
      .when(start({ release_id: 'r1' }))
      .refused('firmware-active')
    given(active)
      .when(start({ version: '1.1.9' }))
      .refused('firmware-downgrade')
    given(active)
      .when(start({ security_version: 1 }))
      .refused('security-floor')
    const { security_version: _, ...without } = wanted
    given(active).when(Steps.start(without, compare)).refused('security-floor')
  })

  it('goes up from where it is believed to be', () => {
    given(...begun)
      .when(advance(5, 25))
      .then(advanced(5, 25))
    given(...begun)
      .when(advance(5, 7.5))
      .then(advanced(5, 7.5))
    given(...begun, advanced(5, 25))
      .when(advance(5, 50))
      .refused('percent-moved')
    given(...begun)
      .when(advance(25, 50))
      .refused('percent-moved')
  })
  it('never goes down, nor stays', () => {
    given(...begun, advanced(5, 25))
      .when(advance(25, 5))
      .refused('percent-not-raised')
    given(...begun)
      .when(advance(5, 5))
      .refused('percent-not-raised')
  })
  it('is completed by hand at 100, and not before', () => {
    given(...begun, advanced(5, 100))
      .when(advance(100, 100))
      .thenRefusing('rollout-over', completed)
    given(...begun, advanced(5, 100))
      .when(complete)
      .thenRefusing('rollout-over', completed)
    given(...begun)
      .when(complete)
      .refused('rollout-incomplete')
  })
  it('does not go on while it is halted or paused', () => {
    for (const decision of [advance(5, 25), complete]) {
      given(...begun, halted)
        .when(decision)
        .refused('rollout-halted')
      given(...begun, paused)
        .when(decision)
        .refused('rollout-paused')
    }
    given(...begun, halted, resumed)
      .when(advance(5, 25))
      .then(advanced(5, 25))
  })
  it('is paused, halted and resumed once', () => {
    given(...begun)
      .when(pause)
      .then(paused)
    given(...begun)
      .when(halt)
      .then(halted)
    given(...begun, paused)
      .when(halt)
      .then(halted)
    given(...begun, halted)
      .when(pause)
      .refused('rollout-halted')
    given(...begun, paused)
      .when(resume)
      .then(resumed)
    given(...begun, halted)
      .when(resume)
      .then(resumed)
    given(...begun)
      .when(resume)
      .then()
  })
  it('has those that failed try again, once for each attempt', () => {
    const retried: Event = { type: 'FirmwareRolloutRetried', data: { ...of, attempt: 1, retried_at: later } }
    given(...begun, halted)
      .when(retry(1))
      .then(retried)
    given(...begun, retried)
      .when(retry(1))
      .then()
    given(...begun, retried)
      .when(retry(2))
      .then({ ...retried, data: { ...retried.data, attempt: 2 } } as Event)
  })
  it('is not steered once it is over', () => {
    const over = [...begun, advanced(5, 100), completed]
    for (const decision of [advance(100, 100), complete, pause, halt, resume, retry(1)])
      given(...over)
        .when(decision)
        .refused('rollout-over')
  })

  it('whatever is asked for: one is open at most, its share never falls, and it is complete at 100 only', () => {
    const percents = fc.constantFrom(1, 5, 25, 50, 99.5, 100)
    const asked = fc.oneof(
      fc.record({ kind: fc.constant('start' as const), id: fc.constantFrom('o1', 'o2', 'o3') }),
      fc.record({ kind: fc.constant('advance' as const), from: percents, to: percents, blind: fc.boolean() }),
      fc.record({ kind: fc.constantFrom('pause', 'halt', 'resume', 'retry', 'complete') }),
    )
    let [starts, falls, completions] = [0, 0, 0]
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 40 }), fc.constantFrom('o1', 'o2', 'o3'), (requests, id) => {
        let state = FirmwareChannel.initial
        for (const one of requests) {
          const target = { ...scope, rollout_id: state.rollout?.rollout_id ?? id }
          const decision =
            one.kind === 'start'
              ? start({ rollout_id: one.id, release_id: `r-${one.id}` })
              : one.kind === 'advance'
                ? Steps.advance(target, {
                    expected_percent: one.blind ? one.from : (state.rollout?.percent ?? one.from),
                    percent: one.to,
                    advanced_at: later,
                  })
                : one.kind === 'pause'
                  ? Steps.pause(target, { paused_at: later })
                  : one.kind === 'halt'
                    ? Steps.halt(target, { reason: 'deaf', halted_at: later })
                    : one.kind === 'resume'
                      ? Steps.resume(target, { resumed_at: later })
                      : one.kind === 'retry'
                        ? Steps.retryFailed(target, { attempt: (state.rollout?.attempt ?? 0) + 1, retried_at: later })
                        : Steps.complete(target, { completed_at: later })
          const before = state
          let events: readonly Event[] = []
          try {
            events = decision(state)
          } catch (error) {
            expect(error).to.be.instanceOf(Refusal)
            if ((error as Refusal).code === 'percent-not-raised') falls++
          }
          state = events.reduce(FirmwareChannel.evolve, state)
          for (const event of events) {
            if (event.type === 'FirmwareRolloutStarted') expect(before.rollout, 'one open').to.equal(undefined)
            if (event.type === 'FirmwareRolloutStarted') starts++
            if (event.type === 'FirmwareRolloutCompleted') {
              completions++
              expect(before.rollout).to.include({ percent: 100, status: 'running' })
              expect(state.active?.release_id).to.equal(before.rollout!.release_id)
            }
          }
          if (before.rollout && state.rollout) {
            expect(state.rollout.rollout_id).to.equal(before.rollout.rollout_id)
            expect(state.rollout.percent).to.be.at.least(before.rollout.percent)
            if (before.rollout.status !== 'running') expect(state.rollout.percent).to.equal(before.rollout.percent)
          }
          if (before.rollout && !state.rollout) expect(events.at(-1)!.type).to.equal('FirmwareRolloutCompleted')
        }
      }),
      { numRuns: 500 },
    )
    expect(Math.min(starts, falls, completions), 'all of it was tried').to.be.above(0)
  })
})

describe('the devices a rollout has come to', () => {
  const ids = (count: number, from = 0) =>
    Array.from({ length: count }, (_, n) => `0b1c2d3e-0000-4000-8000-${String(n + from).padStart(12, '0')}`)

  it('stay in it when its share is raised', () =>
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.uuid(),
        fc.float({ min: 0, max: 100 }),
        fc.float({ min: 0, max: 100 }),
        (o, d, a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)]
          if (reaches({ rollout_id: o, percent: low }, d))
            expect(reaches({ rollout_id: o, percent: high }, d)).to.equal(true)
          expect(reaches({ rollout_id: o, percent: 0 }, d)).to.equal(false)
          expect(reaches({ rollout_id: o, percent: 100 }, d)).to.equal(true)
        },
      ),
    ))

  it('are as many as the share says, also where ids follow one another', () => {
    const devices = ids(100_000)
    for (const rollout_id of ids(3, 900_000)) {
      const buckets = Array.from({ length: 100 }, () => 0)
      for (const id of devices) buckets[Math.floor(bucketOf(rollout_id, id))]!++
      // 1000 in each, give or take: five standard deviations are 157.
      expect(Math.min(...buckets)).to.be.above(843)
      expect(Math.max(...buckets)).to.be.below(1157)
    }
  })

  it('are others in another rollout', () => {
    const [one, other] = ids(2, 900_000)
    const first = (rollout_id: string) => new Set(ids(10_000).filter((id) => reaches({ rollout_id, percent: 10 }, id)))
    const [ours, theirs] = [first(one!), first(other!)]
    const both = [...ours].filter((id) => theirs.has(id))
    // A tenth of a tenth.
    expect(both.length).to.be.within(50, 150)
  })
})
