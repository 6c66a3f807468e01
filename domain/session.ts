import type { Decision, Personal, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

export const category = 'session'

export type EndReason = 'logout' | 'reuse_detected' | 'password_changed' | 'deactivated' | 'ended_by_admin'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'SessionStarted'
      data: {
        user_id: string
        refresh_id: string
        address: string
        user_agent: string
        /** Of the password that was given: see the user's state. */
        password_generation: number
        started_at: string
        expires_at: string
      }
    }
  | { type: 'SessionRefreshed'; data: { refresh_id: string; refreshed_at: string; expires_at: string } }
  | { type: 'SessionEnded'; data: { reason: EndReason; ended_at: string } }

/** `refresh_id` names the one refresh token that is good now; `parent_id` the one it replaced. */
export type State =
  | { status: 'unknown' }
  | {
      status: 'open' | 'ended'
      user_id: string
      refresh_id: string
      parent_id?: string
      password_generation: number
      refreshed_at: string
      expires_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'SessionStarted') {
    const { user_id, refresh_id, password_generation, started_at, expires_at } = event.data
    return { status: 'open', user_id, refresh_id, password_generation, refreshed_at: started_at, expires_at }
  }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'SessionRefreshed':
      return { ...state, ...event.data, parent_id: state.refresh_id }
    case 'SessionEnded':
      return { ...state, status: 'ended' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export const start =
  (data: Data<'SessionStarted'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'SessionStarted', data }] : []

/** A client whose answer got lost may present the parent once more within this time and gets the same successor. */
export const graceMs = 5000

/**
 * Rotation: the token presented is replaced by `refresh_id`. A token used before ends the whole session,
 * which is an event and no refusal: the caller sees `status: 'ended'`.
 * @param isYoung whether the token that is good now was made less than the grace ago, by whose clock is for the caller to say: `refreshed_at` is by
 * that of another instance
 */
export const refresh =
  (presented: string, data: Data<'SessionRefreshed'>, isYoung: boolean): Decision<State, Event> =>
  (state) => {
    if (state.status !== 'open') throw new Refusal('session-ended', 'This session has ended')
    if (presented === state.refresh_id) return [{ type: 'SessionRefreshed', data }]
    if (presented === state.parent_id && isYoung) return []
    return [{ type: 'SessionEnded', data: { reason: 'reuse_detected', ended_at: data.refreshed_at } }]
  }

export const end =
  (data: Data<'SessionEnded'>): Decision<State, Event> =>
  (state) =>
    state.status === 'open' ? [{ type: 'SessionEnded', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = {
  SessionStarted: [],
  SessionRefreshed: [],
  SessionEnded: [],
}

export const personal: Partial<Record<Event['type'], Personal>> = {
  SessionStarted: { subject: { field: 'user_id' }, fields: ['address', 'user_agent'] },
}
