import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { splitStream } from '../../domain/decider.ts'
import * as Projection from '../../domain/projection.ts'
import { positions, projectionChanges, resume } from '../../ops/platform/channels.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { spannedSince } from '../../ops/platform/tracing.ts'
import { applyBatch, type Checkpoint, CheckpointMoved, isOf, placeOf, servingNames } from './apply.ts'
import type { Builds } from './builds.ts'
import { Feed } from './feed.ts'
import { join, logStopped } from './join.ts'
import { type Known, openMembers } from './members.ts'
import { openGroup } from './openGroup.ts'
import { passOver } from './passOver.ts'
import type { AnyProjection } from './projection.ts'
import { type Orders, readOrders } from './orders.ts'
import { type Said, showWanted } from './showing.ts'
import type { Table } from './table.ts'
import { keyOf } from './versions.ts'

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
  /** Writes down what was promoted without being asked; says where in the log. */
  onPromoted: (name: string, version: number, previous: number | undefined) => Promise<{ position: bigint } | undefined>
  /** The longest log, in positions, that is followed from its first event; behind a longer one everything is built. */
  followedFromStart?: bigint
  log: Log
  signal: AbortSignal
}

const leaderLock = '7283947561029384'
const swapAgainMs = 2000
/** Why a round ends before its leader does. */
const roundOver = new Error('A version has changed where it stands')

/**
 * Follows the log once for all live projections until the signal; resolves when it has let go.
 * One instance leads, by an advisory lock of its session; the others stand by and try twice a second.
 * The checkpoint's compare-and-set is what keeps a leader that was paused from writing.
 */
export async function runGroup(options: GroupOptions): Promise<void> {
  const { log, signal } = options
  for (let failures = 0; !signal.aborted;) {
    let client: Client | undefined
    let leading: Leading | undefined
    try {
      client = await connectAlone(options.databaseUrl, (error) =>
        log.warn({ error }, 'projections lost their connection'),
      )
      await client.query('set synchronous_commit = off')
      if (!(await lead(client, signal))) return
      log.info('leading the live projections')
      await client.query(`listen ${projectionChanges}`)
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      leading = {
        pid: rows[0]!.pid,
        attempted: new Set(),
        heard: -1n,
        orders: undefined,
        written: new Set(),
        said: new Map(),
        feed: undefined,
        onBroken: () => undefined,
        tables: new Map(),
      }
      while (!signal.aborted) await followAsLeader(client, options, leading, () => (failures = 0))
    } catch (error) {
      if (signal.aborted) return
      const level = error instanceof CheckpointMoved ? 'info' : 'error'
      log[level]({ error }, 'live projections start again')
      await delay(Math.min(100 * 2 ** failures++, 2000), undefined, { signal }).catch(() => undefined)
    } finally {
      await leading?.feed?.close()
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

/** What a leader keeps in mind from round to round. */
interface Leading extends Said {
  /** By which Postgres knows its session. */
  pid: number
  /** Versions that were tried: a stopped one is tried once, and again when an operator says so. */
  attempted: Set<string>
  /** The position of the last thing that operators had said about projections. */
  heard: bigint
  /** What they have said, until they say more. */
  orders: Orders | undefined
  /** What it follows. As long as that does not break it is this log, and nobody else moves the checkpoint unnoticed. */
  feed: Feed | undefined
  /** Ends the round when the event store answers again after that broke. */
  onBroken: () => void
  /** What it followed in the round before. */
  tables: Known
}

/** One round: until the signal, or until some version has changed where it stands. */
async function followAsLeader(client: Client, options: GroupOptions, leading: Leading, onProgress: () => void) {
  const { store, builds, log } = options
  const { attempted, pid } = leading
  const round = new AbortController()
  const signal = AbortSignal.any([options.signal, round.signal])
  const changed = (told?: { payload?: string | undefined; processId?: number }) => {
    if (told?.processId === pid) return
    const [word, name] = told?.payload?.split(' ') ?? []
    if (word === resume) {
      leading.orders = undefined
      for (const key of attempted) if (key.startsWith(`${name}@`)) attempted.delete(key)
    }
    round.abort(roundOver)
  }
  // What was committed a moment before Postgres died may be lost: a leader without events to apply has to look as well.
  const lost = () => round.abort(roundOver)
  client.on('notification', changed).on('end', lost)
  builds.onEnd = changed
  leading.onBroken = changed
  let again: NodeJS.Timeout | undefined
  let followed: readonly Table[] = []
  try {
    const feed = await follow(client, options, leading)
    const { checkpoint } = feed
    const orders = await ordersOf(leading, options)
    const { skipped, latest } = orders
    const known = [...options.projections, ...(options.retired ?? [])]
    if (await passOver({ client, store, log, projections: known, orders, group: checkpoint })) leading.tables.clear()
    const members = await openMembers(client, options, checkpoint, orders, leading.tables)
    const { position } = checkpoint
    const joined = await join(members, { client, store, log, skipped, position, attempted, signal })
    const { live, stopped } = joined
    followed = live
    const shown = await showWanted(client, joined, orders, options, leading)
    if (shown === 'waited for' || joined.read) again = setTimeout(changed, swapAgainMs)
    await tell(client, checkpoint, stopped)
    signal.throwIfAborted() // Told of something meanwhile, even to try again what was just tried: all of it is looked at anew.
    const isBuilding = builds.ensure(joined.apart)
    for (const key of joined.tried) if (isBuilding || !joined.apart.includes(key)) attempted.add(key)

    // Between two that are shown all that has come meanwhile is followed: whoever waits for what was written waits for one of them, not for all.
    const next = shown === 'more to show' ? await store.head() : undefined
    for (;;) {
      if (next !== undefined && checkpoint.position !== undefined && checkpoint.position >= next) return
      const events = await feed.next(signal)
      if (!events) return
      const began = Date.now()
      for (const halted of await applyBatch(client, checkpoint, live, events, skipped, stopped)) {
        stopped.push(...servingNames([halted]))
        logStopped(halted, log)
        live.splice(
          live.findIndex(({ projection }) => isOf(halted, projection)),
          1,
        )
      }
      Object.assign(checkpoint, placeOf(events.at(-1)!))
      spannedSince('project', began, events.map(partOf))
      onProgress()
      if (joined.ahead.some((position) => position <= checkpoint.position!)) return
      // Somebody has decided about projections: look again at what is wanted.
      const isNews = ({ stream, position }: Recorded) =>
        splitStream(stream)[0] === Projection.category && position > latest && !leading.written.delete(position)
      if (events.some(isNews)) {
        leading.orders = undefined
        return
      }
    }
  } catch (error) {
    if (error !== roundOver) throw error
  } finally {
    clearTimeout(again)
    leading.tables = new Map(followed.map((table) => [keyOf(table.projection), table]))
    client.off('notification', changed).off('end', lost)
  }
}

/** What was followed so far, or the log from where the group stands. */
async function follow(client: Client, options: GroupOptions, leading: Leading): Promise<Feed> {
  const { store, log } = options
  if (leading.feed && !leading.feed.isBroken) return leading.feed
  await leading.feed?.close()
  leading.feed = undefined
  leading.orders = undefined
  const checkpoint = await openGroup(client, options)
  return (leading.feed = new Feed(store, checkpoint, (error) => {
    log.warn({ error: error.message }, 'the subscription broke; subscribing again')
    store.head().then(
      () => leading.onBroken(),
      () => undefined,
    )
  }))
}

async function ordersOf(leading: Leading, { store, projections }: GroupOptions): Promise<Orders> {
  if (leading.orders) return leading.orders
  const orders = await readOrders(store, projections)
  leading.said.clear()
  if (orders.latest > leading.heard) leading.attempted.clear()
  leading.heard = orders.latest
  return (leading.orders = orders)
}

const partOf = ({ type, position, metadata }: Recorded) => ({
  parent: metadata['traceparent'] as string | undefined,
  attributes: { 'xylolabs.event.type': type, 'xylolabs.event.position': String(position) },
})

/** Whoever waits for a position, or for a read model that was stopped, hears where all of them are. */
async function tell(client: Client, { position }: Checkpoint, stopped: readonly string[]): Promise<void> {
  await client.query('select pg_notify($1, $2)', [
    positions,
    JSON.stringify({ position: position?.toString() ?? null, stopped }),
  ])
}
