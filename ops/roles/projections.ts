import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Projection from '../../domain/projection.ts'
import { projections } from '../../projections/all.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { type GroupOptions, runGroup } from '../../projections/engine/group.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { retired } from '../../projections/retired/all.ts'
import type { Command } from '../embedded/launch.ts'
import { programOf } from '../embedded/program.ts'
import { masterKeysOf } from '../platform/config.ts'
import type { BuildOrder } from './orderedBuild.ts'
import type { Connections } from './connections.ts'

/** What another release, or a spec, does otherwise. */
interface Release extends Pick<GroupOptions, 'followedFromStart'> {
  /** The versions to show. */
  shown?: readonly AnyProjection[]
  /** Those before them that can still be folded. */
  former?: readonly AnyProjection[]
  /** Builds all of them: see `buildToOrder`. */
  program?: Command
}

/** A core is taken from nobody who serves. */
const niceness = 19

/** Follows the log for the read models, or stands by. */
export function runProjections(
  { config, store, log, lifecycle }: Connections,
  { shown = projections, former = retired, program = programOf('ops/roles/buildChild.ts'), ...bounds }: Release = {},
): void {
  const signal = lifecycle.stopping
  const builds = new Builds(inChild(config, program), log, signal)
  const running = runGroup({
    ...bounds,
    databaseUrl: config.DATABASE_URL,
    store,
    projections: shown,
    retired: former,
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
  (config: Connections['config'], [program, ...args]: Command): Build =>
  async (versions, signal) => {
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] })
    // At once: threads that it has by then keep what they had.
    if (child.pid !== undefined) setPriority(child.pid, niceness)
    const stop = () => child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    const order: BuildOrder = {
      databaseUrl: config.DATABASE_URL,
      eventStoreUrl: config.EVENTSTORE_URL,
      ...masterKeysOf(config),
      logLevel: config.LOG_LEVEL,
      versions,
    }
    child.stdin.on('error', () => undefined) // It ended at once, which is told below.
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const [code] = (await once(child, 'exit')) as [number | null]
    signal.removeEventListener('abort', stop)
    if (code !== 0) throw new Error(`The build's process ended with ${code ?? 'a signal'}`)
  }
