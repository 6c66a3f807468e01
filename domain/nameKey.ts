import type { Decision, Upcast } from './decider.ts'

// The key of the hashes that name reservation streams: one for the whole installation, `nameKey-system`.
export const category = 'nameKey'

// These names and shapes are the storage format. Never edit one in place: see `history`.
/** `wrapped`: as in UserKeyCreated. */
export type Event =
  | { type: 'NameKeyCreated'; data: { wrapped: string; created_at: string } }
  /** The same key under another DATA_ENCRYPTION_KEY. */
  | { type: 'NameKeyRewrapped'; data: { wrapped: string; rewrapped_at: string } }

export type State = { status: 'unknown' } | { status: 'present'; wrapped: string }

export const initial: State = { status: 'unknown' }

export const evolve = (_: State, event: Event): State => ({ status: 'present', wrapped: event.data.wrapped })

export const create =
  (data: Extract<Event, { type: 'NameKeyCreated' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'NameKeyCreated', data }] : []

export const rewrap =
  (data: Extract<Event, { type: 'NameKeyRewrapped' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'present' && state.wrapped !== data.wrapped ? [{ type: 'NameKeyRewrapped', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = { NameKeyCreated: [], NameKeyRewrapped: [] }
