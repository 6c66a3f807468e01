import { createHash, randomBytes, randomUUID } from 'node:crypto'
import semver from 'semver'
import { digest, keyText } from '../../../commands/apiKeys.ts'
import { channelIdOf } from '../../../commands/firmwareChannels.ts'
import { handle } from '../../../commands/handle.ts'
import { systemIntent } from '../../../commands/http.ts'
import * as ApiKey from '../../../domain/apiKey.ts'
import type { AnyEvent, Decider, Decision } from '../../../domain/decider.ts'
import * as Device from '../../../domain/device.ts'
import * as DeviceFirmware from '../../../domain/deviceFirmware.ts'
import { personalFields } from '../../../domain/events.ts'
import * as Facility from '../../../domain/facility.ts'
import { activate } from '../../../domain/firmwareActivation.ts'
import * as FirmwareChannel from '../../../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../../../domain/firmwareRelease.ts'
import type { Config } from '../../platform/config.ts'
import { connectEventStore } from '../../platform/eventStoreClient.ts'
import { connectObjects } from '../../platform/objects.ts'
import { objectsIn } from '../../roles/connections.ts'
import { pace } from '../measure.ts'

export interface FleetMember {
  api_key: string
  /** What it runs. */
  version: string
}

export interface Fleet {
  members: readonly FleetMember[]
  release: { id: string; object_key: string; sha256: string; image: Buffer }
}

const [device_model, facility_id] = ['bench', randomUUID()]
const version = '2.0.0'
const at = new Date().toISOString()
const atOnce = 128

/** Devices with a key each, half of them behind the release that is active for them, with its image: by the store itself, nobody is at work yet. */
export async function makeFleet(config: Config, devices: number, imageBytes: number): Promise<Fleet> {
  const { EVENTSTORE_URL: url, DATA_ENCRYPTION_KEY: secret } = config
  const store = connectEventStore({ url, secret, personalFields })
  const does = <State, Event extends AnyEvent>(
    decider: Decider<State, Event>,
    id: string,
    decision: Decision<State, Event>,
  ) => handle(store, decider, id, decision, { ...systemIntent('bench', randomUUID()), facility_id })

  const facility = { name: 'Plant', code: 'bench-ota', registered_at: at }
  await does(Facility, facility_id, Facility.register(facility))
  const members: FleetMember[] = []
  await pace(atOnce, { calls: devices }, async (_worker, n) => {
    const [device_id, key_id, secret] = [randomUUID(), randomUUID(), randomBytes(32).toString('base64url')]
    const device = { facility_id, name: `Mic ${n}`, serial: `bench-${n}`, model: device_model, registered_at: at }
    const key = { name: 'bench', facility_id, device_id, scopes: ['firmware'] as const, issued_at: at }
    const runs = n % 2 === 0 ? version : '1.0.0'
    await Promise.all([
      does(Device, device_id, Device.register(device)),
      does(ApiKey, key_id, ApiKey.issue({ ...key, secret_sha256: digest(secret) })),
      does(DeviceFirmware, device_id, DeviceFirmware.observe({ version: runs, observed_at: at })),
    ])
    members.push({ api_key: keyText(key_id, secret), version: runs })
  })

  const [id, image] = [randomUUID(), randomBytes(imageBytes)]
  const sha256 = createHash('sha256').update(image).digest('hex')
  const object_key = `firmware/${id}/image`
  const objects = connectObjects(objectsIn(config))
  await objects.prepare()
  await objects.put(object_key, inPieces(image), 'application/octet-stream')
  const scope = { device_model, facility_id }
  const uploaded = { ...scope, version, object_key, file_name: 'image.bin', size_bytes: imageBytes, sha256 }
  await does(FirmwareRelease, id, FirmwareRelease.upload({ ...uploaded, uploaded_at: at }))
  await does(FirmwareRelease, id, FirmwareRelease.publish({ published_at: at }))
  const active = { ...scope, release_id: id, version, activated_at: at }
  await does(FirmwareChannel, channelIdOf(scope), activate(active, semver.compare))
  await store.close()
  return { members, release: { id, object_key, sha256, image } }
}

async function* inPieces(bytes: Buffer) {
  for (let from = 0; from < bytes.length; from += 1 << 20) yield bytes.subarray(from, from + (1 << 20))
}
