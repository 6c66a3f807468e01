import { z } from 'zod'
import { queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { line, type Route, route, Uuid } from '../ops/platform/route.ts'
import { DeviceDetails, PresentDevice } from '../ops/platform/shapes/devices.ts'
import type { DeviceRow } from '../projections/devices.ts'
import type { DeviceFirmwareRow } from '../projections/deviceFirmware.ts'
import { rowAt } from './asOf.ts'
import { type Asked, byIdRoute } from './byId.ts'
import { lastReport } from './deviceFirmware.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

/** `device_presence` beside the read model: all null where nothing was heard. */
interface Row extends DeviceRow {
  device_id: string | null
  last_seen_at: string | null
  firmware_version: string | null
  uptime_secs: number | null
  rssi: number | null
  free_memory: number | null
  battery_mv: number | null
}

const onlineMs = 5 * 60_000
const silence = {
  last_seen_at: null,
  firmware_version: null,
  uptime_secs: null,
  rssi: null,
  free_memory: null,
  battery_mv: null,
}

const path = '/api/v1/devices'
const visible = (facility: string | undefined) =>
  matching(queryBuilder('devices').leftJoin('device_presence', 'device_id', 'id'), { facility_id: facility })
const about = { path, resource: 'device', readModel: 'devices', permission: 'device:read', visible }

/** What its heartbeats said then, nobody keeps. */
function shown({ device_id: _, ...row }: Row, isPresent = true) {
  const told = isPresent ? row : { ...row, ...silence }
  const online = told.last_seen_at !== null && Date.parse(told.last_seen_at) > Date.now() - onlineMs
  return { ...told, online }
}

const ofFirmware = {
  ...{ resource: 'device', readModel: 'device_firmware', shape: z.object({ id: z.string() }) },
  // Asked for those alone whose device the caller sees.
  visible: () => queryBuilder('device_firmware'),
}

async function firmwareOf(
  deps: ResourceDeps,
  id: string,
  { moment, ...asked }: Asked,
): Promise<z.infer<typeof DeviceDetails>['firmware']> {
  const now = () => rowsOf<DeviceFirmwareRow>(deps.database, ofFirmware.visible().where({ id }))
  const row = moment ? await rowAt<DeviceFirmwareRow>(deps, ofFirmware, { id, moment, ...asked }) : (await now())[0]
  return row ? { version: row.version, observed_at: row.observed_at, last_report: lastReport(row) } : null
}

const Query = pageQuery('created_at', 'name', 'serial', 'model').extend({
  status: PresentDevice.shape.status.optional(),
  facility_id: Uuid.optional(),
  model: line(100).optional(),
  online: z.enum(['true', 'false']).optional(),
  q: line(100).optional(),
})

export const devices = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'device:read',
    query: Query,
    reads: ['devices'],
    answers: { 200: pageOf(PresentDevice) },
    run: async ({ query: { q, status, facility_id, model, online, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { status, facility_id, model })
      searching(filtered, q, ['name', 'serial'])
      const since = new Date(Date.now() - onlineMs).toISOString()
      if (online === 'true') filtered.where('last_seen_at', '>', since)
      if (online === 'false') filtered.whereRaw('(last_seen_at > ?) is not true', [since])
      const { items, ...rest } = await page<Row>(deps.database, filtered, asked)
      return { status: 200, body: { ...rest, items: items.map((row) => shown(row)) } }
    },
  }),
  byIdRoute<Row>(deps, {
    ...about,
    shape: DeviceDetails,
    shown: async (row, isPresent, asked) => ({
      ...shown(row, isPresent),
      firmware: await firmwareOf(deps, row.id, asked),
    }),
  }),
  historyRoute(deps, about),
]
