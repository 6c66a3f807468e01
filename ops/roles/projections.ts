import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Projection from '../../domain/projection.ts'
import { projections } from '../../projections/all.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { type GroupOptions, runGroup } from '../../projections/engine/group.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { retired } from '../../projections/retired/all.ts'
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
  /** Builds all of them: see `buildToOrder`. A source, from the folder of package.json. */
  program?: string
}

const buildChild = 'ops/roles/buildChild.ts'

/** Follows the log for the read models, or stands by. */
export function runProjections(
  { config, store, log, lifecycle }: Connections,
  { shown = projections, former = retired, program = buildChild, ...bounds }: Release = {},
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
  (config: Connections['config'], file: string): Build =>
  async (versions, signal) => {
    const [program, ...args] = programOf(file)
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] })
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
