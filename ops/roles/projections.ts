import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Projection from '../../domain/projection.ts'
import { projections } from '../../projections/all.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { runGroup } from '../../projections/engine/group.ts'
import { retired } from '../../projections/retired/all.ts'
import { typescript } from '../embedded/typescriptChild.ts'
import type { BuildOrder } from './buildChild.ts'
import type { Connections } from './connections.ts'

/** Follows the log for the read models, or stands by. */
export function runProjections({ config, store, log, lifecycle }: Connections): void {
  const signal = lifecycle.stopping
  const builds = new Builds(inChild(config), log, signal)
  const running = runGroup({
    databaseUrl: config.DATABASE_URL,
    store,
    projections,
    retired,
    builds,
    promotes: config.PROJECTIONS_PROMOTE,
    onPromoted: (name, version, previous_version) => {
      const promoted_at = new Date().toISOString()
      const promoted = Projection.promote({
        version,
        ...(previous_version !== undefined && { previous_version }),
        promoted_at,
      })
      return handle(store, Projection, name, promoted, systemIntent('projections', name, String(version), promoted_at))
    },
    log,
    signal,
  })
  lifecycle.onStop('projections', () => running)
  lifecycle.onStop('builds', () => builds.settled())
}

/** A build takes a core, and not the event loop of whoever serves. */
const inChild =
  (config: Connections['config']): Build =>
  async (versions, signal) => {
    const [program, ...args] = typescript('../roles/buildChild.ts')
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] })
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    const order: BuildOrder = {
      databaseUrl: config.DATABASE_URL,
      eventStoreUrl: config.EVENTSTORE_URL,
      secret: config.DATA_ENCRYPTION_KEY,
      logLevel: config.LOG_LEVEL,
      versions,
    }
    child.stdin.on('error', () => undefined) // It ended at once, which is told below.
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const [code] = (await once(child, 'exit')) as [number | null]
    signal.removeEventListener('abort', stop)
    if (code !== 0) throw new Error(`The build's process ended with ${code ?? 'a signal'}`)
  }
