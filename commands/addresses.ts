import { streamOf } from '../domain/decider.ts'
import * as Reservation from '../domain/reservation.ts'
import * as User from '../domain/user.ts'
import type { Intent } from '../ops/platform/route.ts'
import { handle, load } from './handle.ts'
import { type Deps, systemIntent } from './http.ts'
import { idOf, normalised, release, reserve } from './reserve.ts'

const kind = 'userEmail'

/** The address that the person has now; none once they were erased, or where they never came. */
const addressOf = (state: User.State) =>
  'email' in state && state.status !== 'erased' ? normalised(state.email) : undefined

/**
 * Makes the address that the person has now theirs, and gives back every other one that they had. May be repeated, by several at once, and is
 * where a crash came between: it looks again until nobody has changed the person meanwhile.
 * @param asked one that was reserved for a change, whatever became of it
 */
export async function settleAddresses({ store, now }: Deps, id: string, asked?: string): Promise<void> {
  for (let settled: number | undefined; ;) {
    const { state, revision } = await load(store, User, id)
    if (revision === settled) return
    settled = revision
    const current = addressOf(state)
    const events = await store.read(streamOf(User, id))
    const had = [...events.map(({ data }) => data['email'] as unknown), asked].filter((one) => typeof one === 'string')
    const at = now()
    for (const name of new Set(had.map(normalised)))
      if (name !== current) await release(store, { kind, name, owner_id: id, at })
    // A change that is late may have given it back.
    if (current !== undefined)
      await reserve(store, { kind, name: current, owner_id: id, at }, systemIntent('settle', id, current, at))
  }
}

/** Gives back an address, known by its reservation alone, that the person does not have: the change it was for never came. */
export async function giveBackUnused(deps: Deps, reservation: string, id: string, intent: Intent): Promise<void> {
  const { store, now } = deps
  const current = addressOf((await load(store, User, id)).state)
  if (current !== undefined && (await idOf(store, kind, current)) === reservation) return
  await handle(store, Reservation, reservation, Reservation.release({ owner_id: id, released_at: now() }), intent)
  // They may have changed to this very one meanwhile.
  await settleAddresses(deps, id)
}
