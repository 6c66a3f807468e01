import { z } from 'zod'
import { id, time } from './values.ts'

export const Device = z
  .object({
    id,
    facility_id: id,
    name: z.string(),
    serial: z.string(),
    model: z.string(),
    status: z.enum(['active', 'decommissioned']),
    created_at: time,
  })
  .meta({ id: 'Device' })

/** As queries show it. What its heartbeats say is told of now alone; null: it never said, or nobody remembers. */
export const PresentDevice = Device.extend({
  online: z.boolean().meta({ description: 'Heard of within the last 5 minutes' }),
  last_seen_at: time.nullable(),
  firmware_version: z.string().nullable(),
  uptime_secs: z.int().nullable(),
  rssi: z.int().nullable().meta({ description: 'dBm' }),
  free_memory: z.int().nullable().meta({ description: 'Bytes' }),
  battery_mv: z.int().nullable(),
}).meta({ id: 'PresentDevice' })

const FirmwareReport = z
  .object({
    release_id: id,
    version: z.string(),
    outcome: z.enum(['installed', 'failed', 'rolled_back']),
    kind: z.string().nullable(),
    detail: z.string().nullable(),
    rollout_id: id.nullable(),
    reported_at: time,
  })
  .meta({ id: 'FirmwareReport' })

/** A device, what it runs, and what the active release of its channel would have it run. */
export const FirmwareDevice = Device.pick({ id: true, facility_id: true, name: true, serial: true })
  .extend({
    device_model: z.string(),
    version: z.string().nullable(),
    observed_at: time.nullable(),
    last_report: FirmwareReport.nullable(),
    target: z.object({ release_id: id, version: z.string() }).nullable(),
    behind: z.boolean(),
    unexpected: z.boolean().meta({ description: 'It runs what it was not offered' }),
  })
  .meta({ id: 'FirmwareDevice' })

/** As it is read alone; `firmware` null: it never said. */
export const DeviceDetails = PresentDevice.extend({
  firmware: FirmwareDevice.pick({ version: true, observed_at: true, last_report: true }).nullable(),
}).meta({ id: 'DeviceDetails' })
