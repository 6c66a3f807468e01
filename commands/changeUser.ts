import { Refusal } from '../domain/refusal.ts'
import * as User from '../domain/user.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { settleAddresses } from './addresses.ts'
import { atRevision, within } from './guards.ts'
import { handle, load, type Outcome } from './handle.ts'
import type { Deps } from './http.ts'
import { reserve } from './reserve.ts'
import { admitSuperAdmin, letGo } from './superAdmins.ts'

type Wanted = Omit<Parameters<typeof User.change>[0], 'at'>

/**
 * Changes a user; a new e-mail address is reserved before and the old one given back after, so that no moment has none or one for two.
 * @param own the facility that the caller is kept to
 */
export async function changeUser(
  deps: Deps,
  id: string,
  wanted: Wanted,
  own: string | undefined,
  intent: Intent,
): Promise<Outcome<User.State>> {
  const { store, now } = deps
  const { state, revision } = await load(store, User, id)
  const change = within(own, User.change({ ...wanted, at: now() }))
  // Refused before anything is reserved.
  change(state)
  atRevision(intent, revision)
  const name = wanted.email
  if (name !== undefined) await reserve(store, { kind: 'userEmail', name, owner_id: id, at: now() }, intent)
  try {
    // Only whoever may stop being a super_admin is looked at twice.
    const goes = wanted.role !== undefined && wanted.role !== 'super_admin'
    const outcome = await (goes ? letGo(deps, id, change, intent) : handle(store, User, id, change, intent))
    if (wanted.role === 'super_admin') await admitSuperAdmin(deps, id, intent)
    if (name !== undefined) await settleAddresses(deps, id, name)
    return outcome
  } catch (error) {
    // Where it is not known what became of it, the name stays taken for a while: see `workers/abandonedNames.ts`.
    const isRefused = error instanceof Refusal || error instanceof Problem
    if (name !== undefined && isRefused) await settleAddresses(deps, id, name)
    throw error
  }
}
