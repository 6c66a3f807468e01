import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

/**
 * Who counts as an active super_admin: one stream, `superAdmins-system`, so that two who let go of each other at the same moment are decided
 * one after the other. It never counts one who is none: whoever goes is dismissed here first and goes by the user's own stream then; whoever
 * comes, comes there first. Both name the revision of the user's stream on which they were decided, and the newer one stands: an admission that
 * comes late cannot undo a dismissal that was decided since. A crash between the two leaves one too few counted, which repeating heals.
 */
export const category = 'superAdmins'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | { type: 'SuperAdminAdmitted'; data: { user_id: string; user_revision: number; admitted_at: string } }
  | { type: 'SuperAdminDismissed'; data: { user_id: string; user_revision: number; dismissed_at: string } }

export type State = Readonly<Record<string, { counts: boolean; user_revision: number }>>

export const initial: State = {}

export function evolve(state: State, { type, data: { user_id, user_revision } }: Event): State {
  return { ...state, [user_id]: { counts: type === 'SuperAdminAdmitted', user_revision } }
}

type Data<T extends Event['type']> = Extract<Event, { type: T }>['data']

/** The user is an active super_admin at that revision. */
export const admit =
  (data: Data<'SuperAdminAdmitted'>): Decision<State, Event> =>
  (state) => {
    const known = state[data.user_id]
    return known && (known.counts || known.user_revision >= data.user_revision)
      ? []
      : [{ type: 'SuperAdminAdmitted', data }]
  }

/** To be decided before the user is deactivated, erased or given another role at that revision. */
export const dismiss =
  (data: Data<'SuperAdminDismissed'>): Decision<State, Event> =>
  (state) => {
    const known = state[data.user_id]
    if (known && !known.counts && known.user_revision >= data.user_revision) return []
    if (!Object.entries(state).some(([id, { counts }]) => counts && id !== data.user_id))
      throw new Refusal('last-super-admin', 'This is the last active super_admin; make another one first')
    return [{ type: 'SuperAdminDismissed', data }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = { SuperAdminAdmitted: [], SuperAdminDismissed: [] }
