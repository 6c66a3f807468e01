import semver from 'semver'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import type { DeviceFirmwareRow } from '../projections/deviceFirmware.ts'

export interface Scope {
  device_model: string
  facility_id?: string
}

export interface FleetDevice {
  id: string
  facility_id: string
  /** Absent where it never said, or said what is no semantic version. */
  version?: string
  battery_mv?: number
  report?: {
    release_id: string
    version: string
    outcome: NonNullable<DeviceFirmwareRow['outcome']>
    kind?: NonNullable<DeviceFirmwareRow['kind']>
    rollout_id?: string
    attempt: number
  }
}

interface FleetRow {
  id: string
  facility_id: string
  version: string | null
  battery_mv: number | null
  report: FleetDevice['report'] | null
}

// One column where there is a report: there are many devices, and few of them have one.
const report = `
  case when f.release_id is not null then jsonb_strip_nulls(jsonb_build_object('release_id', f.release_id,
    'version', f.release_version, 'outcome', f.outcome, 'kind', f.kind, 'rollout_id', f.rollout_id, 'attempt', f.attempt))
  end as report`

/** The devices of this model in use, of one facility or of all, with what they said last of themselves. */
export async function fleetOf(database: Database, { device_model: model, facility_id }: Scope): Promise<FleetDevice[]> {
  const rows = await rowsOf<FleetRow>(
    database,
    queryBuilder('devices as d')
      .leftJoin('device_presence as p', 'p.device_id', 'd.id')
      .leftJoin('device_firmware as f', 'f.id', 'd.id')
      .where({ model, status: 'active', ...(facility_id !== undefined && { facility_id }) })
      .select('d.id', 'd.facility_id', 'p.battery_mv', 'f.version', queryBuilder.raw(report)),
  )
  const versions = new Map<string, string | null>()
  return rows.map(({ id, facility_id, battery_mv, version: told, report }) => {
    const device: FleetDevice = { id, facility_id }
    const version = versionOf(told, versions)
    if (version !== null) device.version = version
    if (battery_mv !== null) device.battery_mv = battery_mv
    if (report) device.report = report
    return device
  })
}

/** A device may say anything. */
function versionOf(told: string | null, known: Map<string, string | null>): string | null {
  if (told === null) return null
  if (!known.has(told)) known.set(told, semver.valid(told))
  return known.get(told)!
}
