import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { projections } from '../../projections/all.ts'
import { createLifecycle, type Lifecycle } from '../platform/lifecycle.ts'
import type { Config } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { migrate, migrationsDirectory } from '../platform/migrations.ts'
import { loadSecrets } from '../platform/secrets.ts'
import { startEmbedded } from '../roles/environment.ts'
import type { Session } from './bench.ts'

/** The embedded stack on a folder of the bench, its log filled, its tables made, and nobody at work on it. */
export interface Installation {
  readonly dataDir: string
  readonly config: Config
  readonly events: number
  stop(): Promise<void>
}

/** @param seed of what the log is filled with: see `generate` */
export async function install(
  { scratch, progress, options }: Session,
  { name, events }: { name: string; events: number },
): Promise<Installation> {
  const dataDir = path.join(scratch.folder, name)
  const step = progress.step(`a log of ${events} events`, 1)
  loadSecrets(dataDir)
  const seed = String(options['seed'])
  await (await scratch.start({ file: 'ops/bench/fill.ts', args: [dataDir, seed, String(events)] })).end()
  step.end()
  const log = createLog('warn')
  const lifecycle: Lifecycle = createLifecycle({ log })
  const config = await startEmbedded({ DATA_DIR: dataDir, LOG_LEVEL: 'warn' }, log, lifecycle)
  await migrate(config.DATABASE_URL, migrationsDirectory)
  return { dataDir, config, events, stop: () => lifecycle.stop('measured') }
}

/** Until readers see all read models in the version that is `ahead` of today's by so many, followed live. */
export async function shown(database: pg.Client, ahead = 0): Promise<void> {
  for (;;) {
    const { rows } = await database.query<{ key: string }>(
      `select name || '@' || version as key from projections where serving and state = 'live'`,
    )
    const live = new Set(rows.map(({ key }) => key))
    if (projections.every(({ name, version }) => live.has(`${name}@${version + ahead}`))) return
    await delay(20)
  }
}

const folder = new URL('./peers/', import.meta.url).pathname

/** What ours is measured beside is installed beside the benches, by the first that needs it. */
export function installPeers({ progress }: Session): void {
  progress.say('… the peers: npm ci in ops/bench/peers')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci in ops/bench/peers failed: see above')
}
