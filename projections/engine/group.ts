import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { splitStream } from '../../domain/decider.ts'
import * as Projection from '../../domain/projection.ts'
import { projectionChanges, resume } from '../../ops/platform/channels.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { applyBatch, type Checkpoint, CheckpointMoved, isOf, servingNames, type Stopped } from './apply.ts'
import type { Builds } from './builds.ts'
import { catchUp, isNear } from './catchUp.ts'
import { keyOf, type Members, openMembers, toPosition } from './members.ts'
import type { AnyProjection } from './projection.ts'
import { promote } from './promote.ts'
import { type Orders, readOrders, type Skipped } from './orders.ts'
import type { Table } from './table.ts'

export interface GroupOptions {
  databaseUrl: string
  store: EventStore
  /** What this release shows. */
  projections: readonly AnyProjection[]
  /** Earlier versions that it can still fold: what to go back to. */
  retired?: readonly AnyProjection[]
  /** Builds versions from the whole log, beside the group. */
  builds: Builds
  /** Whether a version that was built and verified is shown at once; else an operator decides. */
  promotes: 'auto' | 'manual'
  /** Writes down what was promoted without being asked. */
  onPromoted: (name: string, version: number, previous: number | undefined) => Promise<unknown>
  log: Log
  signal: AbortSignal
}

export const groupName = 'live'
const leaderLock = '7283947561029384'

/**
 * Follows the log once for all live projections until the signal; resolves when it has let go.
 * One instance leads, by an advisory lock of its session; the others stand by and try twice a second.
 * The checkpoint's compare-and-set is what keeps a leader that was paused from writing.
 */
export async function runGroup(options: GroupOptions): Promise<void> {
  const { log, signal } = options
  for (let failures = 0; !signal.aborted;) {
    let client: Client | undefined
    try {
      client = await connectAlone(options.databaseUrl, (error) =>
        log.warn({ error }, 'projections lost their connection'),
      )
      await client.query('set synchronous_commit = off')
      if (!(await lead(client, signal))) return
      log.info('leading the live projections')
      await client.query(`listen ${projectionChanges}`)
      const attempted = new Set<string>()
      while (!signal.aborted) await followAsLeader(client, options, attempted, () => (failures = 0))
    } catch (error) {
      if (signal.aborted) return
      const level = error instanceof CheckpointMoved ? 'info' : 'error'
      log[level]({ error }, 'live projections start again')
      await delay(Math.min(100 * 2 ** failures++, 2000), undefined, { signal }).catch(() => undefined)
    } finally {
      await client?.end().catch(() => undefined)
    }
  }
}

/** Waits for leadership; false when stopped meanwhile. */
async function lead(client: Client, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [leaderLock])
    if (rows[0]!.held) return true
    await delay(500, undefined, { signal }).catch(() => undefined)
  }
  return false
}

/** One round: until the signal, or until some version has changed where it stands. */
async function followAsLeader(client: Client, options: GroupOptions, attempted: Set<string>, onProgress: () => void) {
  const { store, builds, log } = options
  const round = new AbortController()
  const signal = AbortSignal.any([options.signal, round.signal])
  const changed = (told?: { payload?: string | undefined }) => {
    if (told?.payload === resume) attempted.clear()
    round.abort()
  }
  client.on('notification', changed)
  builds.onEnd = changed
  try {
    const checkpoint = await openGroup(client)
    const orders = await readOrders(store, options.projections)
    const { skipped } = orders
    const members = await openMembers(client, options, checkpoint.position)
    const { live, apart, stopped } = await join(client, members, checkpoint, skipped, { ...options, signal }, attempted)
    if (await showWanted(client, live, orders, options)) return
    builds.ensure(apart)

    const onBroken = (error: Error) => log.warn({ error: error.message }, 'the subscription broke; subscribing again')
    for await (const events of store.follow({ after: checkpoint.position, signal, onBroken })) {
      for (const halted of await applyBatch(client, checkpoint, live, events, skipped, stopped)) {
        stopped.push(...servingNames([halted]))
        logStopped(halted, log)
        live.splice(
          live.findIndex(({ projection }) => isOf(halted, projection)),
          1,
        )
      }
      checkpoint.position = events.at(-1)!.position
      onProgress()
      // Somebody has decided about projections: look again at what is wanted.
      if (events.some(({ stream }) => splitStream(stream)[0] === Projection.category)) {
        attempted.clear()
        return
      }
    }
  } finally {
    client.off('notification', changed)
  }
}

/**
 * The members, and with them those that could be brought to where the group is at once. `apart` are left to a build: too far behind, or not
 * built at all. A stopped one is tried once in the life of a leader, and again when an operator says so.
 */
async function join(
  client: Client,
  { live, lagging, unbuilt }: Members,
  { position }: Checkpoint,
  skipped: Skipped,
  { store, log, signal }: GroupOptions,
  attempted: Set<string>,
): Promise<{ live: Table[]; apart: string[]; stopped: string[] }> {
  const apart: string[] = []
  const stopped: string[] = []
  const members = [...live]
  const once = ({ key, stopped }: { key: string; stopped: boolean }) => {
    if (stopped && attempted.has(key)) return false
    attempted.add(key)
    return true
  }
  for (const { projection, serving, stopped: halted } of unbuilt) {
    if (serving) stopped.push(projection.name)
    if (once({ key: keyOf(projection), stopped: halted })) apart.push(keyOf(projection))
  }
  for (const one of lagging) {
    const { projection, serving } = one.table
    if (!once({ key: keyOf(projection), stopped: one.stopped })) {
      if (serving) stopped.push(projection.name)
    } else if (!isNear(one.position, position)) {
      if (serving) stopped.push(projection.name)
      apart.push(keyOf(projection))
    } else {
      const halted = await catchUp(client, store, one, position, skipped, signal)
      if (halted) {
        logStopped(halted, log)
        stopped.push(...servingNames([halted]))
      } else {
        await client.query(
          `update projections set state = 'live', position = null, error = null, updated_at = now() where name = $1 and version = $2`,
          [projection.name, projection.version],
        )
        members.push(one.table)
      }
    }
  }
  return { live: members, apart, stopped }
}

/** Shows what is wanted and can be shown; whether anything changed. */
async function showWanted(
  client: Client,
  live: readonly Table[],
  { wanted }: Orders,
  { projections, promotes, onPromoted, log }: GroupOptions,
): Promise<boolean> {
  let changed = false
  for (const { projection, serving } of live) {
    const { name, version } = projection
    const newest = projections.find((one) => one.name === name)!.version
    if (serving || wanted(name, newest, promotes) !== version) continue
    const previous = await promote(client, name, version)
    if (version === newest) await onPromoted(name, version, previous)
    log.info({ projection: name, version, previous }, 'a read model shows another version')
    changed = true
  }
  return changed
}

const logStopped = ({ name, version, error }: Stopped, log: Log) =>
  log.error({ projection: name, version, event: error }, 'a projection stopped at an event it cannot fold')

async function openGroup(client: Client): Promise<Checkpoint> {
  await client.query('insert into projection_groups (name) values ($1) on conflict do nothing', [groupName])
  const { rows } = await client.query<{ position: string | null }>(
    'select position from projection_groups where name = $1',
    [groupName],
  )
  return { table: 'projection_groups', name: groupName, position: toPosition(rows[0]!.position) }
}
