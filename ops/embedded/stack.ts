import { mkdirSync, realpathSync } from 'node:fs'
import { startEventStore } from './eventstore.ts'
import { startInference } from './inference.ts'
import { surveyLaunch } from './launch.ts'
import { takeLock } from './lock.ts'
import { startNats } from './nats.ts'
import { startPostgres } from './postgres.ts'
import { startS3 } from './s3.ts'
import type { Served, Site } from './site.ts'
import { type Addresses, removeStack, writeStack } from './stackFile.ts'
import type { Log } from './supervisor.ts'

export { DataDirInUse } from './lock.ts'
export { readStack, type Addresses, type RunningStack } from './stackFile.ts'

export interface StackOptions {
  dataDir: string
  provide: { eventStore: boolean; database: boolean; bus: boolean; objects: boolean; inference: boolean }
  secrets: {
    postgresPassword: string
    s3AccessKey: string
    s3SecretKey: string
    eventStoreUser: string
    eventStorePassword: string
    natsToken: string
  }
  paths: { natsServer?: string }
  log: Log
}

/** What the servers are given of an installation's secrets. */
export const secretsOfServers = (
  secrets: Record<
    'POSTGRES_PASSWORD' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY' | 'EVENTSTORE_USER' | 'EVENTSTORE_PASSWORD' | 'NATS_TOKEN',
    string
  >,
): StackOptions['secrets'] => ({
  postgresPassword: secrets.POSTGRES_PASSWORD,
  s3AccessKey: secrets.S3_ACCESS_KEY,
  s3SecretKey: secrets.S3_SECRET_KEY,
  eventStoreUser: secrets.EVENTSTORE_USER,
  eventStorePassword: secrets.EVENTSTORE_PASSWORD,
  natsToken: secrets.NATS_TOKEN,
})

export interface Stack {
  addresses: Addresses
  /** By server name: postgres, nats, s3, eventstore, inference. A server that is just being restarted is left out. */
  pids(): Record<string, number>
  stop(): Promise<void>
}

/**
 * Starts the servers asked for, all at once, on loopback ports, with their data in `dataDir`, and resolves when all answer. Call it
 * from the main thread: on Linux the kernel ends the servers with the thread that started them. Throws DataDirInUse when another
 * process runs on this folder; when one server fails, the others are stopped before the error is thrown.
 */
export async function startStack({ dataDir: folder, provide, secrets, paths, log }: StackOptions): Promise<Stack> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const dataDir = realpathSync(folder)
  const release = takeLock(dataDir)
  try {
    removeStack(dataDir)
    const site: Site = { dataDir, log, launch: await surveyLaunch() }
    const s3 = { accessKey: secrets.s3AccessKey, secretKey: secrets.s3SecretKey }
    const login = { user: secrets.eventStoreUser, password: secrets.eventStorePassword }
    const served = await allOrNone({
      DATABASE_URL: provide.database ? startPostgres(site, secrets.postgresPassword) : undefined,
      NATS_URL: provide.bus ? startNats(site, secrets.natsToken, paths.natsServer) : undefined,
      S3_ENDPOINT: provide.objects ? startS3(site, s3) : undefined,
      EVENTSTORE_URL: provide.eventStore ? startEventStore(site, login) : undefined,
      INFERENCE_URL: provide.inference ? startInference(site) : undefined,
    })
    const addresses: Addresses = Object.fromEntries(
      Object.entries(served).map(([name, { address }]) => [name, address]),
    )
    const servers = Object.values(served).map(({ server }) => server)
    writeStack(dataDir, { addresses, s3 })

    let stopped: Promise<void> | undefined
    const stop = async () => {
      removeStack(dataDir)
      await Promise.all(servers.map((server) => server.stop()))
      release()
    }
    return {
      addresses,
      pids: () =>
        Object.fromEntries(
          servers.flatMap((server) => (server.pid() === undefined ? [] : [[server.name, server.pid()!]])),
        ),
      stop: () => (stopped ??= stop()),
    }
  } catch (error) {
    release()
    throw error
  }
}

/** Those that are there, by name; a start that resolves with nothing has nothing to serve. */
async function allOrNone(
  starts: Record<string, Promise<Served | undefined> | undefined>,
): Promise<Record<string, Served>> {
  const outcomes = await Promise.allSettled(
    Object.entries(starts).map(async ([name, start]) => [name, await start] as const),
  )
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  const running = outcomes.flatMap((outcome) => {
    const [name, served] = outcome.status === 'fulfilled' ? outcome.value : []
    return name !== undefined && served ? [[name, served] as const] : []
  })
  if (failed) {
    await Promise.all(running.map(([, { server }]) => server.stop()))
    throw failed.reason
  }
  return Object.fromEntries(running)
}
