import { type Permission, reachOf } from '../../../domain/access.ts'
import { splitStream } from '../../../domain/decider.ts'
import type { Recorded } from '../../platform/eventStore.ts'
import type { Caller } from '../../platform/route.ts'

/** What is said of one event; what changed, and to what, is read where it always is. */
export interface Change {
  resource: string
  id: string
  type: string
  position: bigint
  /** Whoever belongs to one of these may hear of it. */
  facilities: readonly string[]
  permission: Permission
  isForAll: boolean
}

export type Listener = Extract<Caller, { kind: 'user' }>

const resources: Readonly<Record<string, readonly [resource: string, permission: Permission]>> = {
  facility: ['facility', 'facility:read'],
  user: ['user', 'user:read'],
  apiKey: ['apiKey', 'api-key:read'],
  device: ['device', 'device:read'],
  deviceFirmware: ['device', 'device:read'],
  upload: ['upload', 'upload:read'],
  transcodeJob: ['transcodeJob', 'transcode-job:read'],
  inferenceJob: ['inferenceJob', 'inference-job:read'],
  tag: ['tag', 'tag:read'],
  gpuServer: ['gpuServer', 'gpu-server:read'],
  settings: ['settings', 'setting:read'],
  firmwareRelease: ['firmwareRelease', 'firmware:read'],
  firmwareChannel: ['firmwareChannel', 'firmware:read'],
  firmwareKey: ['firmwareKey', 'firmware-key:read'],
}

export const prefixes = Object.keys(resources).map((category) => `${category}-`)

/** What of the firmware that is for every facility everybody may know: not what is a draft. */
const shownToAll = ({ type }: Recorded, category: string) =>
  category === 'firmwareChannel' || type === 'FirmwareReleasePublished' || type === 'FirmwareReleaseWithdrawn'

/** Undefined for what nobody is told of. */
export function changeOf(event: Recorded): Change | undefined {
  const [category, id] = splitStream(event.stream)
  const known = resources[category]
  if (!known) return undefined
  const [resource, permission] = known
  const { position, type, metadata, data } = event
  // Who is left, and who is joined: what moves is of both.
  const named = [
    metadata['facility_id'],
    data['facility_id'],
    category === 'facility' || category === 'settings' ? id : undefined,
  ]
  const facilities = [...new Set(named.filter((one) => typeof one === 'string'))]
  const isForAll = facilities.length === 0 && shownToAll(event, category)
  return { resource, id, type, position, facilities, permission, isForAll }
}

/** Whether this person may hear of it, by the same table that their reads go by. */
export function hears({ role, facility_id, id }: Listener, change: Change): boolean {
  const reach = reachOf(change.permission, { role })
  if (reach === 'any') return true
  if (reach === 'self') return change.id === id
  return reach === 'own' && (change.isForAll || (facility_id !== undefined && change.facilities.includes(facility_id)))
}

/** Whether this person may know that anything has happened at all: whoever may read the whole log. */
export const hearsLog = ({ role }: Listener): boolean => reachOf('event:read', { role }) === 'any'

/** Without an id: whoever comes back goes on from the last change. */
export const textOfLog = (position: bigint) => `event: log\ndata: ${JSON.stringify({ position: String(position) })}\n\n`

/** As an event stream has it. */
export const textOf = ({ resource, id, type, position }: Change) =>
  `id: ${position}\nevent: change\ndata: ${JSON.stringify({ resource, id, type, position: String(position) })}\n\n`
