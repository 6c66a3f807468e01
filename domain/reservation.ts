import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

// One stream per name that must be unique; its id is the kind and a keyed hash of the name, so the log tells no names.
export const category = 'reservation'

export type Kind =
  'userEmail' | 'facilityCode' | 'deviceSerial' | 'firmwareVersion' | 'tagName' | 'recording' | 'firstAdmin'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | { type: 'NameReserved'; data: { kind: Kind; owner_id: string; reserved_at: string } }
  | { type: 'NameReleased'; data: { owner_id: string; released_at: string } }

export type State = { status: 'free' } | { status: 'held'; kind: Kind; owner_id: string; reserved_at: string }

export const initial: State = { status: 'free' }

export function evolve(_: State, event: Event): State {
  switch (event.type) {
    case 'NameReserved':
      return { status: 'held', ...event.data }
    case 'NameReleased':
      return { status: 'free' }
  }
}

const taken: Record<Kind, [code: string, message: string]> = {
  userEmail: ['email-taken', 'Another user has this e-mail address'],
  facilityCode: ['code-taken', 'Another facility has this code'],
  deviceSerial: ['serial-taken', 'Another device has this serial number'],
  firmwareVersion: ['firmware-version-taken', 'There is a release of this version for this model and scope already'],
  tagName: ['tag-taken', 'The facility has a tag of this name already'],
  recording: ['recording-taken', 'This recording was sent already'],
  firstAdmin: ['admin-exists', 'The first admin exists already'],
}

/** An owner that finds its own reservation goes on: a crash between reserving and registering heals by repeating. */
export const reserve =
  (data: Extract<Event, { type: 'NameReserved' }>['data']): Decision<State, Event> =>
  (state) => {
    if (state.status === 'free') return [{ type: 'NameReserved', data }]
    if (state.owner_id === data.owner_id) return []
    throw new Refusal(...taken[data.kind])
  }

export const release =
  (data: Extract<Event, { type: 'NameReleased' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'held' && state.owner_id === data.owner_id ? [{ type: 'NameReleased', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = { NameReserved: [], NameReleased: [] }
