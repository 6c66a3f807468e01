import { setTimeout as delay } from 'node:timers/promises'
import { handle } from '../commands/handle.ts'
import { originOf, systemIntent } from '../commands/http.ts'
import { splitStream } from '../domain/decider.ts'
import * as Device from '../domain/device.ts'
import * as Facility from '../domain/facility.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import * as Reservation from '../domain/reservation.ts'
import * as Tag from '../domain/tag.ts'
import * as Upload from '../domain/upload.ts'
import * as User from '../domain/user.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Intent } from '../ops/platform/route.ts'
import type { Reaction } from './reactions.ts'

/** So long after reserving a name its owner must be there. */
export const graceMs = 10 * 60_000

export interface AbandonedNames {
  store: EventStore
  now: () => string
  /** Gives back the address of this reservation, unless it is the one that the user has: see `commands/addresses.ts`. */
  giveBackUnused: (reservation: string, userId: string, intent: Intent) => Promise<void>
  /** The same of a tag's name: see `commands/tagNames.ts`. */
  giveBackUnusedTagName: (reservation: string, tagId: string, intent: Intent) => Promise<void>
  grace?: number
}

/**
 * Frees names whose owner never came: a crash between reserving and registering, or changing. First the owner's stream is closed, so
 * that a registrant who is only slow loses; then the name is released. Either step may be repeated.
 */
export function releaseAbandonedNames(names: AbandonedNames): Reaction {
  const { store, now, giveBackUnused, giveBackUnusedTagName, grace = graceMs } = names

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
      case 'tagName':
        return (await handle(store, Tag, owner, Tag.abandon(data), intent)).state.status === 'abandoned'
      case 'recording':
        return (await handle(store, Upload, owner, Upload.abandon(data), intent)).state.status === 'abandoned'
      case 'firmwareVersion': {
        const outcome = await handle(store, FirmwareRelease, owner, FirmwareRelease.abandon(data), intent)
        return outcome.state.status === 'abandoned'
      }
    }
  }

  return {
    name: 'release_unused_names',
    to: { category: 'reservation', types: ['NameReserved'] },
    react: async ({ id, stream, metadata }, event, signal) => {
      if (event.type !== 'NameReserved') return
      const { kind, owner_id, reserved_at } = event.data
      // Names come in the order of their time: to wait for this one is to wait for all behind it.
      const wait = Date.parse(reserved_at) + grace - Date.parse(now())
      if (wait > 0) await delay(wait, undefined, { signal })
      const isGivenUp = await isAbandoned(kind, owner_id, originOf(metadata))
      const intent = { ...systemIntent('abandoned-names', id, 'release'), ...originOf(metadata) }
      const reservation = splitStream(stream)[1]
      if (kind === 'userEmail') return giveBackUnused(reservation, owner_id, intent)
      if (kind === 'tagName') return giveBackUnusedTagName(reservation, owner_id, intent)
      if (!isGivenUp) return
      await handle(store, Reservation, reservation, Reservation.release({ owner_id, released_at: now() }), intent)
    },
  }
}
