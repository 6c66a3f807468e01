import type { Upcast } from './decider.ts'
import { activating, goingBack, offering, type Told, toldNothing, withdrawing } from './firmwareLeaving.ts'
import type { Plan, Rollout } from './firmwareRollout.ts'

// What devices of one model are told to run, everywhere or in one facility: one stream for each model and scope, so that there is one answer at
// every position of the log.
export const category = 'firmwareChannel'

/** Model and scope are in every event: a reader of one event knows whose row it changes. */
export interface Scope {
  device_model: string
  /** Absent: every facility that has nothing of its own. */
  facility_id?: string
}

/** A release as far as a channel must know it. */
export interface Image {
  release_id: string
  version: string
  security_version?: number
}

type Previous = { previous_release_id?: string }
type OfRollout = Scope & { rollout_id: string; release_id: string }

// These names and shapes are the storage format. Never edit one in place: see `history`.
// Where an event ends a rollout that was open, it names it: `rollout_id`, and the release it was of: `rollout_release_id`.
type Ends = { rollout_id?: string; rollout_release_id?: string }
export type Event =
  | { type: 'FirmwareActivated'; data: Scope & Image & Previous & { activated_at: string } }
  | {
      type: 'FirmwareDeactivated'
      data: Scope & Ends & { release_id: string; reason?: string; deactivated_at: string }
    }
  /** Also where it is what was active already: then it ends a rollout, and those that have its release go back. */
  | { type: 'FirmwareRolledBack'; data: Scope & Image & Previous & Ends & { reason: string; rolled_back_at: string } }
  /** It is being withdrawn: never active again, and not now. `was_active`: it was until this. */
  | {
      type: 'FirmwareReleaseBarred'
      data: Scope & Ends & { release_id: string; was_active: boolean; reason: string; barred_at: string }
    }
  | {
      type: 'FirmwareRolloutStarted'
      data: Scope & Image & Previous & Plan & { rollout_id: string; percent: number; started_at: string }
    }
  | {
      type: 'FirmwareRolloutAdvanced'
      data: OfRollout & { from_percent: number; percent: number; advanced_at: string }
    }
  | { type: 'FirmwareRolloutPaused'; data: OfRollout & { reason?: string; paused_at: string } }
  | {
      type: 'FirmwareRolloutHalted'
      data: OfRollout & { reason: string; installed?: number; failed?: number; halted_at: string }
    }
  | { type: 'FirmwareRolloutResumed'; data: OfRollout & { resumed_at: string } }
  /** Those that failed are to try again. */
  | { type: 'FirmwareRolloutRetried'; data: OfRollout & { attempt: number; retried_at: string } }
  /** Its release is the active one from here on. */
  | { type: 'FirmwareRolloutCompleted'; data: OfRollout & Image & Previous & { completed_at: string } }

export interface Active extends Image {
  /** By a rollback: devices that run something newer go back to it. */
  by: 'activation' | 'rollback' | 'rollout'
  /** How often something was activated in this channel: a device that failed tries again after the next time. */
  attempt: number
}

export interface State {
  active?: Active
  rollout?: Rollout
  /** What was active before, newest first, without what is barred. */
  past: readonly Image[]
  barred: readonly string[]
  told: Told
  /** The highest security version that was ever active: nothing below it will be. */
  security_floor: number
  attempt: number
}

export const initial: State = { past: [], barred: [], told: toldNothing, security_floor: 0, attempt: 0 }

/** That much of whatever is more than an image. */
export const imageOf = ({ release_id, version, security_version }: Image): Image => ({
  release_id,
  version,
  ...(security_version !== undefined && { security_version }),
})

/** The state with another release active: what was so far is remembered, an open rollout is over. */
function activated(state: State, image: Image, by: Active['by']): State {
  const { rollout: _, active, ...rest } = state
  const attempt = state.attempt + 1
  const replaced = active && active.release_id !== image.release_id ? [imageOf(active)] : []
  const past = [...replaced, ...state.past].filter(({ release_id }, index, all) => {
    const isFirst = all.findIndex((one) => one.release_id === release_id) === index
    return isFirst && release_id !== image.release_id
  })
  const security_floor = Math.max(state.security_floor, image.security_version ?? 0)
  const told = by === 'rollback' ? goingBack(state.told, image) : activating(state.told, image)
  return { ...rest, active: { ...imageOf(image), by, attempt }, past, told, attempt, security_floor }
}

/** The state with nothing active, and without the rollout that the event names. */
function deactivated(state: State, release_id: string, rollout_id: string | undefined): State {
  const { active, rollout, ...rest } = state
  const isOver = rollout?.rollout_id === rollout_id
  const wasActive = active?.release_id === release_id
  return {
    ...rest,
    ...(active && !wasActive && { active }),
    ...(rollout && !isOver && { rollout }),
    ...(active && wasActive && { past: [imageOf(active), ...state.past] }),
  }
}

const withRollout = (state: State, change: Partial<Rollout>): State =>
  state.rollout ? { ...state, rollout: { ...state.rollout, ...change } } : state

export function evolve(state: State, event: Event): State {
  switch (event.type) {
    case 'FirmwareActivated':
      return activated(state, event.data, 'activation')
    case 'FirmwareRolledBack':
      return activated(state, event.data, 'rollback')
    case 'FirmwareRolloutCompleted':
      return activated(state, event.data, 'rollout')
    case 'FirmwareDeactivated':
      return deactivated(state, event.data.release_id, event.data.rollout_id)
    case 'FirmwareReleaseBarred': {
      const { release_id, rollout_id } = event.data
      const without = deactivated(state, release_id, rollout_id)
      const past = without.past.filter((one) => one.release_id !== release_id)
      const told = withdrawing(state.told, release_id)
      return { ...without, past, told, barred: [...state.barred, release_id] }
    }
    case 'FirmwareRolloutStarted': {
      const { device_model: _m, facility_id: _f, previous_release_id: _p, ...plan } = event.data
      const rollout: Rollout = { ...plan, status: 'running', from_percent: 0, attempt: 0, step_since: plan.started_at }
      return { ...state, rollout, told: offering(state.told, plan) }
    }
    case 'FirmwareRolloutAdvanced':
      return withRollout(state, {
        percent: event.data.percent,
        from_percent: event.data.from_percent,
        step_since: event.data.advanced_at,
      })
    case 'FirmwareRolloutPaused':
      return withRollout(state, { status: 'paused' })
    case 'FirmwareRolloutHalted':
      return withRollout(state, { status: 'halted' })
    case 'FirmwareRolloutResumed':
      return withRollout(state, { status: 'running', step_since: event.data.resumed_at })
    case 'FirmwareRolloutRetried':
      return withRollout(state, { attempt: event.data.attempt })
  }
}

export const history: Record<Event['type'], readonly Upcast[]> = {
  FirmwareActivated: [],
  FirmwareDeactivated: [],
  FirmwareRolledBack: [],
  FirmwareReleaseBarred: [],
  FirmwareRolloutStarted: [],
  FirmwareRolloutAdvanced: [],
  FirmwareRolloutPaused: [],
  FirmwareRolloutHalted: [],
  FirmwareRolloutResumed: [],
  FirmwareRolloutRetried: [],
  FirmwareRolloutCompleted: [],
}
