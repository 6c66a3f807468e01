import { createHash } from 'node:crypto'
import { Option } from 'commander'
import semver from 'semver'
import { bucketOf } from '../../domain/firmwareRollout.ts'
import { type FleetDevice, simulate } from '../../domain/firmwareSimulation.ts'
import { fleetOf } from '../../read-api/fleet.ts'
import { connectDatabase } from '../platform/database.ts'
import type { Bench } from './bench.ts'
import { install } from './installation.ts'
import { interleaved, timed } from './measure.ts'
import { wholeNumber } from './options.ts'

const device_model = 'bench'
const plan = { ladder: [1, 5, 25, 50, 100], gates: { min_battery_mv: 3300 } }
const release = { version: '1.3.0', min_version: '1.0.0', rollout_id: '0b1c2d3e-0000-4000-8000-000000000001' }

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
      checked(simulate(fleet, { ...plan, ...release }, () => false, semver.compare).devices, count)

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
      await database.query('create view devices as select * from devices_v1')
      await database.query(filling, [count, device_model])
      await database.query('analyze devices_v1, device_presence')
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
  for (const { id } of fleet) if (bucketOf(release.rollout_id, id) < 100) seen++
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
  )
  insert into device_presence (device_id, last_seen_at, firmware_version, battery_mv)
  select id, now(), '1.' || (row_number() over () % 3) || '.0', 3000 + row_number() over () % 1000 from made`

const bareQuery = `
  select id, facility_id, firmware_version, battery_mv from devices left join device_presence on device_id = id
  where model = $1 and status = 'active'`
