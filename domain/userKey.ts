import type { Decision, Upcast } from './decider.ts'

// The key that seals one user's personal data. Erasing the person tombstones this stream.
export const category = 'userKey'

// These names and shapes are the storage format. Never edit one in place: see `history`.
/** `wrapped`: the 256-bit key under DATA_ENCRYPTION_KEY (AES-256-GCM), base64url of iv, ciphertext and tag. */
export type Event =
  | { type: 'UserKeyCreated'; data: { wrapped: string; created_at: string } }
  /** The same key under another DATA_ENCRYPTION_KEY. */
  | { type: 'UserKeyRewrapped'; data: { wrapped: string; rewrapped_at: string } }

export type State = { status: 'unknown' } | { status: 'present'; wrapped: string }

export const initial: State = { status: 'unknown' }

export const evolve = (_: State, event: Event): State => ({ status: 'present', wrapped: event.data.wrapped })

export const create =
  (data: Extract<Event, { type: 'UserKeyCreated' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'UserKeyCreated', data }] : []

export const rewrap =
  (data: Extract<Event, { type: 'UserKeyRewrapped' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'present' && state.wrapped !== data.wrapped ? [{ type: 'UserKeyRewrapped', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = { UserKeyCreated: [], UserKeyRewrapped: [] }
