import { setTimeout as delay } from 'node:timers/promises'
import { erasedBy, personalFields } from '../../domain/events.ts'
import { opensItsLog } from '../keeping/logKey.ts'
import { type Bus, connectBus } from '../platform/bus.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import { connectDatabase, type Database, isAway } from '../platform/database.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import type { EventStore } from '../platform/eventStore.ts'
import type { Lifecycle } from '../platform/lifecycle.ts'
import type { Log } from '../platform/log.ts'
import { migrate, migrationsDirectory } from '../platform/migrations.ts'
import { WrongMasterKey } from '../platform/sealing.ts'
import { connectObjects, type Objects, type ObjectsOptions } from '../platform/objects.ts'

/** Everything outside the process that a role may talk to. */
export interface Connections {
  config: Config
  store: EventStore
  database: Database
  bus: Bus
  objects: Objects
  log: Log
  lifecycle: Lifecycle
}

/** Opens what the configuration names. Servers that are away are waited for; a migration that fails is not. */
export async function openConnections(config: Config, log: Log, lifecycle: Lifecycle): Promise<Connections> {
  const signal = lifecycle.stopping
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields, erasedBy })
  lifecycle.onStop('event store', () => store.close())
  const database = connectDatabase({
    url: config.DATABASE_URL,
    maxConnections: config.DATABASE_MAX_CONNECTIONS,
    // A pool that ends does not wait for its sockets: while stopping, a server that goes first is no news.
    onError: (error) => log[signal.aborted ? 'debug' : 'warn']({ error: error.message }, 'a database connection broke'),
  })
  lifecycle.onStop('database', () => database.end())
  const objects = connectObjects(objectsIn(config))
  const [bus] = await Promise.all([
    connectBus({ url: config.NATS_URL, onStatus: (status) => log.debug({ status }, 'nats') }),
    whenUp('postgres', isAway, log, signal, async () => {
      const applied = await migrate(config.DATABASE_URL, migrationsDirectory)
      if (applied.length > 0) log.info({ applied }, 'migrated')
    }),
    whenUp(
      's3',
      () => true,
      log,
      signal,
      () => objects.prepare(),
    ),
    whenUp(
      'event store',
      (error) => !(error instanceof WrongMasterKey),
      log,
      signal,
      () => opensItsLog(store),
    ),
  ])
  lifecycle.onStop('nats', () => bus.close())
  return { config, store, database, bus, objects, log, lifecycle }
}

/** Where objects are. */
export const objectsIn = (config: Config): ObjectsOptions => ({
  endpoint: config.S3_ENDPOINT,
  bucket: config.S3_BUCKET,
  region: config.S3_REGION,
  pathStyle: config.S3_PATH_STYLE,
  accessKey: config.S3_ACCESS_KEY,
  secretKey: config.S3_SECRET_KEY,
})

/** Start-up order does not matter: what is away is asked again until it answers. */
async function whenUp(
  name: string,
  mayPass: (error: unknown) => boolean,
  log: Log,
  signal: AbortSignal,
  act: () => Promise<unknown>,
): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      await act()
      return
    } catch (error) {
      if (signal.aborted || !mayPass(error)) throw error
      log.warn({ error: (error as Error).message }, `waiting for ${name}`)
      await delay(Math.min(50 * 2 ** failures, 2000), undefined, { signal })
    }
  }
}
