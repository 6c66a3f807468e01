import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

// What operators decided about one read model; the id is its name. The table it is shown from follows from that, never the other way.
export const category = 'projection'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | { type: 'ProjectionPromoted'; data: { version: number; previous_version?: number; promoted_at: string } }
  | { type: 'ProjectionRolledBack'; data: { version: number; previous_version: number; rolled_back_at: string } }
  | { type: 'ProjectionEventSkipped'; data: { position: string; reason: string; skipped_at: string } }

export interface State {
  /** The version last promoted or gone back to. */
  shown?: number
  /** Versions that somebody went back from: they are shown again only when somebody says so. */
  withdrawn: readonly number[]
  /** Positions of events that every build passes over. */
  skipped: readonly string[]
}

export const initial: State = { withdrawn: [], skipped: [] }

export function evolve(state: State, event: Event): State {
  switch (event.type) {
    case 'ProjectionPromoted':
      return {
        ...state,
        shown: event.data.version,
        withdrawn: state.withdrawn.filter((version) => version !== event.data.version),
      }
    case 'ProjectionRolledBack':
      return {
        ...state,
        shown: event.data.version,
        withdrawn: [...state.withdrawn, event.data.previous_version],
      }
    case 'ProjectionEventSkipped':
      return { ...state, skipped: [...state.skipped, event.data.position] }
  }
}

type Data<Type extends Event['type']> = Extract<Event, { type: Type }>['data']

export const promote =
  (data: Data<'ProjectionPromoted'>): Decision<State, Event> =>
  (state) =>
    state.shown === data.version ? [] : [{ type: 'ProjectionPromoted', data }]

export const rollBack =
  (data: Data<'ProjectionRolledBack'>): Decision<State, Event> =>
  (state) =>
    state.shown === data.version && state.withdrawn.includes(data.previous_version)
      ? []
      : [{ type: 'ProjectionRolledBack', data }]

export const skip =
  (data: Data<'ProjectionEventSkipped'>): Decision<State, Event> =>
  (state) => {
    if (data.reason.trim() === '') throw new Refusal('reason-required', 'Say why the event may be passed over')
    return state.skipped.includes(data.position) ? [] : [{ type: 'ProjectionEventSkipped', data }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  ProjectionPromoted: [],
  ProjectionRolledBack: [],
  ProjectionEventSkipped: [],
}
