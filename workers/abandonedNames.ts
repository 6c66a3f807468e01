import { setTimeout as delay } from 'node:timers/promises'
import { handle } from '../commands/handle.ts'
import { originOf, systemIntent } from '../commands/http.ts'
import { splitStream } from '../domain/decider.ts'
import * as Device from '../domain/device.ts'
import * as Facility from '../domain/facility.ts'
import * as Reservation from '../domain/reservation.ts'
import * as User from '../domain/user.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Reaction } from './reactions.ts'

/** So long after reserving a name its owner must be there. */
export const graceMs = 10 * 60_000

/**
 * Frees names whose owner never came: a crash between reserving and registering. First the owner's stream is closed, so
 * that a registrant who is only slow loses; then the name is released. Either step may be repeated.
 */
export function releaseAbandonedNames(store: EventStore, now: () => string, grace = graceMs): Reaction {
  /** Whether the owner's stream ends in giving up; it does nothing to one that came. */
  async function isAbandoned(
    kind: Reservation.Kind,
    owner: string,
    origin: ReturnType<typeof originOf>,
  ): Promise<boolean> {
    const intent = { ...systemIntent('abandoned-names', owner), ...origin }
    const data = { abandoned_at: now() }
    switch (kind) {
      case 'userEmail':
      case 'firstAdmin':
        return (await handle(store, User, owner, User.abandon(data), intent)).state.status === 'abandoned'
      case 'facilityCode':
        return (await handle(store, Facility, owner, Facility.abandon(data), intent)).state.status === 'abandoned'
      case 'deviceSerial':
        return (await handle(store, Device, owner, Device.abandon(data), intent)).state.status === 'abandoned'
    }
  }

  return {
    name: 'release_abandoned_names',
    prefixes: ['reservation-'],
    react: async ({ id, stream, metadata }, event, signal) => {
      if (event.type !== 'NameReserved') return
      const { kind, owner_id, reserved_at } = event.data
      // Names come in the order of their time: to wait for this one is to wait for all behind it.
      const wait = Date.parse(reserved_at) + grace - Date.parse(now())
      if (wait > 0) await delay(wait, undefined, { signal })
      if (!(await isAbandoned(kind, owner_id, originOf(metadata)))) return
      const release = Reservation.release({ owner_id, released_at: now() })
      await handle(store, Reservation, splitStream(stream)[1], release, {
        ...systemIntent('abandoned-names', id, 'release'),
        ...originOf(metadata),
      })
    },
  }
}
