import type { Scope, State as Channel } from '../domain/firmwareChannel.ts'
import { hasOwn, type Known, namedIn } from '../domain/firmwareOffer.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { askingOf, type FleetDevice } from '../domain/firmwareSimulation.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { channelOf } from './firmwareScope.ts'
import { compareVersions } from './firmwareVersions.ts'
import { load } from './handle.ts'

/** What is decided by when devices of one model ask. */
export interface Deciding {
  everyones: Channel
  /** By facility: its own. */
  own: Map<string, Channel>
  /** Those that are named in the channels or were installed. */
  releases: Map<string, FirmwareRelease.State>
}

/** As the log has it now. */
export async function decidingOf(
  store: EventStore,
  device_model: string,
  fleet: readonly FleetDevice[],
): Promise<Deciding> {
  const everyones = await channelOf(store, { device_model })
  const own = await mapped(
    fleet.map(({ facility_id }) => facility_id),
    (facility_id) => channelOf(store, { device_model, facility_id }),
  )
  const named = namedIn([everyones, ...own.values()])
  const installed = fleet.flatMap(({ report }) => (report?.outcome === 'installed' ? report.release_id : []))
  const releases = await mapped(
    [...named, ...installed],
    async (id) => (await load(store, FirmwareRelease, id)).state as FirmwareRelease.State,
  )
  return { everyones, own, releases }
}

export const knownOf = ({ releases }: Deciding): Known => ({
  releaseOf: (id) => releases.get(id),
  compare: compareVersions,
})

/** Of these devices of a channel's model, those for which their facility's own channel does not come before it. */
export async function heeding(
  store: EventStore,
  { device_model, facility_id }: Scope,
  fleet: readonly FleetDevice[],
): Promise<readonly FleetDevice[]> {
  if (facility_id !== undefined) return fleet
  const deciding = await decidingOf(store, device_model, fleet)
  const known = knownOf(deciding)
  return fleet.filter((device) => {
    const channels = [deciding.own.get(device.facility_id)!, deciding.everyones] as const
    return !hasOwn(askingOf(device), channels, known)
  })
}

async function mapped<Value>(keys: readonly string[], valueOf: (key: string) => Promise<Value>) {
  const entries = [...new Set(keys)].map(async (key) => [key, await valueOf(key)] as const)
  return new Map(await Promise.all(entries))
}
