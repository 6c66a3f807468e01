import type { Decision, Personal, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

export const category = 'user'

export type Role = 'super_admin' | 'facility_admin' | 'user'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'UserRegistered'
      data: {
        email: string
        name: string
        role: Role
        facility_id?: string
        password_hash: string
        must_change_password: boolean
        registered_at: string
      }
    }
  /** Its name was reserved, it never came, and whoever comes too late has lost: the name is free again. */
  | { type: 'UserRegistrationAbandoned'; data: { abandoned_at: string } }
  | { type: 'UserRenamed'; data: { name: string; renamed_at: string } }
  | { type: 'UserEmailChanged'; data: { email: string; changed_at: string } }
  | { type: 'UserRoleChanged'; data: { role: Role; changed_at: string } }
  | { type: 'UserMovedToFacility'; data: { facility_id: string; moved_at: string } }
  | {
      type: 'UserPasswordChanged'
      /** `session_id`: the session in which it was changed, which goes on while all others end. */
      data: { password_hash: string; must_change_password: boolean; session_id?: string; changed_at: string }
    }
  | { type: 'UserDeactivated'; data: { deactivated_at: string } }
  | { type: 'UserReactivated'; data: { reactivated_at: string } }
  | { type: 'UserErased'; data: { erased_at: string } }

export type State =
  | { status: 'unknown' }
  | { status: 'abandoned' }
  | {
      status: 'active' | 'inactive' | 'erased'
      email: string
      name: string
      role: Role
      facility_id?: string
      password_hash: string
      must_change_password: boolean
      /** How often the password was changed: a session of an older generation has ended. */
      password_generation: number
      password_session_id?: string
      registered_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'UserRegistered') return { status: 'active', password_generation: 0, ...event.data }
  if (event.type === 'UserRegistrationAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'UserRenamed':
      return { ...state, name: event.data.name }
    case 'UserEmailChanged':
      return { ...state, email: event.data.email }
    case 'UserRoleChanged':
      return { ...state, role: event.data.role }
    case 'UserMovedToFacility':
      return { ...state, facility_id: event.data.facility_id }
    case 'UserPasswordChanged': {
      const { password_session_id: _, ...rest } = state
      const { password_hash, must_change_password, session_id } = event.data
      return {
        ...rest,
        password_hash,
        must_change_password,
        password_generation: state.password_generation + 1,
        ...(session_id !== undefined && { password_session_id: session_id }),
      }
    }
    case 'UserDeactivated':
      return { ...state, status: 'inactive' }
    case 'UserReactivated':
      return { ...state, status: 'active' }
    case 'UserErased':
      return { ...state, status: 'erased', email: '[erased]', name: '[erased]', password_hash: '' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

type Known = Exclude<State, { status: 'unknown' | 'abandoned' }>

export function known(state: State): Known {
  if (state.status === 'unknown' || state.status === 'abandoned') throw new Refusal('user-unknown', 'No such user')
  return state
}

/** Only a super_admin belongs to no facility; the other roles belong to exactly one. */
export const register =
  (data: Data<'UserRegistered'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'abandoned') throw abandoned()
    if (state.status !== 'unknown') {
      if (state.email === data.email) return []
      throw new Refusal('user-exists', 'This user is registered already')
    }
    if (data.role === 'super_admin' && data.facility_id !== undefined)
      throw new Refusal('facility-not-allowed', 'A super_admin belongs to no facility')
    if (data.role !== 'super_admin' && data.facility_id === undefined)
      throw new Refusal('facility-required', `A ${data.role} belongs to a facility`)
    return [{ type: 'UserRegistered', data }]
  }

export const abandon =
  (data: Data<'UserRegistrationAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'UserRegistrationAbandoned', data }] : []

/** The caller has proved the current password. The same hash again adds nothing. */
export const changePassword =
  (data: Data<'UserPasswordChanged'>): Decision<State, Event> =>
  (state) => {
    const user = known(state)
    if (user.status !== 'active') throw new Refusal('user-inactive', 'This user is deactivated')
    return user.password_hash === data.password_hash ? [] : [{ type: 'UserPasswordChanged', data }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  UserRegistered: [],
  UserRegistrationAbandoned: [],
  UserRenamed: [],
  UserEmailChanged: [],
  UserRoleChanged: [],
  UserMovedToFacility: [],
  UserPasswordChanged: [],
  UserDeactivated: [],
  UserReactivated: [],
  UserErased: [],
}

// Sealed from the first event on: adding a field here later would not seal what is stored already.
export const personal: Partial<Record<Event['type'], Personal>> = {
  UserRegistered: { subject: 'stream', fields: ['email', 'name', 'password_hash'] },
  UserRenamed: { subject: 'stream', fields: ['name'] },
  UserEmailChanged: { subject: 'stream', fields: ['email'] },
  UserPasswordChanged: { subject: 'stream', fields: ['password_hash'] },
}
