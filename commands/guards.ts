import type { AnyEvent, Decision } from '../domain/decider.ts'
import * as Device from '../domain/device.ts'
import * as Facility from '../domain/facility.ts'
import * as Upload from '../domain/upload.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, notFound, Problem } from '../ops/platform/route.ts'
import { load } from './handle.ts'

/** Another facility's resources are as unknown as none. */
export function onlyOwn(facilityId: string, own: string | undefined): void {
  if (own !== undefined && own !== facilityId) throw notFound()
}

/** The caller named no revision, or this one. */
export function atRevision({ expected_revision }: Intent, revision: number): void {
  if (expected_revision !== undefined && expected_revision !== revision)
    throw new Problem('revision_conflict', `The revision is ${revision} by now`)
}

/** Decides as long as it is of the facility that the caller is kept to: it may have moved, or a person risen, since it was looked at. */
export const within =
  <State, Event extends AnyEvent>(own: string | undefined, decision: Decision<State, Event>): Decision<State, Event> =>
  (state) => {
    const { facility_id = '' } = state as { facility_id?: string }
    onlyOwn(facility_id, own)
    return decision(state)
  }

/** A recording that something can be made of, at the revision that the caller named. */
export function workable(upload: Upload.Recording, intent: Intent, revision: number): void {
  Upload.kept(upload)
  atRevision(intent, revision)
  if (upload.status === 'rejected')
    throw new Problem('upload_rejected', `This recording was rejected: ${upload.reason ?? 'it is no sound'}`)
}

/** The facility as the log has it now, if it may be added to; a refusal otherwise. */
export const activeFacility = async (store: EventStore, id: string) =>
  Facility.active((await load(store, Facility, id)).state)

/** A device of this facility that is still in use; a refusal otherwise. */
export async function activeDevice(store: EventStore, id: string, facilityId: string) {
  const { state } = await load(store, Device, id)
  onlyOwn(Device.known(state).facility_id, facilityId)
  return Device.active(state)
}
