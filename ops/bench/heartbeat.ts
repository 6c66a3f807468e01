import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, shown } from './installation.ts'
import { interleaved, pace } from './measure.ts'
import { wholeNumber } from './options.ts'
import { type Client, loggedIn } from './requests.ts'
import type { Ready } from './serve.ts'
import { type Asked, askOver, requestBytes } from './sockets.ts'

const asked = ['POST', '/api/v1/devices/heartbeat'] as const
const statuses = [204] as const
const roundMs = 3000

export const heartbeat: Bench = {
  name: 'heartbeat',
  description: 'heartbeats of many devices, each with its own key',
  phases: ['heartbeat'],
  options: [
    new Option('--devices <n>', 'that take turns').default(2000).argParser(wholeNumber),
    new Option('--connections <n>', 'at once').default(64).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report, scratch, progress } = session
    const [devices, connections] = [options['devices'] as number, options['connections'] as number]
    const installation = await install(session, { name: 'heartbeat', events: options['events'] as number })
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [installation.dataDir] })
    const bare = await scratch.start<{ url: string }>({ file: 'ops/bench/bareExpress.ts', args: asked })
    const database = new pg.Client(installation.config.DATABASE_URL)
    await database.connect()
    await shown(database)
    const step = progress.step(`${devices} devices and their keys`, 1)
    const keys = await keysOf(await loggedIn(server.ready), devices)
    step.end()

    const told = { firmware_version: '1.4.2', uptime_secs: 86_400, rssi: -67, free_memory: 131_072, battery_mv: 3712 }
    const requests = (url: string) => keys.map((key) => requestBytes(url, asked, { 'X-API-Key': key }, told))
    const [ours, theirs] = [requests(server.ready.url), requests(bare.ready.url)]
    const side = (url: string, bytes: readonly Buffer[]) => () =>
      askOver(url, { connections, statuses, ms: roundMs }, (n) => bytes[n % bytes.length]!)
    // Of each device the first is an event, and its key is looked for.
    await askOver(server.ready.url, { connections, statuses, calls: devices }, (n) => ours[n]!)
    const rounds = await interleaved(options.rounds, {
      ours: side(server.ready.url, ours),
      bare: side(bare.ready.url, theirs),
    })
    const { rows } = await database.query<{ seen: number }>('select count(*)::int as seen from device_presence')
    await database.end()
    await Promise.all([server.end(), bare.end()])
    await installation.stop()

    const refused = rounds.ours.reduce((sum, round) => sum + round.refused, 0)
    report.note(
      `${connections} connections; ${refused} refused; ${rows[0]!.seen} of ${devices} devices in device_presence`,
    )
    const values = (of: Asked[], what: 'perSecond' | 'p50' | 'p99') => of.map((round) => round[what])
    report.add({
      id: 'heartbeat.rate',
      what: `heartbeats of ${devices} devices`,
      unit: '/s',
      ours: values(rounds.ours, 'perSecond'),
      beside: { what: 'a bare express answer', values: values(rounds.bare, 'perSecond') },
      targets: [{ of: 'ours', least: 5000 }],
    })
    for (const q of ['p50', 'p99'] as const)
      report.add({
        id: `heartbeat.${q}`,
        what: `until they are answered, ${q}`,
        unit: 'ms',
        ours: values(rounds.ours, q),
        beside: { what: 'a bare express answer', values: values(rounds.bare, q) },
      })
  },
}

/** Makes devices in one facility, with a key each. */
async function keysOf(api: Client, count: number): Promise<string[]> {
  const create = async (path: string, body: object) => {
    const answer = await api.ask('POST', path, body)
    if (answer.status !== 201) throw new Error(`POST ${path} was answered with ${answer.status}`)
    return answer.body as { id: string; api_key: string }
  }
  const { id: facility_id } = await create('/api/v1/facilities', { name: 'Plant', code: 'bench-heartbeat' })
  const keys: string[] = []
  await pace(16, { calls: count }, async (_worker, n) => {
    const device = { facility_id, name: `Mic ${n}`, serial: `bench-${n}`, model: 'xs-1' }
    const { id: device_id } = await create('/api/v1/devices', device)
    const key = { name: 'bench', facility_id, device_id, scopes: ['heartbeat'] }
    keys.push((await create('/api/v1/api-keys', key)).api_key)
  })
  return keys
}
