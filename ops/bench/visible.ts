import { randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client'
import { Option } from 'commander'
import pg from 'pg'
import { positions } from '../platform/channels.ts'
import type { Bench, Session } from './bench.ts'
import { install, type Installation, shown } from './installation.ts'
import { quantile } from './measure.ts'
import { wholeNumber } from './options.ts'
import { type Client, loggedIn, paced } from './requests.ts'
import type { Ready } from './serve.ts'

const facilities = 50

export const visible: Bench = {
  name: 'visible',
  description: 'from a command’s answer to its row being readable',
  phases: ['idle', 'busy'],
  options: [
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
    new Option('--commands <n>', 'of each round').default(400).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, scratch } = session
    const installation = await install(session, { name: 'visible', events: options['events'] as number })
    const server = await scratch.start<Ready>({ file: 'ops/bench/serve.ts', args: [installation.dataDir] })
    const api = await loggedIn(server.ready)
    const ids = await Promise.all(Array.from({ length: facilities }, (_, n) => facility(api, n)))
    const database = new pg.Client(installation.config.DATABASE_URL)
    await database.connect()
    await shown(database)
    const reader = await readerOf(database)
    if (session.wants('idle')) await measure(session, 'idle', { api, ids, reader, installation })
    if (session.wants('busy')) await measure(session, 'busy', { api, ids, reader, installation })
    await database.end()
    await server.end()
    await installation.stop()
  },
}

async function facility(api: Client, n: number): Promise<string> {
  const { body, status } = await api.ask('POST', '/api/v1/facilities', { name: `Plant ${n}`, code: `bench-${n}` })
  if (status !== 201) throw new Error(`A facility was answered with ${status}`)
  return body.id as string
}

interface Reader {
  /** When the row with this name could be read, behind this position. */
  readable: (id: string, name: string, position: bigint) => Promise<number>
}

/** Woken by what wakes the API, it reads the row as the API does. */
async function readerOf(client: pg.Client): Promise<Reader> {
  let reached = -1n
  const waiting = new Set<() => void>()
  client.on('notification', ({ payload }) => {
    reached = BigInt((JSON.parse(payload!) as { position: string | null }).position ?? -1)
    for (const wake of waiting) wake()
  })
  await client.query(`listen ${positions}`)
  const passed = (position: bigint) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (reached < position) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    readable: async (id, name, position) => {
      await passed(position)
      const { rows } = await client.query({
        name: 'read',
        text: 'select name from facilities_v1 where id = $1',
        values: [id],
      })
      if (rows[0]?.name !== name) throw new Error(`The row of ${id} is ${rows[0]?.name}, not ${name}`)
      return performance.now()
    },
  }
}

interface Measuring {
  api: Client
  ids: readonly string[]
  reader: Reader
  installation: Installation
}

async function measure(session: Session, kind: 'idle' | 'busy', { api, ids, reader, installation }: Measuring) {
  const { report, options } = session
  const commands = options['commands'] as number
  const rounds: { p50: number; p99: number }[] = []
  const bare: number[] = []
  const rename = async (n: number) => {
    const [id, name] = [ids[n % ids.length]!, `Plant ${n} ${randomUUID()}`]
    const { status, position } = await api.ask('PATCH', `/api/v1/facilities/${id}`, { name })
    const answered = performance.now()
    if (status !== 200) throw new Error(`A command was answered with ${status}`)
    return Math.max(0, (await reader.readable(id, name, position!)) - answered)
  }
  for (let round = -1; round < options.rounds; round++) {
    const lags: number[] = []
    if (kind === 'idle') for (let n = 0; n < commands; n++) lags.push(await rename(n))
    else lags.push(...(await paced(200, (begun) => begun === commands, rename)))
    const alone = await appendToSubscriber(installation.config.EVENTSTORE_URL, 100)
    await rename(0) // The projections are through with what that left them.
    if (round < 0) continue
    rounds.push({ p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) })
    bare.push(alone)
  }
  const what = kind === 'idle' ? 'idle' : 'at 200 commands a second'
  report.add({
    id: `visible.${kind}.p50`,
    what: `answer → readable, ${what}, p50`,
    unit: 'ms',
    ours: rounds.map(({ p50 }) => p50),
    beside: { what: 'bare append → subscriber', values: bare, compared: false },
    targets: [{ of: 'ours', most: 1.5 }],
  })
  report.add({
    id: `visible.${kind}.p99`,
    what: `answer → readable, ${what}, p99`,
    unit: 'ms',
    ours: rounds.map(({ p99 }) => p99),
    targets: [{ of: 'ours', most: 10 }],
  })
}

/** ms from an append to its event at a subscriber of the same store: the median. */
async function appendToSubscriber(url: string, count: number): Promise<number> {
  const client = EventStoreDBClient.connectionString(url)
  const stream = `bench-${randomUUID()}`
  const subscription = client.subscribeToStream(stream)
  const seen: (() => void)[] = []
  subscription.on('data', () => seen.shift()?.())
  const lags: number[] = []
  for (let n = 0; n < count; n++) {
    const start = performance.now()
    const arrived = new Promise<void>((resolve) => seen.push(resolve))
    await client.appendToStream(stream, jsonEvent({ type: 'Bare', data: { n } }), {
      expectedRevision: n === 0 ? NO_STREAM : BigInt(n - 1),
    })
    await arrived
    lags.push(performance.now() - start)
  }
  await subscription.unsubscribe()
  await client.dispose()
  return quantile(lags, 0.5)
}
