import { Refusal } from '../domain/refusal.ts'
import * as User from '../domain/user.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { releaseFormerAddresses } from './erasure.ts'
import { within } from './guards.ts'
import { derivedId, handle, load, type Outcome } from './handle.ts'
import type { Deps } from './http.ts'
import { normalised, release, reserve } from './reserve.ts'
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
  if (intent.expected_revision !== undefined && intent.expected_revision !== revision)
    throw new Problem('revision_conflict', `The revision is ${revision} by now`)
  const name = wanted.email
  const reserved = name !== undefined && { kind: 'userEmail' as const, name, owner_id: id, at: now() }
  if (reserved) await reserve(store, reserved, intent)
  try {
    // Only whoever may stop being a super_admin is looked at twice.
    const goes = wanted.role !== undefined && wanted.role !== 'super_admin'
    const outcome = await (goes ? letGo(deps, id, change, intent) : handle(store, User, id, change, intent))
    if (wanted.role === 'super_admin') await admitSuperAdmin(deps, id, intent)
    if (reserved) {
      await releaseFormerAddresses(deps, id)
      // An earlier change of this very user that is late may have given it back meanwhile.
      await reserve(store, reserved, { ...intent, id: derivedId(intent.id, 'again') })
    }
    return outcome
  } catch (error) {
    // Where it is not known what became of it, the name stays taken.
    const isRefused = error instanceof Refusal || error instanceof Problem
    if (reserved && isRefused) await giveBack(deps, id, reserved)
    throw error
  }
}

/** The change was refused; the address may be the person's all the same, by another change. */
async function giveBack(deps: Deps, id: string, reserved: Parameters<typeof release>[1]): Promise<void> {
  const { state } = await load(deps.store, User, id)
  const isCurrent = 'email' in state && normalised(state.email) === normalised(reserved.name)
  if (!isCurrent) await release(deps.store, reserved)
}
