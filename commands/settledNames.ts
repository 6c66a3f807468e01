import { type AnyEvent, type Decider, streamOf } from '../domain/decider.ts'
import * as Reservation from '../domain/reservation.ts'
import type { Recorded } from '../ops/platform/eventStore.ts'
import type { Intent } from '../ops/platform/route.ts'
import { handle, load } from './handle.ts'
import { type Deps, systemIntent } from './http.ts'
import { idOf, normalised, release, reserve } from './reserve.ts'

/** How those of one kind come by a name that is theirs alone, and that they may change. */
export interface Naming<State, Event extends AnyEvent> {
  kind: Reservation.Kind
  decider: Decider<State, Event>
  /** As it is reserved; undefined where they have none (any more). */
  current: (state: State) => string | undefined
  /** Whatever they were called by these events. */
  had: (state: State, events: readonly Recorded[]) => readonly string[]
}

/**
 * Makes the name that the owner has now theirs, and gives back every other one that they had. May be repeated, by several at once, and is
 * where a crash came between: it looks again until nobody has changed the owner meanwhile.
 * @param asked one that was reserved for a change, whatever became of it
 */
export async function settleNames<State, Event extends AnyEvent>(
  { store, now }: Deps,
  { kind, decider, current: currentOf, had }: Naming<State, Event>,
  id: string,
  asked?: string,
): Promise<void> {
  for (let settled: number | undefined; ;) {
    const { state, revision } = await load(store, decider, id)
    if (revision === settled) return
    settled = revision
    const name = currentOf(state)
    const current = name === undefined ? undefined : normalised(name)
    const others = had(state, await store.read(streamOf(decider, id)))
    const at = now()
    for (const other of new Set([...others, ...(asked === undefined ? [] : [asked])].map(normalised)))
      if (other !== current) await release(store, { kind, name: other, owner_id: id, at })
    // A change that is late may have given it back.
    if (current !== undefined)
      await reserve(store, { kind, name: current, owner_id: id, at }, systemIntent('settle', id, current, at))
  }
}

/** Gives back a name, known by its reservation alone, that the owner does not have: the change it was for never came. */
export async function giveBackUnusedName<State, Event extends AnyEvent>(
  deps: Deps,
  naming: Naming<State, Event>,
  reservation: string,
  id: string,
  intent: Intent,
): Promise<void> {
  const { store, now } = deps
  const current = naming.current((await load(store, naming.decider, id)).state)
  if (current !== undefined && (await idOf(store, naming.kind, current)) === reservation) return
  await handle(store, Reservation, reservation, Reservation.release({ owner_id: id, released_at: now() }), intent)
  // They may have changed to this very one meanwhile.
  await settleNames(deps, naming, id)
}
