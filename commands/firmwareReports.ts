import { z } from 'zod'
import { decode, streamOf } from '../domain/decider.ts'
import * as Device from '../domain/device.ts'
import * as DeviceFirmware from '../domain/deviceFirmware.ts'
import * as FirmwareChannel from '../domain/firmwareChannel.ts'
import { triedNow, type Try } from '../domain/firmwareOffer.ts'
import { triedBefore } from '../domain/firmwareTries.ts'
import { line, notFound, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { deviceOf, type Find, type Refreshed, releaseFor } from './firmwareAskers.ts'
import { channelIdOf } from './firmwareChannels.ts'
import { handle } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Report = z
  .strictObject({
    release_id: Uuid,
    outcome: z.enum(['installed', 'failed', 'rolled_back']),
    kind: z.enum(['download', 'verify', 'install', 'boot', 'other']).exactOptional(),
    detail: line(1000).exactOptional(),
  })
  .refine(({ outcome, kind }) => kind === undefined || outcome === 'failed', {
    path: ['kind'],
    error: 'is of what failed alone',
  })

/**
 * `POST /api/v1/firmware/report`: what became of a release on a device. What it was never offered itself is taken as well, as a try of no
 * rollout, so that somebody sees it; what nobody of its model and facility was ever offered is unknown.
 */
export const firmwareReports = ({
  store,
  now,
  find,
  refreshed,
}: Deps & {
  find: Find
  refreshed: Refreshed
}): Route[] => {
  async function tryOf(channel: string, release_id: string, device_id: string): Promise<Try> {
    const tried = triedNow(await find(FirmwareChannel, channel), release_id, device_id)
    if (tried) return tried
    // Its rollout is over, or it comes from somewhere else: the log knows.
    const events = await store.read(streamOf(FirmwareChannel, channel))
    const decoded = events.map(({ type, data, metadata }) =>
      decode(FirmwareChannel, { type, data, schema: metadata['schema'] as number }),
    )
    const before = triedBefore(decoded, release_id, device_id)
    if (!before) throw notFound()
    return before
  }

  return [
    route<{}, {}, z.infer<typeof Report>>({
      method: 'POST',
      path: '/api/v1/firmware/report',
      permission: 'firmware:report',
      body: Report,
      answers: { 204: z.null(), 400: ProblemDocument, 403: ProblemDocument, 404: ProblemDocument },
      run: async ({ body, caller, intent }) => {
        const { device_id, facility_id } = deviceOf(caller)
        const { model } = Device.known(await find(Device, device_id))
        const release = await releaseFor({ model, facility_id }, body.release_id, { find, refreshed })
        const tried = await tryOf(channelIdOf(release), body.release_id, device_id)
        const report = DeviceFirmware.report({
          ...body,
          ...tried,
          version: release.version,
          device_model: model,
          facility_id,
          reported_at: now(),
        })
        const outcome = await handle(store, DeviceFirmware, device_id, report, { ...intent, facility_id })
        // What it asks for next must not be what it has just failed.
        await refreshed(DeviceFirmware, device_id)
        return answered(204, outcome)
      },
    }),
  ]
}
