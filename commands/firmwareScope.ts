import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, notFound, Problem } from '../ops/platform/route.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { onlyOwn } from './guards.ts'
import { load } from './handle.ts'

/** Absent: for every facility. */
export type FacilityScope = { facility_id?: string }

/** What is asked for: the facility that is named, else one's own, else every facility. Another one's is as unknown as none. */
export function scopeOf(named: string | undefined, own: string | undefined): FacilityScope {
  if (named !== undefined) onlyOwn(named, own)
  const facility_id = named ?? own
  return facility_id === undefined ? {} : { facility_id }
}

/** What is of every facility is seen in each, and steered by who may act in all of them; what is another facility's is as unknown as none. */
export function maySteer({ facility_id }: FacilityScope, own: string | undefined, { isSeen = true } = {}): void {
  if (facility_id !== undefined) return onlyOwn(facility_id, own)
  if (own === undefined) return
  throw isSeen ? new Problem('forbidden', 'Only a super_admin steers firmware for every facility') : notFound()
}

/** A release that the caller may change, or roll out. Nobody sees a draft for every facility but who may. */
export async function releaseToChange(store: EventStore, id: string, own: string | undefined) {
  const { state, revision } = await load(store, FirmwareRelease, id)
  const release = FirmwareRelease.known(state)
  maySteer(release, own, { isSeen: release.status !== 'draft' })
  return { release, revision }
}

/** The release as its channel must know it. */
export const imageOf = (release_id: string, release: FirmwareRelease.Release) =>
  FirmwareChannel.imageOf({ release_id, ...release })

/** The model and facility of a release, or of its channel. */
export const placeOf = ({ device_model, facility_id }: FirmwareChannel.Scope): FirmwareChannel.Scope => ({
  device_model,
  ...(facility_id !== undefined && { facility_id }),
})

/** The command as one about that facility; about none in particular where it is for all of them. */
export const about = (intent: Intent, { facility_id }: FacilityScope): Intent => ({
  ...intent,
  ...(facility_id !== undefined && { facility_id }),
})

/** The channel of a release, as the log has it now. */
export const channelOf = async (store: EventStore, scope: FirmwareChannel.Scope) =>
  (await load(store, FirmwareChannel, channelIdOf(scope))).state
