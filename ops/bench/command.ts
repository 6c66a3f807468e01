import { randomUUID } from 'node:crypto'
import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, installPeers, shown } from './installation.ts'
import { interleaved, pace } from './measure.ts'
import { wholeNumber } from './options.ts'
import { type Client, clientOf, loggedIn } from './requests.ts'
import type { Ready } from './serve.ts'

/** By how many at once, and what the insert is to be reached of. */
const loads = [
  { workers: 1, ofInsert: 0.55 },
  { workers: 16, ofInsert: 1 },
  { workers: 64, ofInsert: 1.2 },
]
const emmettAt = 16
const facilities = 200

export const command: Bench = {
  name: 'command',
  description: 'whole commands over HTTP: token, tenancy, decision, a durable append',
  phases: loads.map(({ workers }) => String(workers)),
  options: [
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
    new Option('--ms <n>', 'of each round and side').default(3000).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, scratch, report } = session
    installPeers(session)
    const { config, dataDir, stop } = await install(session, { name: 'command', events: options['events'] as number })
    const database = new pg.Client(config.DATABASE_URL)
    await database.connect()
    await database.query('create database emmett')
    const emmettUrl = Object.assign(new URL(config.DATABASE_URL), { pathname: '/emmett' }).href
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [dataDir] })
    await shown(database)
    const insert = await scratch.start<{ url: string }>({
      file: 'ops/bench/peers/insert.mjs',
      args: [config.DATABASE_URL],
    })
    const emmett = await scratch.start<{ url: string }>({
      file: 'ops/bench/peers/emmettCommand.mjs',
      args: [emmettUrl],
    })
    const api = await loggedIn(server.ready)
    const [inserting, emmetts] = [clientOf(insert.ready.url), clientOf(emmett.ready.url)]
    const ids = await Promise.all(Array.from({ length: facilities }, (_, n) => facility(api, n)))
    const renaming = (client: Client, path: string) => async (_worker: number, call: number) => {
      const { status } = await client.ask('PATCH', `${path}${ids[call % ids.length]}`, { name: `N ${randomUUID()}` })
      if (status !== 200) throw new Error(`A command was answered with ${status}`)
    }
    const limit = { ms: options['ms'] as number }
    for (const { workers, ofInsert } of loads) {
      if (!session.wants(String(workers))) continue
      const sides = {
        ours: () => pace(workers, limit, renaming(api, '/api/v1/facilities/')),
        insert: () => pace(workers, limit, renaming(inserting, '/')),
        emmett: () => pace(workers, limit, renaming(emmetts, '/')),
      }
      const rounds = await interleaved(options.rounds, sides)
      const rates = (side: keyof typeof sides) => rounds[side].map(({ perSecond }) => perSecond)
      const what = `commands by ${workers} at once`
      report.add({
        id: `command.${workers}.insert`,
        what,
        unit: '/s',
        ours: rates('ours'),
        beside: { what: 'express + knex, row and audit row', values: rates('insert') },
        targets: [{ of: 'ratio', least: ofInsert }],
      })
      report.add({
        id: `command.${workers}.emmett`,
        what,
        unit: '/s',
        ours: rates('ours'),
        beside: { what: 'express + Emmett on Postgres', values: rates('emmett') },
        ...(workers === emmettAt && { targets: [{ of: 'ratio' as const, least: 1.5 }] }),
      })
      report.add({
        id: `command.${workers}.p99`,
        what: `p99 of ${what}`,
        unit: 'ms',
        ours: rounds.ours.map(({ p99 }) => p99),
        beside: { what: 'express + knex', values: rounds.insert.map(({ p99 }) => p99) },
      })
    }
    for (const child of [insert, emmett, server]) await child.end()
    await database.end()
    await stop()
  },
}

async function facility(api: Client, n: number): Promise<string> {
  const { body, status } = await api.ask('POST', '/api/v1/facilities', { name: `Plant ${n}`, code: `bench-${n}` })
  if (status !== 201) throw new Error(`A facility was answered with ${status}`)
  return body.id as string
}
