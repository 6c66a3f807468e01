import type { Decision, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

export const category = 'facility'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'FacilityRegistered'
      data: { name: string; code: string; timezone?: string; address?: string; registered_at: string }
    }
  /** Its name was reserved, it never came, and whoever comes too late has lost: the name is free again. */
  | { type: 'FacilityRegistrationAbandoned'; data: { abandoned_at: string } }
  | { type: 'FacilityRenamed'; data: { name: string; renamed_at: string } }
  | { type: 'FacilityDetailsChanged'; data: { timezone?: string; address?: string; changed_at: string } }
  | { type: 'FacilityDeactivated'; data: { deactivated_at: string } }
  | { type: 'FacilityReactivated'; data: { reactivated_at: string } }

export type State =
  | { status: 'unknown' }
  | { status: 'abandoned' }
  | {
      status: 'active' | 'inactive'
      name: string
      code: string
      timezone?: string
      address?: string
      /** How often it was deactivated: a session that was begun before has ended. */
      deactivations: number
      registered_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'FacilityRegistered') return { status: 'active', deactivations: 0, ...event.data }
  if (event.type === 'FacilityRegistrationAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'FacilityRenamed':
      return { ...state, name: event.data.name }
    case 'FacilityDetailsChanged': {
      const { changed_at: _, ...details } = event.data
      return { ...state, ...details }
    }
    case 'FacilityDeactivated':
      return { ...state, status: 'inactive', deactivations: state.deactivations + 1 }
    case 'FacilityReactivated':
      return { ...state, status: 'active' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

type Known = Exclude<State, { status: 'unknown' | 'abandoned' }>

export function known(state: State): Known {
  if (state.status === 'unknown' || state.status === 'abandoned')
    throw new Refusal('facility-unknown', 'No such facility')
  return state
}

/** The guard of everything that is added to a facility. */
export function active(state: State): Known {
  const facility = known(state)
  if (facility.status === 'inactive') throw new Refusal('facility-inactive', `Facility ${facility.code} is deactivated`)
  return facility
}

export const register =
  (data: Data<'FacilityRegistered'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'unknown') return [{ type: 'FacilityRegistered', data }]
    if (state.status === 'abandoned') throw abandoned()
    if (state.code === data.code) return []
    throw new Refusal('facility-exists', 'This facility is registered already')
  }

export const abandon =
  (data: Data<'FacilityRegistrationAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'FacilityRegistrationAbandoned', data }] : []

export const change =
  (wanted: { name?: string; timezone?: string; address?: string; at: string }): Decision<State, Event> =>
  (state) => {
    const facility = known(state)
    const events: Event[] = []
    if (wanted.name !== undefined && wanted.name !== facility.name)
      events.push({ type: 'FacilityRenamed', data: { name: wanted.name, renamed_at: wanted.at } })
    const timezone = wanted.timezone !== facility.timezone ? wanted.timezone : undefined
    const address = wanted.address !== facility.address ? wanted.address : undefined
    if (timezone !== undefined || address !== undefined)
      events.push({
        type: 'FacilityDetailsChanged',
        data: {
          ...(timezone !== undefined && { timezone }),
          ...(address !== undefined && { address }),
          changed_at: wanted.at,
        },
      })
    return events
  }

export const deactivate =
  (data: Data<'FacilityDeactivated'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'active' ? [{ type: 'FacilityDeactivated', data }] : []

export const reactivate =
  (data: Data<'FacilityReactivated'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'inactive' ? [{ type: 'FacilityReactivated', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = {
  FacilityRegistered: [],
  FacilityRegistrationAbandoned: [],
  FacilityRenamed: [],
  FacilityDetailsChanged: [],
  FacilityDeactivated: [],
  FacilityReactivated: [],
}
