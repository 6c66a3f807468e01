import { createHash } from 'node:crypto'
import { Option } from 'commander'
import semver from 'semver'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import type { Release } from '../../domain/firmwareRelease.ts'
import { bucketOf, type Rollout } from '../../domain/firmwareRollout.ts'
import { type FleetDevice, simulate } from '../../domain/firmwareSimulation.ts'
import { fleetOf } from '../../read-api/fleet.ts'
import { connectDatabase } from '../platform/database.ts'
import type { Bench } from './bench.ts'
import { install } from './installation.ts'
import { interleaved, timed } from './measure.ts'
import { wholeNumber } from './options.ts'

const device_model = 'bench'
const id = '0b1c2d3e-0000-4000-8000-000000000001'
const release: Release = {
  ...{ status: 'published', device_model, version: '1.3.0', min_version: '1.0.0' },
  ...{ object_key: 'image', file_name: 'image', size_bytes: 1, sha256: '', uploaded_at: '2026-11-26T00:00:00.000Z' },
}
const planned: Rollout = {
  ...{ rollout_id: id, release_id: id, version: release.version, status: 'running', percent: 100 },
  ...{ from_percent: 0, attempt: 0 },
  ...{ ladder: [1, 5, 25, 50, 100], gates: { min_battery_mv: 3300 }, halt: { min_devices: 5, failure_percent: 10 } },
  ...{ advance: 'manual', dwell_secs: 0, success_percent: 95 },
  ...{ started_at: release.uploaded_at, step_since: release.uploaded_at },
}
const channels: FirmwareChannel.State[] = [
  FirmwareChannel.initial,
  {
    ...FirmwareChannel.initial,
    active: { release_id: 'before', version: '1.2.0', by: 'activation', attempt: 1 },
    rollout: planned,
  },
]
const known = { releaseOf: () => release, compare: semver.compare }

export const rollout: Bench = {
  name: 'rollout',
  description: 'what a rollout would do to a whole fleet, beside a bare loop over the same devices',
  phases: ['decide', 'read'],
  options: [
    new Option('--devices <n>', 'of the fleet').default(100_000).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(1000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report } = session
    const count = options['devices'] as number
    const decide = (fleet: readonly FleetDevice[]) =>
      checked(simulate(fleet, planned, () => channels, known).devices, count)

    if (session.wants('decide')) {
      const fleet = Array.from({ length: count }, (_, n) => deviceOf(n))
      const rounds = await interleaved(options.rounds, {
        ours: () => timed(async () => decide(fleet)),
        loop: () => timed(async () => checked(bareLoop(fleet), count)),
      })
      report.add({
        id: 'rollout.decide',
        what: `all steps of a rollout over ${count} devices`,
        unit: 'ms',
        ours: rounds.ours,
        beside: { what: 'a bare loop over the same rows', values: rounds.loop },
        targets: [{ of: 'ours', most: 1000 }],
      })
    }
    if (session.wants('read')) {
      const { config, stop } = await install(session, { name: 'rollout', events: options['events'] as number })
      const url = config.DATABASE_URL
      const database = connectDatabase({ url, maxConnections: 2, onError: (error) => console.error(error) })
      for (const name of ['devices', 'device_firmware'])
        await database.query(`create view ${name} as select * from ${name}_v1`)
      await database.query(filling, [count, device_model])
      await database.query('analyze devices_v1, device_presence, device_firmware_v1')
      const rounds = await interleaved(options.rounds, {
        ours: () => timed(async () => decide(await fleetOf(database, { device_model }))),
        rows: () => timed(async () => checked((await database.query(bareQuery, [device_model])).rows.length, count)),
      })
      report.add({
        id: 'rollout.read',
        what: `the same, with ${count} devices read from Postgres`,
        unit: 'ms',
        ours: rounds.ours,
        beside: { what: 'the bare query of the same rows', values: rounds.rows },
        targets: [{ of: 'ours', most: 1000 }],
      })
      await database.end()
      await stop()
    }
  },
}

const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0']

/** The same at every run; ids as random ones are. */
function deviceOf(n: number): FleetDevice {
  const hex = createHash('md5').update(String(n)).digest('hex')
  const id = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
    '-',
  )
  return { id, facility_id: `f${n % 20}`, version: versions[n % 4]!, battery_mv: 3000 + (n % 1000) }
}

/** Looks at every device and at where it stands, and decides nothing. */
function bareLoop(fleet: readonly FleetDevice[]): number {
  let seen = 0
  for (const { id } of fleet) if (bucketOf(planned.rollout_id, id) < 100) seen++
  return seen
}

function checked(found: number, count: number): void {
  if (found !== count) throw new Error(`${found} devices of ${count}`)
}

const filling = `
  with made as (
    insert into devices_v1 (id, facility_id, name, serial, model, status, created_at)
    select gen_random_uuid(), md5((n % 20)::text)::uuid, 'Mic ' || n, 'S-' || n, $2, 'active', now()
    from generate_series(1, $1::int) n returning id
  ), heard as (
    insert into device_presence (device_id, last_seen_at, battery_mv)
    select id, now(), 3000 + row_number() over () % 1000 from made
  )
  insert into device_firmware_v1 (id, version, observed_at)
  select id, '1.' || (row_number() over () % 3) || '.0', now() from made`

const bareQuery = `
  select devices.id, facility_id, f.version, battery_mv from devices left join device_presence on device_id = devices.id
  left join device_firmware f on f.id = devices.id where model = $1 and status = 'active'`
