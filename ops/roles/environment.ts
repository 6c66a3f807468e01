import { resolve } from 'node:path'
import { refuseHalfRestored } from '../embedded/restoreMark.ts'
import { secretsOfServers, readStack, startStack } from '../embedded/stack.ts'
import { addresses, type Config, readConfig } from '../platform/config.ts'
import type { Lifecycle } from '../platform/lifecycle.ts'
import type { Log } from '../platform/log.ts'
import { loadSecrets } from '../platform/secrets.ts'

type Environment = NodeJS.ProcessEnv
type Provided = Record<string, string>

const isSet = (environment: Environment, name: string) => (environment[name] ?? '') !== ''

/** The addresses nobody gave: the embedded stack provides them. */
const missing = (environment: Environment) => addresses.filter((name) => !isSet(environment, name))

/** Everything required is generated only when all servers are our own; whoever brings one, brings the secrets. */
function generated(environment: Environment, dataDir: string): Provided {
  const needed = missing(environment)
  if (needed.length === 0) return {}
  const secrets = loadSecrets(dataDir)
  const placeholders = Object.fromEntries(needed.map((name) => [name, 'http://embedded']))
  if (needed.length < addresses.length) {
    const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, S3_ACCESS_KEY, S3_SECRET_KEY } = secrets
    return {
      ...placeholders,
      ...(needed.includes('DATABASE_URL') && { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB }),
      ...(needed.includes('S3_ENDPOINT') && { S3_ACCESS_KEY, S3_SECRET_KEY }),
    }
  }
  return {
    CORS_ALLOWED_ORIGINS: 'http://localhost:3000,http://127.0.0.1:3000,http://localhost:5173,http://localhost:5174',
    ...secrets,
    ...placeholders,
  }
}

/** The configuration alone, with placeholders for servers that are not started: what is wrong with it is said before anything starts. */
export function checkedConfig(environment: Environment): Config {
  return readConfig(environment, generated(environment, dataDirOf(environment)))
}

export const dataDirOf = (environment: Environment) =>
  resolve(isSet(environment, 'DATA_DIR') ? environment['DATA_DIR']! : './data')

/**
 * Starts the servers that the environment does not name, and gives the configuration that names them all.
 * @param inference whether models are to be run here too
 */
export async function startEmbedded(
  environment: Environment,
  log: Log,
  lifecycle: Lifecycle,
  { inference = false } = {},
): Promise<Config> {
  refuseHalfRestored(dataDirOf(environment))
  const config = checkedConfig(environment)
  const needed = missing(environment)
  if (needed.length === 0) return config
  const secrets = loadSecrets(config.DATA_DIR)
  const stack = await startStack({
    dataDir: config.DATA_DIR,
    provide: {
      eventStore: needed.includes('EVENTSTORE_URL'),
      database: needed.includes('DATABASE_URL'),
      bus: needed.includes('NATS_URL'),
      objects: needed.includes('S3_ENDPOINT'),
      inference,
    },
    secrets: secretsOfServers({ ...secrets, ...config }),
    paths: config.NATS_SERVER_PATH === undefined ? {} : { natsServer: config.NATS_SERVER_PATH },
    log: ({ level, msg, ...details }) => log[level](details, msg),
  })
  lifecycle.onStop('embedded stack', () => stack.stop())
  return readConfig(environment, { ...generated(environment, config.DATA_DIR), ...stack.addresses })
}

/** For operator commands: the servers of a running `up` on this DATA_DIR, else undefined. */
export function attachedConfig(environment: Environment): Config | undefined {
  const dataDir = dataDirOf(environment)
  const running = missing(environment).length === 0 ? { addresses: {} } : readStack(dataDir)
  return running && readConfig(environment, { ...generated(environment, dataDir), ...running.addresses })
}
