import type { Decision } from '../domain/decider.ts'
import * as SuperAdmins from '../domain/superAdmins.ts'
import * as User from '../domain/user.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { atRevision } from './guards.ts'
import { derivedId, handle, load, type Outcome } from './handle.ts'
import { aside, type Deps } from './http.ts'

const tries = 3

const isSuperAdmin = (state: User.State) => state.status === 'active' && state.role === 'super_admin'

/** The user counts from now on, if the log says that they are an active super_admin. To be asked after whatever made them one. */
export async function admitSuperAdmin({ store, now }: Deps, userId: string, intent: Intent): Promise<void> {
  const { state, revision } = await load(store, User, userId)
  if (!isSuperAdmin(state)) return
  const admitted = SuperAdmins.admit({ user_id: userId, user_revision: revision, admitted_at: now() })
  const id = derivedId(intent.id, 'admit', userId, String(revision))
  await handle(store, SuperAdmins, 'system', admitted, { ...aside(intent), id })
}

/**
 * Decides on a user who may be a super_admin and then is none any more: refuses `last-super-admin` where nobody else would be left. Whoever asks
 * is one who is left, also where an older log or a crash has not counted them. Dismissed first, at the very revision at which the user goes:
 * see `domain/superAdmins.ts`.
 */
export async function letGo(
  { store, now }: Deps,
  userId: string,
  decision: Decision<User.State, User.Event>,
  intent: Intent,
): Promise<Outcome<User.State>> {
  const { expected_revision: asked, actor } = intent
  for (let attempt = 1; attempt <= tries; attempt++) {
    const { state, revision } = await load(store, User, userId)
    atRevision(intent, revision)
    // What would be refused, or change nothing, dismisses nobody.
    const goes = decision(state).length > 0 && isSuperAdmin(state)
    if (goes && actor.kind === 'user' && actor.id !== userId) await admitSuperAdmin({ store, now }, actor.id, intent)
    if (goes) {
      const dismissed = SuperAdmins.dismiss({ user_id: userId, user_revision: revision, dismissed_at: now() })
      const id = derivedId(intent.id, 'dismiss', userId, String(revision))
      await handle(store, SuperAdmins, 'system', dismissed, { ...aside(intent), id })
    }
    try {
      return await handle(store, User, userId, decision, { ...intent, expected_revision: revision })
    } catch (error) {
      const movedOn = error instanceof Problem && error.code === 'revision_conflict'
      if (!movedOn || asked !== undefined) throw error
    }
  }
  throw new Problem('contended', 'Too many changes at once; try again')
}
