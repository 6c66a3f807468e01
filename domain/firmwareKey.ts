import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

// Who may sign firmware: one stream for what goes to every facility (`firmwareKey-global`), one for each facility (`firmwareKey-<facility id>`).
export const category = 'firmwareKey'

export const globalScope = 'global'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'FirmwareKeyAdded'
      /** `public_key`: an Ed25519 key, SPKI in PEM. */
      data: { key_id: string; facility_id?: string; name?: string; public_key: string; added_at: string }
    }
  | { type: 'FirmwareKeyRetired'; data: { key_id: string; retired_at: string } }

export interface Key {
  status: 'active' | 'retired'
  public_key: string
  name?: string
  added_at: string
}

/** By key id. */
export type State = Readonly<Record<string, Key>>

export const initial: State = {}

export function evolve(state: State, event: Event): State {
  switch (event.type) {
    case 'FirmwareKeyAdded': {
      const { key_id, facility_id: _, ...key } = event.data
      return { ...state, [key_id]: { status: 'active', ...key } }
    }
    case 'FirmwareKeyRetired': {
      const key = state[event.data.key_id]
      return key ? { ...state, [event.data.key_id]: { ...key, status: 'retired' } } : state
    }
  }
}

export const add =
  (data: Extract<Event, { type: 'FirmwareKeyAdded' }>['data']): Decision<State, Event> =>
  (state) => {
    if (state[data.key_id]) return []
    if (Object.values(state).some(({ public_key, status }) => status === 'active' && public_key === data.public_key))
      throw new Refusal('firmware-key-exists', 'This key is registered already')
    return [{ type: 'FirmwareKeyAdded', data }]
  }

export const retire =
  (data: Extract<Event, { type: 'FirmwareKeyRetired' }>['data']): Decision<State, Event> =>
  (state) => {
    const key = state[data.key_id]
    if (!key) throw new Refusal('firmware-key-unknown', 'No such key')
    return key.status === 'active' ? [{ type: 'FirmwareKeyRetired', data }] : []
  }

/** Those a new release may be signed with. Where there is one, it must be. */
export const signing = (state: State): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(state)
      .filter(([, { status }]) => status === 'active')
      .map(([id, { public_key }]) => [id, public_key]),
  )

export const history: Record<Event['type'], readonly Upcast[]> = { FirmwareKeyAdded: [], FirmwareKeyRetired: [] }
