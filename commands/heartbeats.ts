import { z } from 'zod'
import * as DeviceFirmware from '../domain/deviceFirmware.ts'
import { line, Problem, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import type { Presence } from '../ops/platform/presence.ts'
import { asObserved } from './firmwareVersions.ts'
import { handle } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Heartbeat = z.strictObject({
  firmware_version: line(100).transform(asObserved).exactOptional(),
  uptime_secs: z.int().min(0).exactOptional(),
  rssi: z.int().min(-200).max(100).exactOptional().meta({ description: 'dBm' }),
  free_memory: z.int().min(0).exactOptional().meta({ description: 'Bytes' }),
  battery_mv: z.int().min(0).max(1_000_000).exactOptional(),
})

/**
 * `POST /api/v1/devices/heartbeat`: who is heard of is kept beside the log; only a change of its firmware's version is an event. Answered
 * without asking Postgres, also while that is away.
 * @param firmwareOf what is known of a device's firmware, as far as this instance has heard
 */
export const heartbeats = ({
  store,
  now,
  presence,
  firmwareOf,
}: Deps & {
  presence: Presence
  firmwareOf: (deviceId: string) => DeviceFirmware.State | Promise<DeviceFirmware.State>
}): Route[] => [
  route<{}, {}, z.infer<typeof Heartbeat>>({
    method: 'POST',
    path: '/api/v1/devices/heartbeat',
    permission: 'device:heartbeat',
    body: Heartbeat,
    // There is nothing that a repeated one would do twice.
    exempt: true,
    answers: { 204: z.null(), 400: ProblemDocument, 409: ProblemDocument },
    run: async ({ body, caller, intent }) => {
      if (caller.kind !== 'device' || caller.device_id === undefined)
        throw new Problem('key_without_device', 'A heartbeat needs an API key that is bound to its device')
      const { device_id: id, facility_id } = caller
      presence.seen(id, body)
      const { firmware_version: version } = body
      if (version === undefined || DeviceFirmware.runs(await firmwareOf(id), version)) return { status: 204 }
      const observe = DeviceFirmware.observe({ version, observed_at: now() })
      return answered(204, await handle(store, DeviceFirmware, id, observe, { ...intent, facility_id }))
    },
  }),
]
