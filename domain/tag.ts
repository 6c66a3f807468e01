import type { Decision, Upcast } from './decider.ts'
import { abandoned, Refusal } from './refusal.ts'

// A word that the people of one facility mark recordings with. Its name is unique there: see `reservation`.
export const category = 'tag'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | { type: 'TagCreated'; data: { facility_id: string; name: string; created_at: string } }
  /** Its name was reserved, it never came, and whoever comes too late has lost: the name is free again. */
  | { type: 'TagAbandoned'; data: { abandoned_at: string } }
  | { type: 'TagRenamed'; data: { name: string; renamed_at: string } }
  | { type: 'TagDeleted'; data: { deleted_at: string } }

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

export type Tag = Data<'TagCreated'> & { status: 'active' | 'deleted' }
export type State = { status: 'unknown' } | { status: 'abandoned' } | Tag

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'TagCreated') return { status: 'active', ...event.data }
  if (event.type === 'TagAbandoned') return { status: 'abandoned' }
  if (state.status === 'unknown' || state.status === 'abandoned') return state
  switch (event.type) {
    case 'TagRenamed':
      return { ...state, name: event.data.name }
    case 'TagDeleted':
      return { ...state, status: 'deleted' }
  }
}

const unknown = () => new Refusal('tag-unknown', 'No such tag')

/** One that is there; what was deleted is as if it were not. */
export function active(state: State): Tag {
  if (state.status !== 'active') throw unknown()
  return state
}

export const create =
  (data: Data<'TagCreated'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'abandoned') throw abandoned()
    return state.status === 'unknown' ? [{ type: 'TagCreated', data }] : []
  }

export const abandon =
  (data: Data<'TagAbandoned'>): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'TagAbandoned', data }] : []

export const rename =
  (data: Data<'TagRenamed'>): Decision<State, Event> =>
  (state) =>
    active(state).name === data.name ? [] : [{ type: 'TagRenamed', data }]

/** Recordings keep that they were marked with it; nobody sees it any more, and its name is free again. */
export const remove =
  (data: Data<'TagDeleted'>): Decision<State, Event> =>
  (state) => {
    if (state.status === 'deleted') return []
    active(state)
    return [{ type: 'TagDeleted', data }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  TagCreated: [],
  TagAbandoned: [],
  TagRenamed: [],
  TagDeleted: [],
}
