import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { channelIdOf } from '../commands/firmwareChannels.ts'
import { handle } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { append, type Change } from './read-api/past.ts'
import { type System, unique } from './system.ts'

type Uploaded = Extract<FirmwareRelease.Event, { type: 'FirmwareReleaseUploaded' }>['data']
export type Release = Uploaded & { id: string; bytes: Buffer }

export const at = () => new Date().toISOString()

/** A release as it is stored, with its image; published unless it is to be a draft. */
export async function newRelease(
  { store, objects }: System,
  {
    draft = false,
    bytes = randomBytes(1000),
    ...more
  }: { draft?: boolean; bytes?: Buffer; device_model: string } & Partial<Uploaded>,
): Promise<Release> {
  const id = randomUUID()
  const intent = systemIntent('spec', id)
  const uploaded: Uploaded = {
    version: '2.0.0',
    object_key: `firmware/${id}/${randomUUID()}`,
    file_name: 'image.bin',
    size_bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    uploaded_at: at(),
    ...more,
  }
  await objects.put(uploaded.object_key, chunks(bytes), 'application/octet-stream')
  await handle(store, FirmwareRelease, id, FirmwareRelease.upload(uploaded), intent)
  const publish = FirmwareRelease.publish({ published_at: at() })
  if (!draft) await handle(store, FirmwareRelease, id, publish, systemIntent('spec', id, 'publish'))
  return { id, bytes, ...uploaded }
}

async function* chunks(bytes: Buffer) {
  for (let from = 0; from < bytes.length; from += 1 << 20) yield bytes.subarray(from, from + (1 << 20))
}

/** Appends an event of the release's channel. */
export const inChannel = (system: System, release: Release, [type, data]: Change) => {
  const { id: release_id, device_model, facility_id, version, security_version } = release
  const scope = { device_model, ...(facility_id !== undefined && { facility_id }) }
  const image = { release_id, version, ...(security_version !== undefined && { security_version }) }
  return append(system, `firmwareChannel-${channelIdOf(scope)}`, [type, { ...scope, ...image, ...data }])
}

export const activate = (system: System, release: Release) =>
  inChannel(system, release, ['FirmwareActivated', { activated_at: at() }])

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
