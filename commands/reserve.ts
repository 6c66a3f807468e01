import { randomUUID } from 'node:crypto'
import * as NameKey from '../domain/nameKey.ts'
import * as Reservation from '../domain/reservation.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Intent } from '../ops/platform/route.ts'
import { handle, load } from './handle.ts'
import { aside, systemIntent } from './http.ts'

const keys = new WeakMap<EventStore, Promise<string>>()

/** The installation's key of name hashes, wrapped; made once, whoever comes first. */
function nameKey(store: EventStore): Promise<string> {
  let key = keys.get(store)
  if (!key) {
    key = (async () => {
      const { state } = await load(store, NameKey, 'system')
      if (state.status === 'present') return state.wrapped
      const created = { wrapped: store.sealing.newKey(), created_at: new Date().toISOString() }
      const outcome = await handle(
        store,
        NameKey,
        'system',
        NameKey.create(created),
        systemIntent('name-key', created.wrapped),
      )
      return (outcome.state as Extract<NameKey.State, { status: 'present' }>).wrapped
    })()
    key.catch(() => keys.delete(store))
    keys.set(store, key)
  }
  return key
}

/** How names are compared: look-alikes that Unicode holds equal are equal, whatever their case. */
export const normalised = (name: string) => name.normalize('NFKC').trim().toLowerCase()

/** Of the reservation's stream. */
export async function idOf(store: EventStore, kind: Reservation.Kind, name: string): Promise<string> {
  return `${kind}.${store.sealing.keyedHash(await nameKey(store), `${kind}\0${normalised(name)}`)}`
}

/** Takes a name for its owner, or refuses. The owner may repeat it. */
export async function reserve(
  store: EventStore,
  { kind, name, owner_id, at }: { kind: Reservation.Kind; name: string; owner_id: string; at: string },
  intent: Intent,
): Promise<void> {
  const id = await idOf(store, kind, name)
  // Decided anew each time: that it was reserved once under this intent does not say that it still is.
  const about = { ...aside(intent), id: randomUUID() }
  await handle(store, Reservation, id, Reservation.reserve({ kind, owner_id, reserved_at: at }), about)
}

/** Who holds the name now, from the log. */
export async function ownerOf(store: EventStore, kind: Reservation.Kind, name: string): Promise<string | undefined> {
  const { state } = await load(store, Reservation, await idOf(store, kind, name))
  return state.status === 'held' ? state.owner_id : undefined
}

/** Gives a name back; nothing happens when somebody else holds it. */
export async function release(
  store: EventStore,
  { kind, name, owner_id, at }: { kind: Reservation.Kind; name: string; owner_id: string; at: string },
): Promise<void> {
  const id = await idOf(store, kind, name)
  const decision = Reservation.release({ owner_id, released_at: at })
  await handle(store, Reservation, id, decision, systemIntent('release', id, owner_id, at))
}
