import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, installPeers, shown } from './installation.ts'
import { interleaved, pace } from './measure.ts'
import { wholeNumber } from './options.ts'
import { type Client, clientOf, loggedIn } from './requests.ts'
import type { Ready } from './serve.ts'

const workers = 16

export const read: Bench = {
  name: 'read',
  description: 'one row by its id, and a list of 20, with token, tenancy and shape',
  phases: ['row', 'list'],
  options: [
    new Option('--events <n>', 'of the log').default(100_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of the log').default(1).argParser(wholeNumber),
    new Option('--ms <n>', 'of each round and side').default(3000).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, scratch, report } = session
    installPeers(session)
    const { config, dataDir, stop } = await install(session, { name: 'read', events: options['events'] as number })
    const database = new pg.Client(config.DATABASE_URL)
    await database.connect()
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [dataDir] })
    await shown(database)
    const { rows } = await database.query<{ id: string }>(`select id from uploads where status <> 'deleted' limit 1000`)
    const peer = (kind: string) =>
      scratch.start<{ url: string }>({ file: 'ops/bench/peers/reads.mjs', args: [config.DATABASE_URL, kind] })
    const [express, fastify] = [await peer('express'), await peer('fastify')]
    const api = await loggedIn(server.ready)
    const [expressClient, fastifyClient] = [clientOf(express.ready.url), clientOf(fastify.ready.url)]
    const limit = { ms: options['ms'] as number }
    const path = '/api/v1/uploads'
    const asking = (client: Client, base: string, what: 'row' | 'list') => async (_worker: number, call: number) => {
      const { status } = await client.ask(
        'GET',
        what === 'list' ? base || '/' : `${base}/${rows[call % rows.length]!.id}`,
      )
      if (status !== 200) throw new Error(`A read was answered with ${status}`)
    }
    for (const what of ['row', 'list'] as const) {
      if (!session.wants(what)) continue
      const rounds = await interleaved(options.rounds, {
        ours: () => pace(workers, limit, asking(api, path, what)),
        express: () => pace(workers, limit, asking(expressClient, '', what)),
        fastify: () => pace(workers, limit, asking(fastifyClient, '', what)),
      })
      const ours = rounds.ours.map(({ perSecond }) => perSecond)
      for (const [side, name, least] of [
        ['express', 'express + knex, bare', 1],
        ['fastify', 'fastify + pg, bare', 0.5],
      ] as const)
        report.add({
          id: `read.${what}.${side}`,
          what: what === 'row' ? 'rows by id' : 'lists of 20',
          unit: '/s',
          ours,
          beside: { what: name, values: rounds[side].map(({ perSecond }) => perSecond) },
          targets: [{ of: 'ratio', least }],
        })
    }
    for (const child of [express, fastify, server]) await child.end()
    await database.end()
    await stop()
  },
}
