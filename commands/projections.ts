import { z } from 'zod'
import * as Projection from '../domain/projection.ts'
import { projectionChanges, resume } from '../ops/platform/channels.ts'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { line, Problem, ProblemDocument, type Intent, type Route, route } from '../ops/platform/route.ts'
import { handle } from './handle.ts'
import { answered, type Deps } from './http.ts'

const Name = z.strictObject({ name: z.string().regex(/^[a-z_]{1,60}$/) })
const Promotion = z.strictObject({ version: z.int().min(1).optional() })
const Drop = z.strictObject({ version: z.int().min(1).max(1_000_000) })
const Pause = z.strictObject({ reason: line(500).optional() })
const Skip = z.strictObject({ position: z.string().regex(/^\d{1,20}$/), reason: line(500) })

interface Version {
  version: number
  state: string
  serving: boolean
  error: { position?: string } | null
}

/** The versions of one read model, newest first. What is decided on them is decided by the stream; this only says what can be. */
async function versionsOf(database: Database, name: string): Promise<Version[]> {
  const { rows } = await database.query<Version>(
    'select version, state, serving, error from projections where name = $1 order by version desc',
    [name],
  )
  if (rows.length === 0) throw new Problem('not_found', `There is no read model ${name}`)
  return rows
}

interface Steering {
  store: EventStore
  database: Database
  now: () => string
}

/** Lets readers see a version: the newest one unless another is named. It must be built, verified and followed. */
export async function promote(
  { store, database, now }: Steering,
  name: string,
  asked: number | undefined,
  intent: Intent,
) {
  const versions = await versionsOf(database, name)
  const wanted = versions.find(({ version }) => version === (asked ?? versions[0]!.version))
  if (wanted?.state !== 'live')
    throw new Problem(
      'not_ready',
      `Version ${asked ?? versions[0]!.version} of ${name} is ${wanted?.state ?? 'unknown'}, not live`,
    )
  const previous = versions.find(({ serving }) => serving)?.version
  if (previous !== undefined && previous > wanted.version)
    throw new Problem(
      'not_ready',
      `Version ${previous} of ${name} is shown: an earlier one is gone back to, not promoted`,
    )
  const data = {
    version: wanted.version,
    ...(previous !== undefined && { previous_version: previous }),
    promoted_at: now(),
  }
  return { ...(await handle(store, Projection, name, Projection.promote(data), intent)), version: wanted.version }
}

/** Back to the version before the one that readers see. */
export async function rollBack({ store, database, now }: Steering, name: string, intent: Intent) {
  const versions = await versionsOf(database, name)
  const serving = versions.find((one) => one.serving)
  const earlier = versions.find(({ version, state }) => serving && version < serving.version && state === 'live')
  if (!serving || !earlier)
    throw new Problem('not_ready', `There is no earlier version of ${name} that is still followed`)
  const data = { version: earlier.version, previous_version: serving.version, rolled_back_at: now() }
  return { ...(await handle(store, Projection, name, Projection.rollBack(data), intent)), version: earlier.version }
}

/** Passes over the event that a version of it stopped at, now and in every later build. */
export async function skip(
  { store, database, now }: Steering,
  name: string,
  { position, reason }: z.infer<typeof Skip>,
  intent: Intent,
) {
  const versions = await versionsOf(database, name)
  if (!versions.some(({ state, error }) => state === 'stopped' && error?.position === position))
    throw new Problem('not_ready', `No version of ${name} is stopped at position ${position}`)
  const outcome = await handle(
    store,
    Projection,
    name,
    Projection.skip({ position, reason, skipped_at: now() }),
    intent,
  )
  await database.query('select pg_notify($1, $2)', [projectionChanges, `${resume} ${name}`])
  return outcome
}

/**
 * Has the version that readers see stand where it is until `tryAgain`. No event: it is about this database's tables, and goes with them.
 * The leader does it, between two batches; where none runs, the next one.
 */
export async function pause({ database }: Steering, name: string, reason = 'by an operator'): Promise<number> {
  await versionsOf(database, name)
  const { rows } = await database.query<{ version: number }>(
    'update projections set paused = $2 where name = $1 and serving returning version',
    [name, reason],
  )
  if (!rows[0]) throw new Problem('not_ready', `No version of ${name} is shown`)
  await database.query('select pg_notify($1, $2)', [projectionChanges, `paused ${name}`])
  return rows[0].version
}

/** Tries stopped and paused versions again. No event either: nothing of the log follows from it. */
export async function tryAgain({ database }: Steering, name: string): Promise<void> {
  await versionsOf(database, name)
  await database.query('update projections set paused = null where name = $1', [name])
  await database.query('select pg_notify($1, $2)', [projectionChanges, `${resume} ${name}`])
}

/** Forgets a version and its table: not the one that readers see, nor one that this release would build again at once. No event, as with `pause`. */
export async function drop(
  { database }: Pick<Steering, 'database'>,
  name: string,
  version: number,
  isWanted: (name: string, version: number) => boolean,
): Promise<void> {
  const one = (await versionsOf(database, name)).find((row) => row.version === version)
  if (!one) throw new Problem('not_found', `There is no version ${version} of ${name}`)
  const shown = `Version ${version} of ${name} is shown: let readers see another one first`
  if (one.serving) throw new Problem('not_ready', shown)
  if (isWanted(name, version))
    throw new Problem('not_ready', `Version ${version} of ${name} is the one that this release wants to show`)
  const { rowCount } = await database.query(
    'delete from projections where name = $1 and version = $2 and not serving',
    [name, version],
  )
  if (rowCount === 0) throw new Problem('not_ready', shown)
  await database.query('select pg_notify($1, $2)', [projectionChanges, 'drop'])
  await database.query(`drop table if exists ${name}_v${version}`)
}

const answers = {
  202: z.object({ name: z.string(), version: z.int().optional() }),
  404: ProblemDocument,
  409: ProblemDocument,
}
const path = '/api/v1/projections/:name'
const permission = 'projection:steer'

export interface ProjectionsDeps extends Deps {
  database: Database
  /** Whether this release builds that version by itself. */
  isWanted: (name: string, version: number) => boolean
}

export const projections = ({ store, now, database, isWanted }: ProjectionsDeps): Route[] => {
  const steering = { store, database, now }
  return [
    route<{ name: string }, {}, z.infer<typeof Promotion>>({
      method: 'POST',
      path: `${path}/promote`,
      permission,
      params: Name,
      body: Promotion,
      answers,
      run: async ({ params: { name }, body, intent }) => {
        const outcome = await promote(steering, name, body.version, intent)
        return answered(202, outcome, { name, version: outcome.version })
      },
    }),
    route<{ name: string }, {}, {}>({
      method: 'POST',
      path: `${path}/rollback`,
      permission,
      params: Name,
      body: z.strictObject({}),
      answers,
      run: async ({ params: { name }, intent }) => {
        const outcome = await rollBack(steering, name, intent)
        return answered(202, outcome, { name, version: outcome.version })
      },
    }),
    route<{ name: string }, {}, z.infer<typeof Skip>>({
      method: 'POST',
      path: `${path}/skip`,
      permission,
      params: Name,
      body: Skip,
      answers,
      run: async ({ params: { name }, body, intent }) =>
        answered(202, await skip(steering, name, body, intent), { name }),
    }),
    route<{ name: string }, {}, z.infer<typeof Pause>>({
      method: 'POST',
      path: `${path}/pause`,
      permission,
      params: Name,
      body: Pause,
      answers,
      run: async ({ params: { name }, body }) => {
        const version = await pause(steering, name, body.reason)
        return { status: 202, body: { name, version } }
      },
    }),
    route<{ name: string }, {}, z.infer<typeof Drop>>({
      method: 'POST',
      path: `${path}/drop`,
      permission,
      params: Name,
      body: Drop,
      answers,
      run: async ({ params: { name }, body: { version } }) => {
        await drop(steering, name, version, isWanted)
        return { status: 202, body: { name, version } }
      },
    }),
    route<{ name: string }, {}, {}>({
      method: 'POST',
      path: `${path}/resume`,
      permission,
      params: Name,
      body: z.strictObject({}),
      answers,
      run: async ({ params: { name } }) => {
        await tryAgain(steering, name)
        return { status: 202, body: { name } }
      },
    }),
  ]
}
