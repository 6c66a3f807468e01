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
  /** `session_id`: the session that goes on, when its owner ends all others. */
  | {
      type: 'UserSessionsEnded'
      data: { reason: 'logout' | 'ended_by_admin'; session_id?: string; ended_at: string }
    }
  | { type: 'UserDeactivated'; data: { deactivated_at: string } }
  | { type: 'UserReactivated'; data: { reactivated_at: string } }
  | { type: 'UserErased'; data: { erased_at: string } }

type SessionEndReason = 'password_changed' | 'deactivated' | 'logout' | 'ended_by_admin'

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
      /** How often all sessions were ended: one of an older generation has ended, whatever its own stream says. */
      session_generation: number
      sessions_ended?: { reason: SessionEndReason; at: string }
      /** The session that went on when the others were ended. */
      spared_session_id?: string
      registered_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'UserRegistered') return { status: 'active', session_generation: 0, ...event.data }
  if (event.type === 'UserRegistrationAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'UserRenamed':
      return { ...state, name: event.data.name }
    case 'UserEmailChanged':
      return { ...state, email: event.data.email }
    case 'UserRoleChanged': {
      // Whoever becomes a super_admin leaves the facility.
      const { facility_id, ...rest } = state
      const { role } = event.data
      return { ...rest, role, ...(facility_id !== undefined && role !== 'super_admin' && { facility_id }) }
    }
    case 'UserMovedToFacility':
      return { ...state, facility_id: event.data.facility_id }
    case 'UserPasswordChanged': {
      const { password_hash, must_change_password, session_id, changed_at } = event.data
      const ended = withSessionsEnded(state, 'password_changed', changed_at, session_id)
      return { ...ended, password_hash, must_change_password }
    }
    case 'UserSessionsEnded':
      return withSessionsEnded(state, event.data.reason, event.data.ended_at, event.data.session_id)
    case 'UserDeactivated':
      return { ...withSessionsEnded(state, 'deactivated', event.data.deactivated_at), status: 'inactive' }
    case 'UserReactivated':
      return { ...state, status: 'active' }
    case 'UserErased':
      return {
        ...withSessionsEnded(state, 'deactivated', event.data.erased_at),
        status: 'erased',
        email: '[erased]',
        name: '[erased]',
        password_hash: '',
      }
  }
}

function withSessionsEnded(state: Known, reason: SessionEndReason, at: string, spared?: string): Known {
  const { spared_session_id: _, ...rest } = state
  return {
    ...rest,
    session_generation: state.session_generation + 1,
    sessions_ended: { reason, at },
    ...(spared !== undefined && { spared_session_id: spared }),
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Known = Exclude<State, { status: 'unknown' | 'abandoned' }>

export function known(state: State): Known {
  if (state.status === 'unknown' || state.status === 'abandoned') throw new Refusal('user-unknown', 'No such user')
  return state
}

/** The guard of everything that is done to a person: one who was erased is nobody any more. */
export function present(state: State): Known {
  const user = known(state)
  if (user.status === 'erased') throw new Refusal('user-erased', 'This user was erased')
  return user
}

/** Whether a session has outlived every ending of its owner's sessions: begun since, or the one that was spared. */
export const outlives = (user: Known, session: { id: string; password_generation: number }) =>
  session.id === user.spared_session_id || session.password_generation === user.session_generation

function checkFacility(role: Role, facility_id: string | undefined): void {
  if (role === 'super_admin' && facility_id !== undefined)
    throw new Refusal('facility-not-allowed', 'A super_admin belongs to no facility')
  if (role !== 'super_admin' && facility_id === undefined)
    throw new Refusal('facility-required', `A ${role} belongs to a facility`)
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
    checkFacility(data.role, data.facility_id)
    return [{ type: 'UserRegistered', data }]
  }

export const abandon =
  (data: Data<'UserRegistrationAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'UserRegistrationAbandoned', data }] : []

/** Name, e-mail address (reserved before), role and facility, each its own event. Whoever becomes a super_admin leaves the facility. */
export const change =
  (wanted: { email?: string; name?: string; role?: Role; facility_id?: string; at: string }): Decision<State, Event> =>
  (state) => {
    const user = present(state)
    const { email, name, role = user.role, facility_id, at } = wanted
    checkFacility(role, facility_id ?? (role === 'super_admin' ? undefined : user.facility_id))
    const events: Event[] = []
    if (name !== undefined && name !== user.name) events.push({ type: 'UserRenamed', data: { name, renamed_at: at } })
    if (email !== undefined && email !== user.email)
      events.push({ type: 'UserEmailChanged', data: { email, changed_at: at } })
    if (role !== user.role) events.push({ type: 'UserRoleChanged', data: { role, changed_at: at } })
    if (facility_id !== undefined && facility_id !== user.facility_id)
      events.push({ type: 'UserMovedToFacility', data: { facility_id, moved_at: at } })
    return events
  }

/** By its owner, who has proved the current one, or by an admin. The same hash again adds nothing. */
export const changePassword =
  (data: Data<'UserPasswordChanged'>): Decision<State, Event> =>
  (state) => {
    const user = known(state)
    if (user.status !== 'active') throw new Refusal('user-inactive', 'This user is deactivated')
    return user.password_hash === data.password_hash ? [] : [{ type: 'UserPasswordChanged', data }]
  }

/** Whichever there are: nobody needs a list of them. */
export const endSessions =
  (data: Data<'UserSessionsEnded'>): Decision<State, Event> =>
  (state) => {
    const { reason, at } = present(state).sessions_ended ?? {}
    return reason === data.reason && at === data.ended_at ? [] : [{ type: 'UserSessionsEnded', data }]
  }

export const deactivate =
  (data: Data<'UserDeactivated'>): Decision<State, Event> =>
  (state) =>
    present(state).status === 'active' ? [{ type: 'UserDeactivated', data }] : []

export const reactivate =
  (data: Data<'UserReactivated'>): Decision<State, Event> =>
  (state) =>
    present(state).status === 'inactive' ? [{ type: 'UserReactivated', data }] : []

/** For good. The person's key goes with it: see `commands/erasure.ts`. */
export const erase =
  (data: Data<'UserErased'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'erased' ? [] : [{ type: 'UserErased', data }]

export const history: Record<Event['type'], readonly Upcast[]> = {
  UserRegistered: [],
  UserRegistrationAbandoned: [],
  UserRenamed: [],
  UserEmailChanged: [],
  UserRoleChanged: [],
  UserMovedToFacility: [],
  UserPasswordChanged: [],
  UserSessionsEnded: [],
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
