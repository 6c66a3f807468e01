import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { applyBatch, type Checkpoint, CheckpointMoved, type Stopped } from './apply.ts'
import type { AnyProjection } from './projection.ts'
import { Table } from './table.ts'

export interface GroupOptions {
  databaseUrl: string
  store: EventStore
  projections: readonly AnyProjection[]
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
      await followAsLeader(client, options, () => (failures = 0))
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

async function followAsLeader(client: Client, options: GroupOptions, onProgress: () => void): Promise<void> {
  const { store, log, signal } = options
  const checkpoint = await openGroup(client)
  const { live, lagging } = await openTables(client, options.projections, checkpoint)
  const stopped: string[] = []
  for (const { table, position } of lagging) {
    const halted = await catchUp(client, store, table, position, checkpoint.position, signal)
    if (halted) stop(halted, stopped, log)
    else live.push(table)
  }

  const onBroken = (error: Error) => log.warn({ error: error.message }, 'the subscription broke; subscribing again')
  for await (const events of store.follow({ after: checkpoint.position, signal, onBroken })) {
    for (const halted of await applyBatch(client, checkpoint, live, events, stopped)) {
      stop(halted, stopped, log)
      live.splice(
        live.findIndex((table) => table.projection.name === halted.name),
        1,
      )
    }
    checkpoint.position = events.at(-1)!.position
    onProgress()
  }
}

function stop(halted: Stopped, stopped: string[], log: Log) {
  stopped.push(halted.name)
  log.error({ projection: halted.name, event: halted.error }, 'a projection stopped at an event it cannot fold')
}

async function openGroup(client: Client): Promise<Checkpoint> {
  await client.query('insert into projection_groups (name) values ($1) on conflict do nothing', [groupName])
  const { rows } = await client.query<{ position: string | null }>(
    'select position from projection_groups where name = $1',
    [groupName],
  )
  return { table: 'projection_groups', name: groupName, position: toPosition(rows[0]!.position) }
}

const toPosition = (text: string | null) => (text === null ? undefined : BigInt(text))

/** Members are where the group is; whoever is new or was stopped has a position of its own to go on from. */
async function openTables(client: Client, projections: readonly AnyProjection[], group: Checkpoint) {
  const live: Table[] = []
  const lagging: { table: Table; position: bigint | undefined }[] = []
  for (const projection of projections) {
    const table = await Table.open(client, projection)
    const { rows } = await client.query<{ version: number; state: string; position: string | null }>(
      'select version, state, position from projections where name = $1',
      [projection.name],
    )
    const known = rows[0]
    if (known && known.version !== projection.version)
      throw new Error(`${projection.name} is live as version ${known.version}, this release has ${projection.version}`)
    if (known?.state === 'live') {
      live.push(table)
    } else if (!known && group.position === undefined) {
      await client.query(`insert into projections (name, version, state) values ($1, $2, 'live')`, [
        projection.name,
        projection.version,
      ])
      live.push(table)
    } else {
      await client.query(
        `insert into projections (name, version, state) values ($1, $2, 'building') on conflict do nothing`,
        [projection.name, projection.version],
      )
      lagging.push({ table, position: toPosition(known?.position ?? null) })
    }
  }
  return { live, lagging }
}

/** Brings one projection from its own position to the group's, and joins it; the poison it stopped at, if any. */
async function catchUp(
  client: Client,
  store: EventStore,
  table: Table,
  from: bigint | undefined,
  to: bigint | undefined,
  signal: AbortSignal,
): Promise<Stopped | undefined> {
  const { name } = table.projection
  const checkpoint: Checkpoint = { table: 'projections', name, position: from }
  if (to !== undefined && (from === undefined || from < to)) {
    for await (const batch of store.readAll(from)) {
      signal.throwIfAborted()
      const events = batch.filter(({ position }) => position <= to)
      if (events.length > 0) {
        const [halted] = await applyBatch(client, checkpoint, [table], events)
        if (halted) return halted
        checkpoint.position = events.at(-1)!.position
      }
      if (events.length < batch.length) break
    }
  }
  await client.query(
    `update projections set state = 'live', position = null, error = null, updated_at = now() where name = $1`,
    [name],
  )
  return undefined
}
