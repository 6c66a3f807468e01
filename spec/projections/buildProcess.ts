import { once } from 'node:events'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { personalFields } from '../../domain/events.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { projections } from '../../projections/all.ts'
import { build } from '../../projections/engine/build.ts'
import { nextVersionsOf } from './nextVersions.ts'
import { specLog } from '../system.ts'

export interface Order {
  databaseUrl: string
  eventStoreUrl: string
  secret: string
  /** The process kills itself instead of sending this one of its statements to Postgres. */
  dieAt: number
}

// A build in a process of its own, which ends by SIGKILL at a place that can be named. Says how many statements it took.
const [line] = (await once(createInterface(process.stdin), 'line')) as [string]
const { databaseUrl, eventStoreUrl, secret, dieAt } = JSON.parse(line) as Order

let statements = 0
const send = pg.Client.prototype.query as (this: pg.Client, ...args: unknown[]) => unknown
pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
  if (statements++ === dieAt) process.kill(process.pid, 'SIGKILL')
  return send.apply(this, args)
} as typeof pg.Client.prototype.query

const store = connectEventStore({ url: eventStoreUrl, secret, personalFields })
const next = nextVersionsOf('facilities', 'uploads')
await build({
  databaseUrl,
  store,
  read: () => store.readAll(undefined),
  projections: [...projections, ...next],
  versions: next.map(({ name, version }) => `${name}@${version}`),
  log: specLog,
  signal: new AbortController().signal,
})
await store.close()
process.stdout.write(JSON.stringify({ statements }))
process.exit()
