import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, shown } from './installation.ts'
import { wholeNumber } from './options.ts'
import { type Client, type Load, loggedIn, openLoop } from './requests.ts'
import type { Ready } from './serve.ts'
import { nextVersions } from './swap/nextVersions.ts'

const perSecond = 100
const idleSeconds = 10
const secondsAfter = 2

export const swap: Bench = {
  name: 'swap',
  description: 'mixed requests while all read models are rebuilt and the new ones are shown',
  phases: ['swap'],
  options: [
    new Option('--events <n>', 'of the log').default(200_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of the log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, report, scratch, progress } = session
    const installation = await install(session, { name: 'swap', events: options['events'] as number })
    const database = new pg.Client(installation.config.DATABASE_URL)
    await database.connect()
    for (const { name, version } of nextVersions)
      await makeBareTable(database, `${name}_v${version}`, `${name}_v${version - 1}`)
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [installation.dataDir] })
    const step = progress.step('the read models of today', 1)
    await shown(database)
    step.end()
    const api = await loggedIn(server.ready)
    const requests = await mixOf(api)

    await openLoop(perSecond, (begun) => begun >= perSecond, requests) // warm
    const idle = await openLoop(perSecond, (begun) => begun >= perSecond * idleSeconds, requests)
    const began = performance.now()
    process.kill(server.pid, 'SIGUSR2')
    let finished: number | undefined
    const watch = shown(database, 1).then(() => (finished = performance.now()))
    const during = await openLoop(
      perSecond,
      () => finished !== undefined && performance.now() - finished > secondsAfter * 1000,
      requests,
    )
    await watch
    const took = (finished! - began) / 1000
    await database.end()
    await server.end()
    await installation.stop()

    report.note(`rebuilt, verified and shown after ${took.toFixed(1)} s, beside ${perSecond} requests a second`)
    for (const [when, load] of Object.entries({ idle, during })) noteFaults(when, load, (line) => report.note(line))
    report.add({
      id: 'swap.failed',
      what: 'failed requests',
      unit: '',
      ours: [during.failed],
      beside: { what: 'the same server idle', values: [idle.failed], compared: false },
      targets: [{ of: 'ours', most: 0 }],
    })
    report.add({
      id: 'swap.p99',
      what: `p99 of ${perSecond} requests a second`,
      unit: 'ms',
      ours: [during.p99],
      beside: { what: 'the same server idle', values: [idle.p99] },
      targets: [idle.p99 > 12.5 ? { of: 'ratio', most: 2 } : { of: 'ours', most: 25 }],
    })
    report.add({
      id: 'swap.p50',
      what: `p50 of the same`,
      unit: 'ms',
      ours: [during.p50],
      beside: { what: 'the same server idle', values: [idle.p50] },
    })
  },
}

/** As a migration makes it: its columns and its key. The indexes are made by who fills it. */
async function makeBareTable(database: pg.Client, table: string, before: string): Promise<void> {
  const { rows } = await database.query<{ key: string }>(
    `select pg_get_constraintdef(oid) as key from pg_constraint where conrelid = $1::regclass and contype = 'p'`,
    [before],
  )
  await database.query(`create table ${table} (like ${before} including defaults, ${rows[0]!.key})`)
}

function noteFaults(when: string, { faults, failed }: Load, note: (line: string) => void): void {
  if (failed > 0) note(`failed ${when}: ${JSON.stringify(faults)}`)
}

/** Lists, single rows, writes, and reads of what was written: what dashboards and devices do. */
async function mixOf(api: Client): Promise<(n: number) => Promise<{ status: number }>> {
  const list = async (path: string): Promise<string[]> =>
    (await api.ask('GET', path)).body.items.map(({ id }: { id: string }) => id)
  const [uploads, facilities] = await Promise.all([
    list('/api/v1/uploads?per_page=100'),
    list('/api/v1/facilities?per_page=20'),
  ])
  const one = (ids: readonly string[], n: number) => ids[n % ids.length]!
  return async (n) => {
    if (n % 10 < 3) return api.ask('GET', `/api/v1/uploads?page=${1 + (n % 7)}`)
    if (n % 10 < 7) return api.ask('GET', `/api/v1/uploads/${one(uploads, n)}`)
    if (n % 10 < 8) return api.ask('GET', `/api/v1/transcode-jobs`)
    const path = `/api/v1/facilities/${one(facilities, n)}`
    const written = await api.ask('PATCH', path, { name: `Plant ${n}` })
    if (n % 10 < 9 || written.status !== 200) return written
    return api.ask('GET', path, undefined, { 'Read-After': String(written.position) })
  }
}
