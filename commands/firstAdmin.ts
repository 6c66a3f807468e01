import { randomUUID } from 'node:crypto'
import * as User from '../domain/user.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Passwords } from '../ops/platform/passwords.ts'
import { load } from './handle.ts'
import { Refusal } from '../domain/refusal.ts'
import { systemIntent } from './http.ts'
import { ownerOf, release, reserve } from './reserve.ts'
import { admitSuperAdmin } from './superAdmins.ts'
import { registerUser } from './users.ts'

export interface FirstAdmin {
  email: string
  password: string
  /** Keeps the credentials where the operator finds them; called before the user exists, undone when another was faster. */
  keep: () => Promise<void>
  discard: () => Promise<void>
}

/**
 * The first super_admin, once, however many instances start together: a reservation in the log decides, no table.
 * @returns whether this call made the admin
 */
export async function ensureFirstAdmin(
  { store, passwords, now }: { store: EventStore; passwords: Passwords; now: () => string },
  admin: FirstAdmin,
): Promise<boolean> {
  const id = await adminId(store, now())
  if ((await load(store, User, id)).state.status !== 'unknown') {
    await admitSuperAdmin({ store, now }, id, systemIntent('first-admin', id))
    return false
  }
  await admin.keep()
  const user = {
    email: admin.email,
    name: 'First administrator',
    role: 'super_admin' as const,
    password_hash: await passwords.hash(admin.password),
    must_change_password: true,
    registered_at: now(),
  }
  const outcome = await registerUser({ store, now }, id, user, systemIntent('first-admin', randomUUID())).catch(
    async (error: unknown) => {
      if (!(error instanceof Refusal) || error.code !== 'user-exists') throw error
      // Another instance, with another address, was faster: ours was reserved for nobody.
      await release(store, { kind: 'userEmail', name: admin.email, owner_id: id, at: now() })
      return undefined
    },
  )
  const won = outcome?.state.status === 'active' && outcome.state.password_hash === user.password_hash
  if (!won) await admin.discard()
  return won
}

/** Who the first admin is or will be; an instance that stopped half-way is gone on from. */
async function adminId(store: EventStore, at: string): Promise<string> {
  const name = 'system'
  const known = await ownerOf(store, 'firstAdmin', name)
  if (known !== undefined && (await load(store, User, known)).state.status !== 'abandoned') return known
  if (known !== undefined) await release(store, { kind: 'firstAdmin', name, owner_id: known, at })
  const owner_id = randomUUID()
  try {
    await reserve(store, { kind: 'firstAdmin', name, owner_id, at }, systemIntent('first-admin', owner_id))
    return owner_id
  } catch (error) {
    if (error instanceof Refusal) return (await ownerOf(store, 'firstAdmin', name))!
    throw error
  }
}
