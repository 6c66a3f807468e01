import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { Command } from 'commander'
import { config as loadDotenv } from 'dotenv'
import { addAdminCommands } from './admins/commands.ts'
import { addAuditCommands } from './audit/commands.ts'
import { addDeployCommands } from './deploy/commands.ts'
import { addEventCommands } from './events/commands.ts'
import { addFacilityCommands } from './facilities/commands.ts'
import { refuseHalfImported } from './facilities/prepared.ts'
import { addKeepingCommands } from './keeping/commands.ts'
import { addStorageCommands } from './storage/commands.ts'
import { addProjectionCommands } from './projections/commands.ts'
import { createLifecycle, type Lifecycle } from './platform/lifecycle.ts'
import { createLog, type Log } from './platform/log.ts'
import type { Config } from './platform/config.ts'
import { root } from './platform/root.ts'
import { fingerprintOf } from './platform/sealing.ts'
import type { Connections } from './roles/connections.ts'
import { attachedConfig, checkedConfig, dataDirOf, startEmbedded } from './roles/environment.ts'

// The one place that reads the environment; `.env` fills in what it does not set.
loadDotenv({ quiet: true })
const environment = process.env
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

type Role = 'api' | 'projections' | 'workers'

const program = new Command('xylolabs-api')
  .description('The Xylolabs API: an event-sourced backend for a fleet of sound sensors.')
  .version(version)

program
  .command('up', { isDefault: true })
  .description('run everything in one process, on the embedded stack for every server that is not configured')
  .action(async () => void (await run(['api', 'projections', 'workers'])))
for (const [role, description] of [
  ['api', 'answer HTTP requests only'],
  ['projections', 'build and follow the read models only, or stand by'],
  ['workers', 'dispatch and work on jobs only'],
] as const)
  program
    .command(role)
    .description(description)
    .action(async () => void (await run([role])))

program
  .command('migrate')
  .description('apply the migrations that are missing, and stop')
  .action(async () => {
    const { migrate, migrationsDirectory } = await import('./platform/migrations.ts')
    await withServers(async ({ DATABASE_URL }) => {
      const applied = await migrate(DATABASE_URL, migrationsDirectory)
      for (const file of applied) console.log(`applied ${file}`)
      if (applied.length === 0) console.log('nothing to apply')
    })
  })

program
  .command('migrations:check')
  .description(
    'for who writes migrations: their order, what the release before could not go on with, whether they apply',
  )
  .action(async () => {
    const { checkMigrations } = await import('./platform/migrationsCheck.ts')
    const { migrationsDirectory } = await import('./platform/migrations.ts')
    await withServers(async ({ DATABASE_URL }) => {
      const { missing, faults } = await checkMigrations(DATABASE_URL, migrationsDirectory)
      for (const file of missing) console.log(`not applied here yet: ${file}`)
      for (const fault of faults) console.error(fault)
      if (faults.length > 0) process.exitCode = 1
      else console.log('migrations: in order')
    })
  })

program
  .command('schema:dump')
  .description('write migrations/schema.sql from a freshly migrated database')
  .action(async () => {
    const { dumpSchema } = await import('./platform/schemaDump.ts')
    const { migrationsDirectory } = await import('./platform/migrations.ts')
    await withServers(async ({ DATABASE_URL }) => {
      writeFileSync(join(migrationsDirectory, 'schema.sql'), await dumpSchema(DATABASE_URL, migrationsDirectory))
      console.log('wrote migrations/schema.sql')
    })
  })

addProjectionCommands(program, { withServers })
addAuditCommands(program, { withServers })
addAdminCommands(program, { withServers })
addStorageCommands(program, { withServers })
addFacilityCommands(program, { withServers })
addDeployCommands(program, { environment })

addEventCommands(program, {
  folder: () => (environment['EVENTSTORE_URL'] ? undefined : join(dataDirOf(environment), 'eventstore')),
  withEventStore: (act) => withServers(({ EVENTSTORE_URL }) => act(EVENTSTORE_URL)),
})

addKeepingCommands(program, {
  dataDir: () => {
    for (const name of ['EVENTSTORE_URL', 'S3_ENDPOINT'])
      if (environment[name]) throw new Error(`${name} names a server of its own: see docs/deployment.md, Backups`)
    return dataDirOf(environment)
  },
  environment,
  withServers,
})

program
  .command('demo')
  .description('send a recording through the whole system, against the running server or one started for it')
  .action(async () => {
    const { demo } = await import('./demo/demo.ts')
    const config = checkedConfig(environment)
    process.exitCode = await demo({
      dataDir: resolve(config.DATA_DIR),
      start: () => run(['api', 'projections', 'workers'], true),
      makeAdmin: async (email, name) => {
        const { makeAdmin } = await import('./admins/making.ts')
        return makeAdmin(attachedConfig(environment) ?? config, { email, name, mustChangePassword: false })
      },
      ffmpegPath: config.FFMPEG_PATH,
      ffprobePath: config.FFPROBE_PATH,
      searchPath: environment['PATH'] ?? '',
    })
    process.exit()
  })

async function run(roles: readonly Role[], quiet = false): Promise<Lifecycle> {
  const level = environment['LOG_LEVEL'] || (quiet ? 'error' : 'info')
  const log = createLog(level)
  const lifecycle = createLifecycle({ log })
  stopOnSignals(lifecycle, log)
  try {
    refuseHalfImported(dataDirOf(environment))
    // The servers start while the code that needs them is loaded.
    const [
      config,
      { openConnections },
      { serveApi },
      { openDoor },
      { runProjections },
      { runAuditChain },
      { runWorkers },
    ] = await Promise.all([
      startEmbedded(environment, log, lifecycle, { inference: roles.includes('workers') }),
      import('./roles/connections.ts'),
      import('./roles/api.ts'),
      import('./server/door.ts'),
      import('./roles/projections.ts'),
      import('./roles/auditChain.ts'),
      import('./roles/workers.ts'),
    ])
    const door = roles.includes('api') ? await openDoor(config.BIND_ADDR, config.defaultBindAddress, log) : undefined
    const opened: { connections?: Connections } = {}
    const [{ openMetrics }, { measured }, { openTraces }] = await Promise.all([
      import('./roles/metrics.ts'),
      import('./roles/measured.ts'),
      import('./roles/traces.ts'),
    ])
    await openTraces(config, { roles, version, log, lifecycle })
    const metrics = await openMetrics(config, () => opened.connections, log, lifecycle)
    const plain = await openConnections(config, log, lifecycle)
    const measuring = metrics && measured(plain, metrics)
    const connections = (opened.connections = measuring?.connections ?? plain)
    if (roles.includes('projections')) runProjections(connections)
    if (roles.includes('projections')) runAuditChain(connections)
    await Promise.all([
      door && serveApi(connections, door, measuring),
      roles.includes('workers') && runWorkers(connections, environment['PATH'] ?? '', metrics),
    ])
    if (door) lifecycle.onStop('http', () => door.close())
    if (door) announce(config, door.port, lifecycle, quiet)
    return lifecycle
  } catch (error) {
    await lifecycle.stop('start failed')
    throw error
  }
}

/** Says where everything is, to people and, in a file beside the data, to the operator's commands. */
function announce(config: Config, port: number, lifecycle: Lifecycle, quiet: boolean) {
  const { DATA_DIR: dataDir, generatedAdmin } = config
  const url = `http://localhost:${port}`
  const file = join(dataDir, 'server.json')
  // The installation that the first start may do is not counted.
  const prepared = performance.getEntriesByName('prepared')[0]?.startTime ?? 0
  const readySecs = (performance.now() - prepared) / 1000
  const key = fingerprintOf(config.DATA_ENCRYPTION_KEY)
  writeFileSync(file, JSON.stringify({ url, pid: process.pid, ready_secs: readySecs, key }), { mode: 0o600 })
  lifecycle.onStop('address', () => rmSync(file, { force: true }))
  if (quiet) return
  const nearby = relative(process.cwd(), resolve(dataDir)) || '.'
  const shown = nearby.startsWith('..') ? resolve(dataDir) : nearby
  console.log(`Xylolabs API ${version} is ready after ${readySecs.toFixed(1)} s`)
  console.log(`  dashboards   ${url}/admin/ and ${url}/app/`)
  console.log(`  API          ${url}/api`)
  console.log(`  readiness    ${url}/health/ready`)
  console.log(`  data         ${shown}`)
  if (generatedAdmin) console.log(`  first login  ${join(shown, 'bootstrap-credentials.txt')}`)
  console.log('  try it       npm run demo')
}

function stopOnSignals(lifecycle: Lifecycle, log: Log) {
  let asked = false
  const stop = (signal: NodeJS.Signals) => {
    if (asked) process.exit(1)
    asked = true
    void lifecycle.stop(signal).then(() => process.exit(0))
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
  // npm's shell dies of a SIGTERM without passing it on: under npm, the end of the parent is a SIGTERM too.
  const parent = process.ppid
  if (environment['npm_lifecycle_event'] !== undefined)
    setInterval(() => void (process.ppid !== parent && !asked && stop('SIGTERM')), 250).unref()
  process.on('unhandledRejection', (error) => {
    if (lifecycle.stopping.aborted) return
    log.fatal({ error }, 'a failure nobody handled')
    process.exitCode = 1
    void lifecycle.stop('unhandled failure').then(() => process.exit(1))
  })
}

/** The servers of a running `up`, or ones started for this command alone. */
async function withServers(act: (config: ReturnType<typeof checkedConfig>) => Promise<void>): Promise<void> {
  const log = createLog(environment['LOG_LEVEL'] || 'error')
  const lifecycle = createLifecycle({ log })
  try {
    await act(attachedConfig(environment) ?? (await startEmbedded(environment, log, lifecycle)))
  } finally {
    await lifecycle.stop('done')
  }
}

program.parseAsync().catch((error: unknown) => {
  console.error(environment['LOG_LEVEL'] === 'debug' ? error : (error as Error).message)
  process.exit(1)
})
