import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

export const category = 'apiKey'

export type Scope = 'upload' | 'firmware' | 'heartbeat'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'ApiKeyIssued'
      data: {
        name: string
        facility_id: string
        device_id?: string
        scopes: readonly Scope[]
        secret_sha256: string
        expires_at?: string
        issued_at: string
      }
    }
  | { type: 'ApiKeyRenamed'; data: { name: string; renamed_at: string } }
  | { type: 'ApiKeyRotated'; data: { secret_sha256: string; previous_valid_until: string; rotated_at: string } }
  | { type: 'ApiKeyRevoked'; data: { revoked_at: string } }

export type State =
  | { status: 'unknown' }
  | {
      status: 'active' | 'revoked'
      name: string
      facility_id: string
      device_id?: string
      scopes: readonly Scope[]
      expires_at?: string
      secret_sha256: string
      previous?: { secret_sha256: string; valid_until: string }
      issued_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'ApiKeyIssued') return { status: 'active', ...event.data }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'ApiKeyRenamed':
      return { ...state, name: event.data.name }
    case 'ApiKeyRotated':
      return {
        ...state,
        secret_sha256: event.data.secret_sha256,
        previous: { secret_sha256: state.secret_sha256, valid_until: event.data.previous_valid_until },
      }
    case 'ApiKeyRevoked':
      return { ...state, status: 'revoked' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export function known(state: State): Exclude<State, { status: 'unknown' }> {
  if (state.status === 'unknown') throw new Refusal('api-key-unknown', 'No such API key')
  return state
}

export const issue =
  (data: Data<'ApiKeyIssued'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'ApiKeyIssued', data }] : []

/** The guard of everything that is done to a key that is to let in still. */
function active(state: State) {
  const key = known(state)
  if (key.status === 'revoked') throw new Refusal('api-key-revoked', 'This API key was revoked')
  return key
}

export const rename =
  (data: Data<'ApiKeyRenamed'>): Decision<State, Event> =>
  (state) =>
    active(state).name === data.name ? [] : [{ type: 'ApiKeyRenamed', data }]

/** A new secret; the one it had lets in until `previous_valid_until`, and any older one no more. */
export const rotate =
  (data: Data<'ApiKeyRotated'>): Decision<State, Event> =>
  (state) => {
    const { expires_at, secret_sha256 } = active(state)
    if (expires_at !== undefined && expires_at <= data.rotated_at)
      throw new Refusal('api-key-expired', 'This API key has expired; issue another')
    return secret_sha256 === data.secret_sha256 ? [] : [{ type: 'ApiKeyRotated', data }]
  }

export const revoke =
  (data: Data<'ApiKeyRevoked'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'active' ? [{ type: 'ApiKeyRevoked', data }] : []

/** The digests a secret may have to be let in at `at`: none once revoked or expired, two while a rotation overlaps. */
export function acceptable(state: State, at: string): readonly string[] {
  if (state.status !== 'active' || (state.expires_at !== undefined && state.expires_at <= at)) return []
  const previous = state.previous && state.previous.valid_until > at ? [state.previous.secret_sha256] : []
  return [state.secret_sha256, ...previous]
}

export const history: Record<Event['type'], readonly Upcast[]> = {
  ApiKeyIssued: [],
  ApiKeyRenamed: [],
  ApiKeyRotated: [],
  ApiKeyRevoked: [],
}
