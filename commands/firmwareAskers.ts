import type { AnyEvent, Decider } from '../domain/decider.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { type Caller, notFound, Problem } from '../ops/platform/route.ts'

/** A stream's state as far as this instance has heard; a promise only of one that has to be read. */
export type Find = <State, Event extends AnyEvent>(decider: Decider<State, Event>, id: string) => State | Promise<State>

/** The same as it is stored now; what was read since the request began will do. */
export type Refreshed = <State, Event extends AnyEvent>(
  decider: Decider<State, Event>,
  id: string,
  since?: number,
) => State | Promise<State>

/** The device that a key is bound to; a 403 problem for a key of a whole facility. */
export function deviceOf(caller: Caller): { device_id: string; facility_id: string } {
  if (caller.kind !== 'device' || caller.device_id === undefined)
    throw new Problem('device_key_required', 'Firmware is for an API key that is bound to its device')
  return { device_id: caller.device_id, facility_id: caller.facility_id }
}

const wasPublished = (state: FirmwareRelease.State): state is FirmwareRelease.Release =>
  state.status === 'published' || state.status === 'withdrawn'

/**
 * The release, if it was ever published for devices of this model and facility; all others are unknown to them. What was not heard to be
 * published is looked up: it may have been, at another instance.
 */
export async function releaseFor(
  { model, facility_id }: { model: string; facility_id: string },
  id: string,
  { find, refreshed }: { find: Find; refreshed: Refreshed },
): Promise<FirmwareRelease.Release> {
  const since = performance.now()
  const heard = await find(FirmwareRelease, id)
  const state = wasPublished(heard) ? heard : await refreshed(FirmwareRelease, id, since)
  if (!wasPublished(state) || state.device_model !== model) throw notFound()
  if (state.facility_id !== undefined && state.facility_id !== facility_id) throw notFound()
  return state
}
