import { type Database, isAway } from './database.ts'
import { writeLatest } from './latest.ts'
import type { Log } from './log.ts'

/** What a device says of itself; what it leaves out stays what it said before. */
export interface Told {
  firmware_version?: string
  uptime_secs?: number
  /** dBm */
  rssi?: number
  /** Bytes. */
  free_memory?: number
  battery_mv?: number
}

/** Who was heard of last and when: kept beside the log, in Postgres, and forgotten with it. Never waits. */
export interface Presence {
  seen(deviceId: string, told: Told): void
  used(apiKeyId: string): void
  /** Writes what is left. */
  close(): Promise<void>
}

const seenEveryMs = 1000
const usedEveryMs = 3000

// In the order of ids: instances that write the same rows wait for each other, and never in a circle.
const upsertSeen = `
  insert into device_presence as known
  select * from json_to_recordset($1) as told
    (device_id uuid, last_seen_at timestamptz, firmware_version text, uptime_secs bigint, rssi integer, free_memory bigint, battery_mv integer)
  order by device_id
  on conflict (device_id) do update set
    last_seen_at = excluded.last_seen_at,
    firmware_version = coalesce(excluded.firmware_version, known.firmware_version),
    uptime_secs = coalesce(excluded.uptime_secs, known.uptime_secs),
    rssi = coalesce(excluded.rssi, known.rssi),
    free_memory = coalesce(excluded.free_memory, known.free_memory),
    battery_mv = coalesce(excluded.battery_mv, known.battery_mv)
  where excluded.last_seen_at >= known.last_seen_at`

const upsertUsed = `
  insert into api_key_use as known
  select * from json_to_recordset($1) as told (api_key_id uuid, last_used_at timestamptz)
  order by api_key_id
  on conflict (api_key_id) do update set last_used_at = excluded.last_used_at
  where excluded.last_used_at > known.last_used_at`

/** While Postgres is away the latest of each device and key is kept in memory, and written when it is back. */
export function keepPresence({ database, log }: { database: Database; log: Log }): Presence {
  const devices = writeLatest<Told & { at: number }>({
    what: 'heartbeats',
    everyMs: seenEveryMs,
    merge: (before, after) => ({ ...before, ...after }),
    write: (values) =>
      database.query(upsertSeen, [
        JSON.stringify(
          values.map(([device_id, { at, ...told }]) => ({ device_id, last_seen_at: new Date(at), ...told })),
        ),
      ]),
    mayPass: isAway,
    log,
  })
  const keys = writeLatest<number>({
    what: 'when keys were used',
    everyMs: usedEveryMs,
    merge: (_before, after) => after,
    write: (values) =>
      database.query(upsertUsed, [
        JSON.stringify(values.map(([api_key_id, at]) => ({ api_key_id, last_used_at: new Date(at) }))),
      ]),
    mayPass: isAway,
    log,
  })
  return {
    seen: (deviceId, told) => devices.set(deviceId, { ...told, at: Date.now() }),
    used: (apiKeyId) => keys.set(apiKeyId, Date.now()),
    close: async () => void (await Promise.all([devices.close(), keys.close()])),
  }
}
