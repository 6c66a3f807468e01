import type { Decision, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

export const category = 'device'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'DeviceRegistered'
      data: { facility_id: string; name: string; serial: string; model: string; registered_at: string }
    }
  /** Its name was reserved, it never came, and whoever comes too late has lost: the name is free again. */
  | { type: 'DeviceRegistrationAbandoned'; data: { abandoned_at: string } }
  | { type: 'DeviceRenamed'; data: { name: string; renamed_at: string } }
  | { type: 'DeviceMovedToFacility'; data: { facility_id: string; moved_at: string } }
  | { type: 'DeviceDecommissioned'; data: { decommissioned_at: string } }

export type State =
  | { status: 'unknown' }
  | { status: 'abandoned' }
  | {
      status: 'active' | 'decommissioned'
      facility_id: string
      name: string
      serial: string
      model: string
      registered_at: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'DeviceRegistered') return { status: 'active', ...event.data }
  if (event.type === 'DeviceRegistrationAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'DeviceRenamed':
      return { ...state, name: event.data.name }
    case 'DeviceMovedToFacility':
      return { ...state, facility_id: event.data.facility_id }
    case 'DeviceDecommissioned':
      return { ...state, status: 'decommissioned' }
  }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

type Known = Exclude<State, { status: 'unknown' | 'abandoned' }>

export function known(state: State): Known {
  if (state.status === 'unknown' || state.status === 'abandoned') throw new Refusal('device-unknown', 'No such device')
  return state
}

export function active(state: State): Known {
  const device = known(state)
  if (device.status === 'decommissioned')
    throw new Refusal('device-decommissioned', `Device ${device.serial} is decommissioned`)
  return device
}

export const register =
  (data: Data<'DeviceRegistered'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'unknown') return [{ type: 'DeviceRegistered', data }]
    if (state.status === 'abandoned') throw abandoned()
    if (state.serial === data.serial) return []
    throw new Refusal('device-exists', 'This device is registered already')
  }

export const abandon =
  (data: Data<'DeviceRegistrationAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'DeviceRegistrationAbandoned', data }] : []

export const change =
  (wanted: { name?: string; facility_id?: string; at: string }): Decision<State, Event> =>
  (state) => {
    const device = active(state)
    const { name, facility_id, at } = wanted
    const events: Event[] = []
    if (name !== undefined && name !== device.name)
      events.push({ type: 'DeviceRenamed', data: { name, renamed_at: at } })
    if (facility_id !== undefined && facility_id !== device.facility_id)
      events.push({ type: 'DeviceMovedToFacility', data: { facility_id, moved_at: at } })
    return events
  }

export const decommission =
  (data: Data<'DeviceDecommissioned'>): Decision<State, Event> =>
  (state) =>
    known(state).status === 'active' ? [{ type: 'DeviceDecommissioned', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = {
  DeviceRegistered: [],
  DeviceRegistrationAbandoned: [],
  DeviceRenamed: [],
  DeviceMovedToFacility: [],
  DeviceDecommissioned: [],
}
