import pg from 'pg'
import { Hopeless } from './child.ts'
import { unprivileged } from './launch.ts'
import { endLeftover } from './leftovers.ts'
import { onFreePort } from './ports.ts'
import { postgresBinaries } from './postgresBinaries.ts'
import { preparedFolder } from './postgresFolder.ts'
import type { Served, Site } from './site.ts'
import { supervise } from './supervisor.ts'

const NAME = 'postgres'
const USER = 'xylolabs'
const DATABASE = 'xylolabs'
// Recovery after a crash replays the log since the last checkpoint: at most a gigabyte with the default max_wal_size.
const READY_WITHIN_MS = 120_000

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  shared_buffers: '128MB',
  max_connections: '200',
  fsync: 'on',
  // Nobody replicates it: what a build fills in one transaction need not be written twice.
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Never worth its start-up cost on the short queries of this product.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'xylolabs',
}

/** Postgres with its files in `DATA_DIR/postgres` and the database `xylolabs`; resolves when that database answers. */
export async function startPostgres(site: Site, password: string): Promise<Served> {
  const binaries = postgresBinaries()
  await endLeftover(site.dataDir, NAME, site.log)
  const folder = await preparedFolder(site, binaries, password)
  const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`])

  return onFreePort(async (port) => {
    const url = (database: string) => `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
    const program = {
      name: NAME,
      dataDir: site.dataDir,
      ...unprivileged(site.launch, [binaries.postgres, '-D', folder, '-p', String(port), ...settings]),
      ready: () => answers(url),
      readyWithinMs: READY_WITHIN_MS,
    }
    return { server: await supervise(program, site.log), address: url(DATABASE) }
  })
}

async function answers(url: (database: string) => string): Promise<void> {
  try {
    await query(url(DATABASE), 'select 1')
  } catch (error) {
    switch ((error as { code?: string }).code) {
      case '3D000': // no such database: a cluster just made
        return query(url('postgres'), `create database ${DATABASE}`)
      case '28P01': // wrong password
        throw new Hopeless(
          'DATA_DIR/postgres was made with another password than secrets.json has: restore that file, or delete the folder',
        )
      default:
        throw error
    }
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end().catch(() => {})
  }
}
