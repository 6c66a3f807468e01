import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeAdmin } from '../ops/admins/making.ts'
import type { Config } from '../ops/platform/config.ts'
import { attachedConfig } from '../ops/roles/environment.ts'
import { eventually } from './eventually.ts'

const root = new URL('..', import.meta.url).pathname

export interface Running {
  process: ChildProcess
  url: string
  output: () => string
  /** SIGTERM, and its exit code. */
  stop: () => Promise<number | null>
  /** kill -9; resolves when it is gone. */
  kill: () => Promise<void>
}

export interface Ended {
  code: number | null
  output: string
}

/** The environment of the specs without what would point a process at other servers. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return { PATH, HOME, TMPDIR, BIND_ADDR: '127.0.0.1:0', LOG_LEVEL: 'warn', ...more }
}

/** What a process is given that is to use servers which run already: all that is required then. */
export function outsideServers(config: Config): Record<string, string> {
  const names = [
    ...['EVENTSTORE_URL', 'DATABASE_URL', 'NATS_URL', 'S3_ENDPOINT', 'POSTGRES_USER', 'POSTGRES_PASSWORD'],
    ...['POSTGRES_DB', 'MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'JWT_SECRET'],
    ...['JWT_REFRESH_SECRET', 'DATA_ENCRYPTION_KEY', 'INITIAL_ADMIN_EMAIL', 'INITIAL_ADMIN_PASSWORD'],
  ] as (keyof Config)[]
  return {
    ...Object.fromEntries(names.map((name) => [name, String(config[name])])),
    CORS_ALLOWED_ORIGINS: 'http://localhost:3000',
  }
}

const product = [join(root, 'ops/run.mjs')]

function start(
  args: string[],
  more: Record<string, string>,
  entry: string[] = product,
): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [...entry, ...args], {
    cwd: root,
    env: environment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { child, output: () => text }
}

/** `npm start` as a user runs it, ready to answer. */
export async function startProcess(
  dataDir: string,
  { args = ['up'], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Promise<Running> {
  const { child, output } = start(args, { DATA_DIR: dataDir, ...env })
  const exited = once(child, 'exit')
  const url = await eventually(() => {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}:\n${output()}`)
    const server = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as { url: string; pid: number }
    if (server.pid !== child.pid) throw new Error(`not ready:\n${output()}`)
    return server.url
  }, 30_000)
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const [code] = (await exited) as [number | null]
    return code
  }
  return { process: child, url, output, stop: () => end('SIGTERM'), kill: async () => void (await end('SIGKILL')) }
}

export interface Launched {
  pid: number
  /** So far. */
  output: () => string
  ended: Promise<Ended>
  /** SIGTERM, and its exit code. */
  stop: () => Promise<number | null>
  /** kill -9; resolves when it is gone. */
  kill: () => Promise<void>
}

/**
 * Starts a command, or a role that serves no API and so says nowhere when it is ready.
 * @param entry what Node runs instead of the product's own
 */
export function launch(args: string[], env: Record<string, string>, entry?: string[]): Launched {
  const { child, output } = start(args, env, entry)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output: output() }))
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return (await ended).code
  }
  return { pid: child.pid!, output, ended, stop: () => end('SIGTERM'), kill: async () => void (await end('SIGKILL')) }
}

/** Runs a command to its end. */
export const runProcess = (args: string[], env: Record<string, string>, entry?: string[]): Promise<Ended> =>
  launch(args, env, entry).ended

const admins = new Map<string, Promise<{ email: string; password: string }>>()

/** A super_admin of the installation on this folder, made by the first who asks while it runs, as an operator makes one. */
export function adminCredentials(dataDir: string): Promise<{ email: string; password: string }> {
  let made = admins.get(dataDir)
  if (!made) {
    const config = attachedConfig({ DATA_DIR: dataDir })!
    made = makeAdmin(config, { email: 'operator@example.test', name: 'Operator', mustChangePassword: false })
    admins.set(dataDir, made)
  }
  return made
}

/** From `DATA_DIR/bootstrap-credentials.txt`: its password has to be changed before anything else. */
export function bootstrapCredentials(dataDir: string): { email: string; password: string } {
  const [, email, password] = /^email: (.*)\npassword: (.*)\n$/.exec(
    readFileSync(join(dataDir, 'bootstrap-credentials.txt'), 'utf8'),
  )!
  return { email: email!, password: password! }
}
