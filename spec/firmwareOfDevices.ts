import { randomBytes, randomUUID } from 'node:crypto'
import { placeOf } from '../commands/firmwareScope.ts'
import type { Event } from '../domain/firmwareChannel.ts'
import { sha256 } from './firmware.ts'
import * as Stored from './firmwareStored.ts'
import type { Change } from './read-api/past.ts'
import { type System, unique } from './system.ts'

export type Release = Stored.Release & { bytes: Buffer }

export const at = () => new Date().toISOString()

/** A release as it is stored, with its image; published unless it is to be a draft. */
export async function newRelease(
  { store, objects }: System,
  {
    draft = false,
    bytes = randomBytes(1000),
    ...more
  }: { draft?: boolean; bytes?: Buffer; device_model: string } & Partial<Stored.Release>,
): Promise<Release> {
  const object_key = `firmware/${randomUUID()}/${randomUUID()}`
  await objects.put(object_key, chunks(bytes), 'application/octet-stream')
  const image = { object_key, size_bytes: bytes.length, sha256: sha256(bytes) }
  return { bytes, ...(await Stored.newRelease(store, { version: '2.0.0', ...image, ...more }, { draft })) }
}

async function* chunks(bytes: Buffer) {
  for (let from = 0; from < bytes.length; from += 1 << 20) yield bytes.subarray(from, from + (1 << 20))
}

/** Appends an event of the release's channel. */
export const inChannel = ({ store }: System, release: Release, [type, data]: Change) =>
  Stored.inChannel(store, release, {
    type,
    data: { ...placeOf(release), ...Stored.imageOf(release), ...data },
  } as Event)

export const activate = ({ store }: System, release: Release) => Stored.activated(store, release)

/** A device of the facility, and what it can ask with a key of its own. */
export async function newSensor({ admin, as }: System, facility_id: string, model: string) {
  const device = { facility_id, name: 'Mic', serial: unique('S'), model }
  const { id } = (await admin.post('/api/v1/devices', device)).body as { id: string }
  const key = { name: 'k', facility_id, device_id: id, scopes: ['firmware', 'heartbeat'] }
  const { api_key } = (await admin.post('/api/v1/api-keys', key)).body as { api_key: string }
  const api = as({ 'X-API-Key': api_key })
  return {
    id,
    api,
    api_key,
    check: (current_version: string, told = '') =>
      api.get(`/api/v1/firmware/check?current_version=${encodeURIComponent(current_version)}${told}`),
    report: (body: object, headers: Record<string, string> = {}) => api.post('/api/v1/firmware/report', body, headers),
  }
}
