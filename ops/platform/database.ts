import { readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import createKnex, { type Knex } from 'knex'
import pg from 'pg'

export type Database = pg.Pool

// Positions and counts come back as numbers where they fit and stay exact text where they may not.
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text))
types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => new Date(text).toISOString())

export interface DatabaseOptions {
  url: string
  maxConnections: number
  onError: (error: Error) => void
}

/** A pool that outlives a Postgres that goes away: broken connections are reported and replaced. */
export function connectDatabase({ url, maxConnections, onError }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    types,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  })
  pool.on('error', onError)
  return pool
}

/** A connection of its own, for what a pool cannot hold: an advisory lock, LISTEN. */
export async function connectAlone(url: string, onError: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, types, connectionTimeoutMillis: 5000, keepAlive: true })
  client.on('error', onError)
  await client.connect()
  const niceness = getPriority()
  if (niceness > 0) await giveWay(client, niceness)
  return client
}

/**
 * What a process that gives way to others has done by Postgres gives way too, where Postgres runs beside it. It gets no helpers for its
 * queries: those would not.
 */
async function giveWay(client: pg.Client, niceness: number): Promise<void> {
  const { rows } = await client.query<{ pid: number }>(
    `select pg_backend_pid() as pid, set_config('max_parallel_workers_per_gather', '0', false),
            set_config('max_parallel_maintenance_workers', '0', false)`,
  )
  const { pid } = rows[0]!
  try {
    const isPostgres = readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('postgres: ')
    if (!isPostgres) return
    setPriority(pid, niceness)
    // Its backends are sessions of their own, and Linux may share the processor between sessions first.
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness))
  } catch {
    // It runs elsewhere, is not ours to slow down, or there are no such groups.
  }
}

/** knex builds the queries of the read side; they run on the pool. */
export const queryBuilder: Knex = createKnex({ client: 'pg' })

/** Runs a knex query on the pool. */
export async function rowsOf<Row>(database: Database, query: Knex.QueryBuilder | Knex.Raw): Promise<Row[]> {
  const { sql, bindings } = query.toSQL().toNative()
  return (await database.query(sql, bindings as unknown[])).rows as Row[]
}

const away = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
  '08003',
  '53300',
])

/** Whether an error means that Postgres is away or starting, so that asking again later may help. */
export function isAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string }
  return (
    (code !== undefined && away.has(code)) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(message ?? '')
  )
}
