import { randomUUID } from 'node:crypto'
import { channelIdOf } from '../commands/firmwareChannels.ts'
import { placeOf } from '../commands/firmwareScope.ts'
import { handle } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import * as Device from '../domain/device.ts'
import * as DeviceFirmware from '../domain/deviceFirmware.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'

const now = () => new Date().toISOString()
export const own = () => systemIntent('spec', randomUUID())

export interface Made {
  id: string
  device_model: string
  facility_id?: string
  version: string
  security_version?: number
}

type Uploaded = Extract<FirmwareRelease.Event, { type: 'FirmwareReleaseUploaded' }>['data']
export type Release = Uploaded & { id: string }

/** A release as if it had been uploaded and published; `draft`: not published. Nobody has its image but who says which it is. */
export async function newRelease(
  store: EventStore,
  wanted: Omit<Made, 'id'> & Partial<Uploaded>,
  { draft = false } = {},
): Promise<Release> {
  const id = randomUUID()
  const image = { object_key: `firmware/${id}/a`, file_name: 'a.bin', size_bytes: 10, sha256: 'a'.repeat(64) }
  const uploaded = { ...image, uploaded_at: now(), ...wanted }
  await handle(store, FirmwareRelease, id, FirmwareRelease.upload(uploaded), own())
  if (!draft) await handle(store, FirmwareRelease, id, FirmwareRelease.publish({ published_at: now() }), own())
  return { id, ...uploaded }
}

/** An event of the channel of this release, as its own commands would write it. */
export async function inChannel(store: EventStore, release: Made, event: FirmwareChannel.Event) {
  const { position } = await handle(store, FirmwareChannel, channelIdOf(release), () => [event], own())
  return { 'Read-After': String(position) }
}

export const imageOf = ({ id: release_id, ...release }: Made) => FirmwareChannel.imageOf({ release_id, ...release })

export const activated = (store: EventStore, release: Made) =>
  inChannel(store, release, {
    type: 'FirmwareActivated',
    data: { ...placeOf(release), ...imageOf(release), activated_at: now() },
  })

/** So many devices of this model in the facility, without the detour by HTTP; `Read-After` for the last. */
export async function newDevices(
  store: EventStore,
  { device_model: model, facility_id }: { device_model: string; facility_id: string },
  count: number,
) {
  const ids = Array.from({ length: count }, () => randomUUID())
  const made = await Promise.all(
    ids.map((id, n) => {
      const device = { facility_id, name: `Mic ${n}`, serial: `S-${id}`, model, registered_at: now() }
      return handle(store, Device, id, Device.register(device), own())
    }),
  )
  const last = made.map(({ position }) => position).reduce((a, b) => (a > b ? a : b), 0n)
  return { ids, after: { 'Read-After': String(last) } }
}

/** A device says what became of the release of a rollout. */
export async function reported(
  store: EventStore,
  deviceId: string,
  release: Made & { facility_id: string },
  about: Pick<DeviceFirmware.Report, 'outcome'> & Partial<DeviceFirmware.Report>,
) {
  const { id: release_id, version, device_model, facility_id } = release
  const report = { release_id, version, device_model, facility_id, attempt: 0, reported_at: now(), ...about }
  const intent = { ...own(), actor: { kind: 'device' as const, id: deviceId }, facility_id }
  const { position } = await handle(store, DeviceFirmware, deviceId, DeviceFirmware.report(report), intent)
  return { 'Read-After': String(position) }
}
