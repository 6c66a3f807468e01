import semver from 'semver'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'

interface Scope {
  device_model: string
  facility_id?: string
}

interface FleetRow {
  id: string
  facility_id: string
  firmware_version: string | null
  battery_mv: number | null
}

/** The devices of this model in use, of one facility or of all, with what they said last of themselves. */
export async function fleetOf(database: Database, { device_model: model, facility_id }: Scope) {
  const rows = await rowsOf<FleetRow>(
    database,
    queryBuilder('devices')
      .leftJoin('device_presence', 'device_id', 'id')
      .where({ model, status: 'active', ...(facility_id !== undefined && { facility_id }) })
      .select('id', 'facility_id', 'firmware_version', 'battery_mv'),
  )
  const versions = new Map<string, string | null>()
  return rows.map(({ id, facility_id, firmware_version, battery_mv }) => {
    const version = versionOf(firmware_version, versions)
    return { id, facility_id, ...(version !== null && { version }), ...(battery_mv !== null && { battery_mv }) }
  })
}

/** A heartbeat may say anything. */
function versionOf(told: string | null, known: Map<string, string | null>): string | null {
  if (told === null) return null
  if (!known.has(told)) known.set(told, semver.valid(told))
  return known.get(told)!
}
