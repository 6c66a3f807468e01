import { expect } from 'chai'
import fc from 'fast-check'
import * as Channel from '../../domain/firmwareChannel.ts'
import { activate, bar, deactivate, rollBack } from '../../domain/firmwareActivation.ts'
import { Refusal } from '../../domain/refusal.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Channel)

const at = '2026-11-24T09:00:00.000Z'
const scope = { device_model: 'xs-1', facility_id: 'f1' }
/** Versions of these specs are `<major>.0.0`. */
const compare = (a: string, b: string) => parseInt(a) - parseInt(b)
const image = (major: number, security_version?: number): Channel.Image => ({
  release_id: `r${major}`,
  version: `${major}.0.0`,
  ...(security_version !== undefined && { security_version }),
})
const [one, two, three] = [image(1), image(2), image(3)]
const before = (previous?: Channel.Image) => (previous ? { previous_release_id: previous.release_id } : {})
const activated = (it: Channel.Image, previous?: Channel.Image): Channel.Event => ({
  type: 'FirmwareActivated',
  data: { ...scope, ...it, ...before(previous), activated_at: at },
})
const rolledBack = (it: Channel.Image, previous?: Channel.Image, ends = {}): Channel.Event => ({
  type: 'FirmwareRolledBack',
  data: { ...scope, ...it, ...before(previous), ...ends, reason: 'deaf', rolled_back_at: at },
})
const deactivated = ({ release_id }: Channel.Image, ends = {}): Channel.Event => ({
  type: 'FirmwareDeactivated',
  data: { ...scope, release_id, ...ends, deactivated_at: at },
})
const barred = ({ release_id }: Channel.Image, was_active: boolean, ends = {}): Channel.Event => ({
  type: 'FirmwareReleaseBarred',
  data: { ...scope, release_id, was_active, ...ends, reason: 'deaf', barred_at: at },
})
const plan = { ladder: [5, 100], dwell_secs: 60, advance: 'manual', success_percent: 95 } as const
const started = (it: Channel.Image, rollout_id = 'o1'): Channel.Event => ({
  type: 'FirmwareRolloutStarted',
  data: {
    ...{ ...scope, ...it, rollout_id, ...plan, halt: { min_devices: 5, failure_percent: 10 } },
    ...{ percent: 5, started_at: at },
  },
})
const completed = (it: Channel.Image, previous?: Channel.Image, rollout_id = 'o1'): Channel.Event => ({
  type: 'FirmwareRolloutCompleted',
  data: { ...scope, ...it, ...before(previous), rollout_id, completed_at: at },
})
const ofTwo = { rollout_id: 'o1', rollout_release_id: 'r2' }

const activating = (it: Channel.Image) => activate({ ...scope, ...it, activated_at: at }, compare)
const deactivating = ({ release_id }: Channel.Image) => deactivate({ ...scope, release_id, deactivated_at: at })
const rollingBack = (to?: Channel.Image) =>
  rollBack({ ...scope, ...(to && { to }), reason: 'deaf', rolled_back_at: at }, compare)
const barring = ({ release_id }: Channel.Image) => bar({ ...scope, release_id, reason: 'deaf', barred_at: at })

describe('a firmware channel', () => {
  describe('has a release activated', () => {
    it('as the first', () => given().when(activating(one)).then(activated(one)))
    it('in place of an older one, which it names', () =>
      given(activated(one)).when(activating(two)).then(activated(two, one)))
    it('once', () => given(activated(one)).when(activating(one)).then())
    it('again after it was deactivated', () =>
      given(activated(one), deactivated(one)).when(activating(one)).then(activated(one)))
    it('never one that is older than the active one', () =>
      given(activated(two)).when(activating(one)).refused('firmware-downgrade'))
    it('never one that is older than what was active until now', () =>
      given(activated(two), deactivated(two)).when(activating(one)).refused('firmware-downgrade'))
    it('never one that was withdrawn', () =>
      given(barred(one, false)).when(activating(one)).refused('firmware-withdrawn'))
    it('never below the security version that was reached', () =>
      given(activated(image(1, 3)))
        .when(activating(image(2, 2)))
        .refused('security-floor'))
    it('nor one without, which counts as 0', () =>
      given(activated(image(1, 1)), barred(image(1, 1), true))
        .when(activating(two))
        .refused('security-floor'))
    it('at that security version', () =>
      given(activated(image(1, 3)))
        .when(activating(image(2, 3)))
        .then(activated(image(2, 3), one)))
    it('not while a rollout is open, not even what is active', () => {
      given(activated(one), started(two)).when(activating(three)).refused('rollout-open')
      given(activated(one), started(two)).when(activating(one)).refused('rollout-open')
    })
  })

  describe('has a release deactivated', () => {
    it('which is active', () => given(activated(one)).when(deactivating(one)).then(deactivated(one)))
    it('and says why', () =>
      given(activated(one))
        .when(deactivate({ ...scope, release_id: 'r1', reason: 'lunch', deactivated_at: at }))
        .then({
          type: 'FirmwareDeactivated',
          data: { ...scope, release_id: 'r1', reason: 'lunch', deactivated_at: at },
        }))
    it('not when another one is active', () => given(activated(one)).when(deactivating(two)).then())
    it('while another is rolled out, which goes on', () => {
      given(activated(one), started(two)).when(deactivating(one)).then(deactivated(one))
      expect(stateAfter(activated(one), started(two), deactivated(one)).rollout).to.include({ rollout_id: 'o1' })
    })
    it('which is rolled out: that ends, and what is active stays', () => {
      given(activated(one), started(two)).when(deactivating(two)).then(deactivated(two, ofTwo))
      const state = stateAfter(activated(one), started(two), deactivated(two, ofTwo))
      expect([state.active?.release_id, state.rollout]).to.deep.equal(['r1', undefined])
    })
  })

  describe('is rolled back', () => {
    it('to what was active before', () =>
      given(activated(one), activated(two, one)).when(rollingBack(one)).then(rolledBack(one, two)))
    it('to the one before, when none is named: one step, however often it is asked for', () => {
      const past = [activated(one), activated(two, one), activated(three, two)]
      given(...past)
        .when(rollingBack())
        .thenRefusing('rolled-back-already', rolledBack(two, three))
      given(...past, rolledBack(two, three))
        .when(rollingBack(one))
        .then(rolledBack(one, two))
    })
    it('to none that is newer, when none is named', () =>
      given(activated(three), rolledBack(one, three), deactivated(one), activated(one))
        .when(rollingBack())
        .refused('nothing-before'))
    it('from nothing to what was active last', () =>
      given(activated(one), activated(two, one), barred(two, true))
        .when(rollingBack())
        .thenRefusing('rolled-back-already', rolledBack(one)))
    it('to a release that was never active here', () =>
      given(activated(two)).when(rollingBack(one)).then(rolledBack(one, two)))
    it('to what is active by activation: devices that run something newer go back', () =>
      given(activated(one)).when(rollingBack(one)).then(rolledBack(one, one)))
    it('while something is rolled out, to what is active; that ends the rollout and names it', () =>
      given(activated(one), started(two))
        .when(rollingBack())
        .thenRefusing('rolled-back-already', rolledBack(one, one, ofTwo)))
    it('to another release while something is rolled out, which ends as well', () =>
      given(activated(two), activated(three, two), started(image(4)))
        .when(rollingBack(two))
        .then(rolledBack(two, three, { rollout_id: 'o1', rollout_release_id: 'r4' })))
    it('never to one that was withdrawn', () => {
      given(activated(one), activated(two, one), barred(one, false))
        .when(rollingBack(one))
        .refused('firmware-withdrawn')
      given(activated(one), activated(two, one), barred(one, false)).when(rollingBack()).refused('nothing-before')
    })
    it('never below the security version that was reached, named or not', () => {
      const past = [activated(one), activated(image(2, 1), one)]
      given(...past)
        .when(rollingBack(one))
        .refused('security-floor')
      given(...past)
        .when(rollingBack())
        .refused('security-floor')
    })
    it('nowhere, when nothing was ever active', () => given().when(rollingBack()).refused('nothing-before'))
  })

  describe('bars a release that is withdrawn', () => {
    it('which is active: nothing is, then', () => {
      given(activated(one)).when(barring(one)).then(barred(one, true))
      expect(stateAfter(activated(one), barred(one, true)).active).to.equal(undefined)
    })
    it('which never was', () => given(activated(one)).when(barring(two)).then(barred(two, false)))
    it('which is rolled out: that ends', () => {
      given(activated(one), started(two))
        .when(barring(two))
        .then(barred(two, false, ofTwo))
      expect(stateAfter(activated(one), started(two), barred(two, false, ofTwo)).rollout).to.equal(undefined)
    })
    it('while another is rolled out, which goes on', () =>
      given(activated(one), started(two)).when(barring(one)).then(barred(one, true)))
  })

  describe('whatever is asked of it', () => {
    const acts = ['activate', 'deactivate', 'rollBack', 'previous', 'bar', 'start', 'complete'] as const
    type Act = (typeof acts)[number]
    const steps = fc.array(
      fc.record({
        act: fc.constantFrom(...acts),
        major: fc.nat(7),
      }),
      { maxLength: 40 },
    )
    /** By major version. Not rising with it: somebody may build an old branch with a newer security version. */
    const securities = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 })

    it('has at most one active release at every position, never a barred one, and its floor never falls', () =>
      fc.assert(
        fc.property(steps, securities, (asked, security) => {
          const imageOf = (major: number) => image(major, security[major])
          let state: Channel.State = Channel.initial
          // Kept by what the events say alone, as a reader without the fold would.
          const active = new Set<string>()
          const withdrawn = new Set<string>()

          function decided({ act, major }: { act: Act; major: number }): readonly Channel.Event[] {
            if (act === 'complete') {
              const { rollout } = state
              return rollout ? [completed(imageOf(parseInt(rollout.version)), state.active, rollout.rollout_id)] : []
            }
            if (act === 'previous') return rollingBack()(state)
            const it = imageOf(major)
            if (act === 'start') {
              const fits = !state.barred.includes(it.release_id) && security[major]! >= state.security_floor
              return state.rollout || !fits ? [] : [started(it, `o${state.attempt}`)]
            }
            const decision = { activate: activating, deactivate: deactivating, rollBack: rollingBack, bar: barring }[
              act
            ]
            return decision(it)(state)
          }

          for (const step of asked) {
            let events: readonly Channel.Event[] = []
            try {
              events = decided(step)
            } catch (error) {
              if (!(error instanceof Refusal)) throw error
            }
            for (const event of events) {
              const floor = state.security_floor
              state = Channel.evolve(state, event)
              const { type, data } = event
              if (
                type === 'FirmwareActivated' ||
                type === 'FirmwareRolledBack' ||
                type === 'FirmwareRolloutCompleted'
              ) {
                if (data.previous_release_id !== undefined) active.delete(data.previous_release_id)
                active.add(data.release_id)
                expect(data.security_version ?? 0).to.be.at.least(floor)
              }
              if (type === 'FirmwareDeactivated' || type === 'FirmwareReleaseBarred') active.delete(data.release_id)
              if (type === 'FirmwareReleaseBarred') withdrawn.add(data.release_id)
              expect([...active]).to.deep.equal(state.active ? [state.active.release_id] : [])
              for (const id of [...active, state.rollout?.release_id]) expect(withdrawn.has(id!)).to.equal(false)
              expect(state.security_floor).to.be.at.least(floor)
              expect(state.past.map(({ release_id }) => release_id)).not.to.include.oneOf([...withdrawn, ...active])
            }
          }
        }),
        { numRuns: 1000 },
      ))
  })
})
