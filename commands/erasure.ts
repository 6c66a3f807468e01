import * as User from '../domain/user.ts'
import * as UserKey from '../domain/userKey.ts'
import { streamOf } from '../domain/decider.ts'
import { load } from './handle.ts'
import type { Deps } from './http.ts'
import { normalised, release } from './reserve.ts'

/** Gives back every e-mail address that the person once had and has no more. May be repeated, and is where a crash came between. */
export async function releaseFormerAddresses({ store, now }: Deps, id: string): Promise<void> {
  const events = await store.read(streamOf(User, id))
  const { state } = await load(store, User, id)
  const current = 'email' in state && state.status !== 'erased' ? normalised(state.email) : undefined
  const had = events.flatMap(({ data }) => (typeof data['email'] === 'string' ? [normalised(data['email'])] : []))
  for (const name of new Set(had))
    if (name !== current) await release(store, { kind: 'userEmail', name, owner_id: id, at: now() })
}

/**
 * What makes `UserErased` true: the addresses are free, and the key that opens the person's data is gone for good, last of all, since the
 * addresses are among those data. May be repeated.
 */
export async function completeErasure(deps: Deps, id: string): Promise<void> {
  await releaseFormerAddresses(deps, id)
  await deps.store.tombstone(streamOf(UserKey, id))
}
