import semver from 'semver'
import { z } from 'zod'
import * as Device from '../domain/device.ts'
import * as DeviceFirmware from '../domain/deviceFirmware.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { type Asking, type Offer, offerOf, releasesIn } from '../domain/firmwareOffer.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import { line, ProblemDocument, type Route, route, whole } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/firmware.ts'
import { deviceOf, type Find } from './firmwareAskers.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { asObserved } from './firmwareVersions.ts'
import { handle } from './handle.ts'
import type { Deps } from './http.ts'

const Check = z.object({
  current_version: line(100)
    .refine((version) => semver.valid(version) !== null, 'must be a semantic version, like 1.4.2')
    .transform(asObserved)
    .meta({ description: 'What runs on the device' }),
  battery_mv: whole(0, 1_000_000).exactOptional(),
  external_power: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .exactOptional(),
  free_bytes: whole(0).exactOptional().meta({ description: 'Room for an image' }),
})

const path = '/api/v1/firmware'

const manifestOf = ({ release_id, release }: Offer): z.infer<typeof shapes.FirmwareManifest> => ({
  release_id,
  version: release.version,
  size_bytes: release.size_bytes,
  sha256: release.sha256,
  signature: release.signature ?? null,
  key_id: release.key_id ?? null,
  image_url: `${path}/${release_id}/image`,
})

/** What was heard already is not waited for. */
const all = <State>(found: (State | Promise<State>)[]): State[] | Promise<State[]> =>
  found.some((one) => one instanceof Promise) ? Promise.all(found) : (found as State[])

/**
 * `GET /api/v1/firmware/check`: what the device is to install. Decided by what was heard of the log: nothing is waited for but streams that are
 * asked for the first time, and the event of a version that has changed.
 */
export const firmwareChecks = ({ store, now, find }: Deps & { find: Find }): Route[] => {
  async function offerTo(asking: Asking, device_model: string, facility_id: string): Promise<Offer | undefined> {
    const ids = [channelIdOf({ device_model, facility_id }), channelIdOf({ device_model })]
    const channels = await all(ids.map((id) => find(FirmwareChannel, id)))
    const named = releasesIn(channels, asking, semver)
    const states = await all(named.map((id) => find(FirmwareRelease, id)))
    const releases = new Map(named.map((id, i) => [id, states[i]]))
    return offerOf(asking, channels, { releaseOf: (id) => releases.get(id), compare: semver.compare })
  }

  return [
    route<{}, z.infer<typeof Check>>({
      method: 'GET',
      path: `${path}/check`,
      permission: 'firmware:check',
      query: Check,
      exempt: true,
      answers: { 200: shapes.FirmwareManifest, 204: z.null(), 400: ProblemDocument, 403: ProblemDocument },
      run: async ({ query: { current_version: version, ...told }, caller, intent }) => {
        const { device_id, facility_id } = deviceOf(caller)
        const { model } = Device.known(await find(Device, device_id))
        const firmware = await find(DeviceFirmware, device_id)
        if (!DeviceFirmware.runs(firmware, version)) {
          const observe = DeviceFirmware.observe({ version, observed_at: now() })
          await handle(store, DeviceFirmware, device_id, observe, { ...intent, facility_id })
        }
        const offer = await offerTo({ device_id, version, ...told, ended: firmware.ended }, model, facility_id)
        return offer ? { status: 200, body: manifestOf(offer) } : { status: 204 }
      },
    }),
  ]
}
