import type { Image } from '../domain/firmwareChannel.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
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

/** A release that the caller may change. What is for every facility they see, unless it is a draft, and only a super_admin changes it. */
export async function releaseToChange(store: EventStore, id: string, own: string | undefined) {
  const { state, revision } = await load(store, FirmwareRelease, id)
  const release = FirmwareRelease.known(state)
  if (own !== undefined && release.facility_id === undefined && release.status !== 'draft')
    throw new Problem('forbidden', 'Only a super_admin changes firmware for every facility')
  onlyOwn(release.facility_id ?? '', own)
  return { release, revision }
}

/** The release as its channel must know it. */
export const imageOf = (release_id: string, { version, security_version }: FirmwareRelease.Release): Image => ({
  release_id,
  version,
  ...(security_version !== undefined && { security_version }),
})

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
