import { randomBytes, randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { Option } from 'commander'
import pg from 'pg'
import type { Bench } from './bench.ts'
import { install, shown } from './installation.ts'
import { interleaved, pace } from './measure.ts'
import { wholeNumber } from './options.ts'
import { type Client, clientOf, loggedIn, openLoop } from './requests.ts'
import type { Ready } from './serve.ts'

const people = 50
const workers = 16
const perSecond = 50

export const login: Bench = {
  name: 'login',
  description: 'logins beside argon2 alone, and what others feel of a flood of them',
  phases: ['rate', 'flood'],
  options: [
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
    new Option('--ms <n>', 'of each round and side').default(4000).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, scratch, report } = session
    const { config, dataDir, stop } = await install(session, { name: 'login', events: options['events'] as number })
    const database = new pg.Client(config.DATABASE_URL)
    await database.connect()
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [dataDir] })
    await shown(database)
    const admin = await loggedIn(server.ready)
    const anyone = clientOf(server.ready.url)
    const accounts = await Promise.all(Array.from({ length: people }, (_, n) => account(admin, n)))
    const logIn = async (_worker: number, call: number) => {
      const { status } = await anyone.ask('POST', '/api/auth/login', accounts[call % people], elsewhere())
      if (status !== 200) throw new Error(`A login was answered with ${status}`)
    }
    const limit = { ms: options['ms'] as number }

    if (session.wants('rate')) {
      const known = await hash('right', cost)
      const rounds = await interleaved(options.rounds, {
        ours: () => pace(workers, limit, logIn),
        argon2: () => pace(workers, limit, () => verify(known, 'right')),
      })
      report.add({
        id: 'login.rate',
        what: `logins by ${workers} at once`,
        unit: '/s',
        ours: rounds.ours.map(({ perSecond }) => perSecond),
        beside: { what: 'argon2 alone', values: rounds.argon2.map(({ perSecond }) => perSecond) },
        targets: [{ of: 'ratio', least: 0.9 }],
      })
    }
    if (session.wants('flood')) {
      const read = () => admin.ask('GET', '/api/v1/facilities')
      const asked = (perSecond * limit.ms) / 1000
      const reading = () => openLoop(perSecond, (begun) => begun >= asked, read)
      const rounds = await interleaved(options.rounds, {
        idle: reading,
        flooded: async () => (await Promise.all([reading(), pace(workers, limit, logIn)]))[0],
      })
      report.add({
        id: 'login.flood.p99',
        what: `p99 of ${perSecond} reads a second while ${workers} log in without a pause`,
        unit: 'ms',
        ours: rounds.flooded.map(({ p99 }) => p99),
        beside: { what: 'nobody logs in', values: rounds.idle.map(({ p99 }) => p99) },
        targets: [{ of: 'ratio', most: 2 }],
      })
    }
    await server.end()
    await database.end()
    await stop()
  },
}

/** As the product hashes. */
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** Everybody from an address of their own: whoever tries often from one is made to wait. */
const elsewhere = () => ({ 'X-Forwarded-For': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}` })

async function account(admin: Client, n: number): Promise<{ email: string; password: string }> {
  const credentials = { email: `bench-${n}@example.test`, password: randomBytes(12).toString('hex') }
  const person = { ...credentials, name: `Bench ${n}`, role: 'super_admin' }
  const { status } = await admin.ask('POST', '/api/v1/users', person)
  if (status !== 201) throw new Error(`A user was answered with ${status}`)
  return credentials
}
