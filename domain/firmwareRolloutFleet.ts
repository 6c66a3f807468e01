import type * as Device from './device.ts'
import type { Scope } from './firmwareChannel.ts'
import { isFresh, type Rollout, type Share } from './firmwareRollout.ts'

/** The devices in use, by model: of each, its facility. Changed in place, as there are many. */
export type Fleet = Map<string, Map<string, string>>

export const fleet = (): Fleet => new Map()

/** Takes in an event of a device; its model never changes. */
export function afterDevice(known: Fleet, id: string, event: Device.Event): void {
  switch (event.type) {
    case 'DeviceRegistered': {
      const { model, facility_id } = event.data
      const ofModel = known.get(model) ?? new Map<string, string>()
      known.set(model, ofModel.set(id, facility_id))
      return
    }
    case 'DeviceMovedToFacility':
      for (const ofModel of known.values()) if (ofModel.has(id)) ofModel.set(id, event.data.facility_id)
      return
    case 'DeviceDecommissioned':
      for (const ofModel of known.values()) ofModel.delete(id)
      return
  }
}

/**
 * The devices of a rollout's share that could ever report of it.
 * @param covered the facilities that have something active of their own: what is for every facility does not come to them
 */
export function shareOf(
  known: Fleet,
  { device_model, facility_id }: Scope,
  rollout: Pick<Rollout, 'rollout_id' | 'percent' | 'from_percent'>,
  covered: () => ReadonlySet<string>,
): Share {
  function count(from_percent: number, atMost: number): number {
    const isCovered = covered()
    let devices = 0
    for (const [id, where] of known.get(device_model) ?? []) {
      const isConcerned = facility_id === undefined ? !isCovered.has(where) : facility_id === where
      if (isConcerned && isFresh({ ...rollout, from_percent }, id) && ++devices >= atMost) break
    }
    return devices
  }
  return { isEmpty: () => count(0, 1) === 0, newcomers: (atMost) => count(rollout.from_percent, atMost) }
}
