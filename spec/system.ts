import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Express } from 'express'
import { secretsOfServers, type Stack, startStack } from '../ops/embedded/stack.ts'
import { makeAdmin } from '../ops/admins/making.ts'
import { type Config, readConfig } from '../ops/platform/config.ts'
import { createLifecycle, type Lifecycle } from '../ops/platform/lifecycle.ts'
import { createLog } from '../ops/platform/log.ts'
import { loadSecrets } from '../ops/platform/secrets.ts'
import { serveApi } from '../ops/roles/api.ts'
import { type Connections, openConnections } from '../ops/roles/connections.ts'
import { runAuditChain } from '../ops/roles/auditChain.ts'
import { runProjections } from '../ops/roles/projections.ts'
import { runWorkers } from '../ops/roles/workers.ts'
import { openDoor } from '../ops/server/door.ts'
import { after, type Answered, type Api, apiOf } from './api.ts'
import { eventually } from './eventually.ts'

/** Everything, really running, in this process: the embedded servers, the API, the projections and the workers. */
export interface System extends Connections {
  stack: Stack
  url: string
  /** What serves there. */
  app: Express
  dataDir: string
  /** As the first super_admin. */
  admin: Api
  /** With other credentials, or none. */
  as: (headers: Record<string, string>) => Api
}

export const specLog = createLog(process.env['SPEC_LOG'] ?? 'silent')

/** @param inference whether models can be run; most specs need none */
export async function startServers(
  dataDir: string,
  environment: Record<string, string> = {},
  { inference = false } = {},
): Promise<{ stack: Stack; config: Config }> {
  const secrets = loadSecrets(dataDir)
  const stack = await startStack({
    dataDir,
    provide: { eventStore: true, database: true, bus: true, objects: true, inference },
    secrets: secretsOfServers(secrets),
    paths: {},
    log: ({ level, msg, ...details }) => specLog[level](details, msg),
  })
  return { stack, config: configOn(dataDir, { ...secrets, ...stack.addresses }, environment) }
}

function configOn(dataDir: string, provided: Record<string, string>, environment: Record<string, string>): Config {
  const given = {
    DATA_DIR: dataDir,
    BIND_ADDR: '127.0.0.1:0',
    CORS_ALLOWED_ORIGINS: 'http://localhost:3000',
    // One admin asks for all specs.
    RATE_LIMIT_PER_MINUTE: '0',
    // Nor does that admin log in again on a machine that takes long for all of them.
    JWT_ACCESS_TTL_SECS: '7200',
    ...environment,
  }
  return readConfig(given, provided)
}

export const temporaryDataDir = () => mkdtempSync(join(tmpdir(), 'xylolabs-spec-'))

/**
 * By TEST_EVENTSTORE_URL, TEST_DATABASE_URL, TEST_NATS_URL, TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY and TEST_S3_SECRET_KEY: servers that
 * nobody else uses, such as those of docker-compose.test.yml, for the system that the spec files share. Without: the embedded stack.
 */
const testServers = /^TEST_(EVENTSTORE_URL|DATABASE_URL|NATS_URL|S3_ENDPOINT|S3_ACCESS_KEY|S3_SECRET_KEY)$/
const otherServers = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    testServers.test(name) ? [[name.slice('TEST_'.length), value!]] : [],
  ),
)
export const onOtherServers = Object.keys(otherServers).length > 0
/** What stops the servers of the shared system, or looks into their files. */
export const onEmbeddedOnly = (title: string, test: Mocha.AsyncFunc): Mocha.Test =>
  onOtherServers ? it.skip(title, test) : it(title, test)

/** The same as `startServers` gives, of servers that are there. */
function useOtherServers(dataDir: string, environment: Record<string, string>): ReturnType<typeof startServers> {
  const stack = { addresses: {}, pids: () => ({}), stop: () => Promise.resolve() }
  const config = configOn(dataDir, loadSecrets(dataDir), { ...environment, ...otherServers })
  return Promise.resolve({ stack, config })
}

let running: Promise<{ system: System; lifecycle: Lifecycle }> | undefined

/** The one system that the spec files share, started by the first that asks; each makes facilities of its own in it. */
export const theSystem = async (): Promise<System> =>
  (await (running ??= startSystem(onOtherServers ? useOtherServers : startServers))).system

/** One of its own, for what looks at all that a system has; whoever starts it stops it. */
export async function startSystem(
  servers: (dataDir: string, environment: Record<string, string>) => ReturnType<typeof startServers> = startServers,
): Promise<{ system: System; lifecycle: Lifecycle }> {
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const { stack, config } = await servers(dataDir, { UPLOAD_MAX_SIZE: String(2 * 1024 * 1024) })
  lifecycle.onStop('stack', () => stack.stop())
  const door = await openDoor(config.BIND_ADDR, false, specLog)
  const connections = await openConnections(config, specLog, lifecycle)
  runProjections(connections)
  runAuditChain(connections)
  await runWorkers(connections, process.env['PATH'] ?? '')
  let app: RequestListener | undefined
  const open = (opened: RequestListener) => door.open((app = opened))
  await serveApi(connections, { ...door, open })
  lifecycle.onStop('http', () => door.close())
  const url = `http://127.0.0.1:${door.port}`
  const as = (headers: Record<string, string>) => apiOf(url, headers)
  const admin = await newAdmin(config, url)
  return { system: { ...connections, stack, url, dataDir, admin, as, app: app as Express }, lifecycle }
}

/** Another instance of the API on the same servers, with other settings where they are given. */
export async function anotherInstance(
  { config }: System,
  more: Partial<Config> = {},
): Promise<{ url: string; stop: () => Promise<void> }> {
  const lifecycle = createLifecycle({ log: specLog })
  const door = await openDoor('127.0.0.1:0', false, specLog)
  const connections = await openConnections({ ...config, ...more }, specLog, lifecycle)
  await serveApi(connections, door)
  lifecycle.onStop('http', () => door.close())
  return { url: `http://127.0.0.1:${door.port}`, stop: () => lifecycle.stop('over') }
}

/** A super_admin of this log, made as an operator makes one; the first one has to change the password before anything else. */
export async function newAdmin(config: Config, url: string): Promise<Api> {
  const wanted = { email: `${unique('admin')}@example.test`, name: 'Admin', mustChangePassword: false }
  const { email, password } = await makeAdmin(config, wanted)
  return logIn(url, email, password)
}

export async function logIn(url: string, email: string, password: string): Promise<Api> {
  const body = await granted(() => apiOf(url).post('/api/auth/login', { email, password }))
  return apiOf(url, { Authorization: `Bearer ${body.access_token}` })
}

/** Logs in with a password that must be changed, and goes on in that session with the new one. */
export async function firstLogin(
  url: string,
  { email, password }: { email: string; password: string },
  new_password: string,
): Promise<Api> {
  const first = await granted(() => apiOf(url).post('/api/auth/login', { email, password }))
  const session = apiOf(url, { Authorization: `Bearer ${first.access_token}` })
  const change = { current_password: password, new_password }
  const changed = await grantedAnswer(() => session.post('/api/auth/change-password', change))
  const { refresh_token } = first
  const { access_token } = await granted(() => apiOf(url).post('/api/auth/refresh', { refresh_token }))
  const api = apiOf(url, { Authorization: `Bearer ${access_token}` })
  // Read models follow a moment later: what was made up to here is there for whoever goes on.
  await granted(() => api.get('/api/auth/me', after(changed)))
  return api
}

const granted = async (ask: () => Promise<Answered>): Promise<any> => (await grantedAnswer(ask)).body

/** What was answered, asked for again while the platform is away (503); throws at every other refusal. */
async function grantedAnswer(ask: () => Promise<Answered>): Promise<Answered> {
  const answer = await eventually(async () => {
    const given = await ask()
    if (given.status === 503) throw new Error(`away: ${given.bytes.toString()}`)
    return given
  })
  if (answer.status >= 400) throw new Error(`refused: ${answer.bytes.toString()}`)
  return answer
}

/** Called by mocha once, after the last spec. */
export async function stopTheSystem(): Promise<void> {
  if (!running) return
  const { system, lifecycle } = await running
  await lifecycle.stop('specs are over')
  rmSync(system.dataDir, { recursive: true, force: true })
}

export const unique = (prefix: string) => `${prefix}-${randomBytes(4).toString('hex')}`

/** A facility with a device and a key of it, and people of every role. */
export async function newFacility({ admin, url, as }: Pick<System, 'admin' | 'url' | 'as'>) {
  const create = (path: string, body: object) => granted(() => admin.post(path, body))
  const facility = await create('/api/v1/facilities', { name: unique('Plant'), code: unique('plant') })
  const device = await create('/api/v1/devices', {
    facility_id: facility.id,
    name: 'Mic',
    serial: unique('S'),
    model: 'xs-1',
  })
  const issued = await create('/api/v1/api-keys', {
    name: 'key',
    facility_id: facility.id,
    device_id: device.id,
    scopes: ['upload'],
  })
  const person = async (role: 'facility_admin' | 'user') => {
    const email = `${unique(role.replace('_', '-'))}@example.test`
    const [first, password] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')]
    const { id } = await create('/api/v1/users', {
      ...{ email, password: first, name: role, role },
      facility_id: facility.id,
    })
    return { id: id as string, email, password, api: await firstLogin(url, { email, password: first }, password) }
  }
  return {
    id: facility.id as string,
    device: device as { id: string; serial: string },
    key: issued as { id: string; api_key: string },
    sensor: as({ 'X-API-Key': issued.api_key }),
    facilityAdmin: await person('facility_admin'),
    user: await person('user'),
  }
}
