import * as UserKey from '../domain/userKey.ts'
import { streamOf } from '../domain/decider.ts'
import { settleAddresses } from './addresses.ts'
import type { Deps } from './http.ts'

/**
 * What makes `UserErased` true: the addresses are free, and the key that opens the person's data is gone for good, last of all, since the
 * addresses are among those data. May be repeated.
 */
export async function completeErasure(deps: Deps, id: string): Promise<void> {
  await settleAddresses(deps, id)
  await deps.store.tombstone(streamOf(UserKey, id))
}
