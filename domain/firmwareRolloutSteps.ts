import type { Decision } from './decider.ts'
import { activable, type Compare, follows, previousOf } from './firmwareActivation.ts'
import { type Event, imageOf, type Scope, type State } from './firmwareChannel.ts'
import type { Plan, Rollout } from './firmwareRollout.ts'
import { Refusal } from './refusal.ts'

// What becomes of a rollout: decided on its channel, so that there is one open rollout in it, and one answer what its devices get.

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

/** Which rollout, in which channel. */
export type Rolling = Scope & { rollout_id: string }

/** The rollout, if it is the one that is open; all others are over. */
export function open(state: State, rollout_id: string): Rollout {
  if (state.rollout?.rollout_id !== rollout_id) throw new Refusal('rollout-over', 'This rollout is over')
  return state.rollout
}

const of = ({ device_model, facility_id, rollout_id }: Rolling, { release_id }: Rollout) => ({
  device_model,
  ...(facility_id !== undefined && { facility_id }),
  rollout_id,
  release_id,
})

/** Another request for the very same is refused, too: it may have asked for another plan. */
export const start =
  (
    data: Omit<Data<'FirmwareRolloutStarted'>, 'percent' | 'previous_release_id'>,
    compare: Compare,
  ): Decision<State, Event> =>
  (state) => {
    if (state.rollout) throw new Refusal('rollout-open', `The rollout of ${state.rollout.version} is still open`)
    activable(state, data)
    if (state.active?.release_id === data.release_id)
      throw new Refusal('firmware-active', `Release ${data.version} is active already`)
    follows(state, data, compare)
    return [
      { type: 'FirmwareRolloutStarted', data: { ...data, ...previousOf(state), percent: firstPercent(data.ladder) } },
    ]
  }

const firstPercent = (ladder: Plan['ladder']) => ladder[0] ?? 100

/** Only up, and only from where the caller believes it to be. From 100 to 100 completes it. */
export const advance =
  (
    rolling: Rolling,
    { expected_percent, percent, advanced_at }: { expected_percent: number; percent: number; advanced_at: string },
  ): Decision<State, Event> =>
  (state) => {
    const rollout = running(open(state, rolling.rollout_id))
    const from_percent = rollout.percent
    if (percent === from_percent && expected_percent < percent) return []
    if (expected_percent !== from_percent)
      throw new Refusal('percent-moved', `It is at ${from_percent} %, not at ${expected_percent} %`)
    if (from_percent === 100 && percent === 100) return complete(rolling, { completed_at: advanced_at })(state)
    if (percent <= from_percent)
      throw new Refusal('percent-not-raised', `It is at ${from_percent} % already, and never goes down`)
    return [{ type: 'FirmwareRolloutAdvanced', data: { ...of(rolling, rollout), from_percent, percent, advanced_at } }]
  }

function running(rollout: Rollout): Rollout {
  if (rollout.status === 'running') return rollout
  throw new Refusal(`rollout-${rollout.status}`, `This rollout is ${rollout.status}: resume it first`)
}

/** Its release becomes the active one. */
export const complete =
  (rolling: Rolling, { completed_at }: { completed_at: string }): Decision<State, Event> =>
  (state) => {
    const rollout = running(open(state, rolling.rollout_id))
    if (rollout.percent < 100)
      throw new Refusal('rollout-incomplete', `It is at ${rollout.percent} %: it is complete at 100 only`)
    const image = imageOf(rollout)
    activable(state, image)
    const data = { ...of(rolling, rollout), ...image, ...previousOf(state), completed_at }
    return [{ type: 'FirmwareRolloutCompleted', data }]
  }

/** Devices are told of no update until it is resumed. */
export const pause =
  (rolling: Rolling, data: { reason?: string; paused_at: string }): Decision<State, Event> =>
  (state) => {
    const rollout = open(state, rolling.rollout_id)
    if (rollout.status === 'halted') throw new Refusal('rollout-halted', 'This rollout is halted already')
    return rollout.status === 'paused'
      ? []
      : [{ type: 'FirmwareRolloutPaused', data: { ...of(rolling, rollout), ...data } }]
  }

/** @param data `installed` and `failed`: how many there were, where that is why */
export const halt =
  (
    rolling: Rolling,
    data: { reason: string; installed?: number; failed?: number; halted_at: string },
  ): Decision<State, Event> =>
  (state) => {
    const rollout = open(state, rolling.rollout_id)
    return rollout.status === 'halted'
      ? []
      : [{ type: 'FirmwareRolloutHalted', data: { ...of(rolling, rollout), ...data } }]
  }

export const resume =
  (rolling: Rolling, data: { resumed_at: string }): Decision<State, Event> =>
  (state) => {
    const rollout = open(state, rolling.rollout_id)
    return rollout.status === 'running'
      ? []
      : [{ type: 'FirmwareRolloutResumed', data: { ...of(rolling, rollout), ...data } }]
  }

/**
 * Those that failed, and only those, are offered it once more.
 * @param data `attempt`: one more than the caller has seen; whoever asks for one that there is already, asks for nothing
 */
export const retryFailed =
  (rolling: Rolling, data: { attempt: number; retried_at: string }): Decision<State, Event> =>
  (state) => {
    const rollout = open(state, rolling.rollout_id)
    return rollout.attempt >= data.attempt
      ? []
      : [{ type: 'FirmwareRolloutRetried', data: { ...of(rolling, rollout), ...data } }]
  }
