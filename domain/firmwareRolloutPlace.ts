import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

/**
 * Where a rollout is decided on: an id of 128 bits cannot hold that of its channel, which is as long, and whoever steers a rollout has its id alone.
 * Written before the rollout is started, so that no rollout is without it.
 */
export const category = 'firmwareRollout'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export interface Event {
  type: 'FirmwareRolloutPlaced'
  data: {
    device_model: string
    /** Absent: for every facility. */
    facility_id?: string
    release_id: string
    placed_at: string
  }
}

export type State = { status: 'unknown' } | ({ status: 'placed' } & Event['data'])

export const initial: State = { status: 'unknown' }

export const evolve = (_: State, { data }: Event): State => ({ status: 'placed', ...data })

export function known(state: State) {
  if (state.status === 'unknown') throw new Refusal('rollout-unknown', 'No such rollout')
  return state
}

export const place =
  (data: Event['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'FirmwareRolloutPlaced', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = { FirmwareRolloutPlaced: [] }
