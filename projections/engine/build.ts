import pLimit from 'p-limit'
import type { Client } from 'pg'
import { projectionChanges } from '../../ops/platform/channels.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { CheckpointMoved, type Place } from './apply.ts'
import { Building } from './building.ts'
import { catchUp, isNear } from './catchUp.ts'
import { isFaultOfData, wordsOf } from './faults.ts'
import { type Orders, readOrders, type Skipped } from './orders.ts'
import { isOfThisLog } from './origin.ts'
import { type AnyProjection, isAppendOnly } from './projection.ts'
import { rebuild } from './rebuild.ts'
import { Table } from './table.ts'
import { NoTable } from './shape.ts'
import { type Drift, groupPosition, verify } from './verify.ts'
import { keyOf, move, placeIn, toPosition, versionOf } from './versions.ts'

const progressEveryMs = 500
/** More at once are done no sooner, and those who are served wait for all of them. */
const finishedAtOnce = 2
/** In positions. */
const approached = 64n * 1024n

export interface BuildOptions {
  databaseUrl: string
  store: EventStore
  /** All events from the first, in batches: the store's own `readAll`, or something faster. */
  read: () => AsyncIterable<readonly Recorded[]>
  /** Everything that this release can fold. */
  projections: readonly AnyProjection[]
  /** `<name>@<version>`. */
  versions: readonly string[]
  log: Log
  signal: AbortSignal
}

/**
 * Brings versions to where the live group can take them in: builds them from the whole log if they are not built, verifies them, and catches
 * up. What cannot be done is written down with the version, which is then stopped; the others go on. Everything can be
 * killed at any time: a build is there as a whole or not at all.
 */
export async function build(options: BuildOptions): Promise<void> {
  const client = await connectAlone(options.databaseUrl, (error) =>
    options.log.warn({ error: error.message }, 'the build lost a connection'),
  )
  try {
    const orders = await readOrders(options.store, options.projections)
    const { skipped } = orders
    // Append-only ones first: others are verified by way of `resource_events`.
    const wanted = options.projections
      .filter((one) => options.versions.includes(keyOf(one)))
      .sort((one, other) => Number(isAppendOnly(other)) - Number(isAppendOnly(one)))
    await buildAll(client, wanted, orders, options)
    performance.mark('built')
    // One after the other: what is done with one can be shown while the next is looked at.
    const unproven = await eachOf(wanted, async (one) => {
      await prove(client, one, skipped, options)
      await approach(client, one, skipped, options)
      await tell(client)
    })
    performance.mark('verified')
    if (unproven) throw unproven
  } finally {
    await client.end()
  }
}

/** What cannot be done for one is no reason to leave the others; the first failure is told when all have had their turn. */
async function eachOf<One>(all: readonly One[], act: (one: One) => Promise<void>): Promise<Error | undefined> {
  let failed: Error | undefined
  for (const one of all) await act(one).catch((error: Error) => (failed ??= error))
  return failed
}

/** Built versions, and ones that a build has given up, are the leader's again. */
const tell = (client: Client) => client.query(`notify ${projectionChanges}`)

async function halt(client: Client, one: AnyProjection, error: object): Promise<void> {
  await move(client, one, { states: ['building', 'verifying', 'stopped'] }, { state: 'stopped', position: null, error })
  await tell(client)
}

async function buildAll(
  client: Client,
  wanted: readonly AnyProjection[],
  { skipped, skippedBy }: Orders,
  { databaseUrl, store, read, log, signal }: BuildOptions,
): Promise<void> {
  const buildings: Building[] = []
  try {
    for (const one of wanted) {
      const begun = await begin(client, one, skippedBy(one.name), databaseUrl, log)
      if (begun) buildings.push(begun)
    }
    if (buildings.length === 0) return
    const progress = progressOf(client, buildings, await store.head())
    const last = await rebuild({ events: read(), buildings, skipped, signal, onProgress: progress.onProgress })
    await progress.told()
    const finishing = pLimit(finishedAtOnce)
    const telling = pLimit(1)
    await Promise.all(
      buildings.map(async (building) => {
        await finishing(finish, building, last)
        const { projection, halted } = building
        if (!halted) return
        log.error({ version: keyOf(projection), event: halted }, 'a build met what it cannot fold')
        await telling(halt, client, projection, halted)
      }),
    )
  } finally {
    await Promise.all(buildings.map((building) => building.end()))
  }
}

async function begin(
  client: Client,
  one: AnyProjection,
  passedOver: readonly string[],
  databaseUrl: string,
  log: Log,
): Promise<Building | undefined> {
  try {
    const begun = await Building.begin(databaseUrl, one, (error) => log.warn({ error: error.message }, 'a build broke'))
    if (begun)
      await move(client, one, { states: ['building', 'stopped'] }, { state: 'building', position: null, passedOver })
    return begun
  } catch (error) {
    if (!(error instanceof NoTable)) throw error
    await halt(client, one, { message: error.message })
    return undefined
  }
}

/** What it could not fold, or Postgres not hold, is left as if it had never begun. */
async function finish(building: Building, { position, eventId }: Place): Promise<void> {
  try {
    if (!building.halted) return await building.finish(position, eventId)
  } catch (error) {
    if (!isFaultOfData(error)) throw error
    building.halted = { message: wordsOf(error) }
  }
  await building.end()
}

/** Tells now and then how far it is; `told` when the connection is free again. */
function progressOf(client: Client, buildings: readonly Building[], target: bigint | undefined) {
  const began = Date.now()
  const keys = buildings.map(({ projection }) => keyOf(projection))
  let next = 0
  let telling: Promise<unknown> | undefined
  const tell = (progress: object) =>
    client.query(`update projections set progress = $1 where name || '@' || version = any($2) and state = 'building'`, [
      JSON.stringify(progress),
      keys,
    ])
  const onProgress = (events: number, position: bigint) => {
    const now = Date.now()
    if (now < next || telling) return
    next = now + progressEveryMs
    const perSecond = Math.round((1000 * events) / Math.max(now - began, 1))
    const progress = { events, per_second: perSecond, position: String(position), target: String(target ?? 0n) }
    telling = tell({ ...progress, started_at: new Date(began).toISOString() })
      .catch(() => undefined) // Whoever needs the connection next says what is wrong with it.
      .finally(() => (telling = undefined))
  }
  return { onProgress, told: async () => telling }
}

async function prove(
  client: Client,
  one: AnyProjection,
  skipped: Skipped,
  { store, log, signal }: BuildOptions,
): Promise<void> {
  const version = await versionOf(client, one)
  if (version?.state !== 'verifying') return
  const position = toPosition(version.position)
  const verified = await verify({
    client,
    store,
    projection: one,
    expected: version.expected!,
    position,
    skipped,
    signal,
    serving: version.serving,
    onFallback: (why) => log.info({ why: why.message }, 'reading streams by the official client'),
  })
  const { fault, drift, ...counted } = verified
  if (fault) {
    log.error({ version: keyOf(one), fault }, 'a build does not stand up to the log')
    return halt(client, one, { message: fault, ...(drift && { drift: drift.slice(0, 10).map(withoutValues) }) })
  }
  log.info({ version: keyOf(one), ...counted }, 'a build was verified')
  await move(client, one, { states: ['verifying'], position }, { state: 'ready', position: position! })
}

/** Which fields of which row, and why; what stands in them may be personal, and this is kept. */
const withoutValues = ({ id, fields, events }: Drift) => ({ id, fields: fields.map(({ field }) => field), events })

/** Until the group can do the rest between two batches in no time, or goes away from it as fast. */
async function approach(
  client: Client,
  one: AnyProjection,
  skipped: Skipped,
  { store, log, signal }: BuildOptions,
): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const version = await versionOf(client, one)
    const group = await groupPosition(client)
    if (!version || version.position === null || !['ready', 'stopped'].includes(version.state)) return
    const place = placeIn(version)
    if (isNear(place.position, group, approached)) return
    if (!(await isOfThisLog(client, store, place))) throw new Error(`${keyOf(one)} was built from another log`)
    // Whether readers see it is the leader's affair.
    const table = await Table.open(client, one, false)
    const lagging = { table, ...place, stopped: version.state === 'stopped' }
    const reached = await catchUp(client, store, lagging, group, skipped, signal).catch((error: unknown) => {
      // The leader, or another build, is at it too, and is farther.
      if (error instanceof CheckpointMoved) return undefined
      throw error
    })
    if (!reached) return
    if (reached.halted)
      return log.error({ version: keyOf(one), event: reached.halted.error }, 'a projection stopped again')
    const from = { states: ['ready', 'stopped'] as const, position: reached.position }
    await move(client, one, from, { state: 'ready', position: reached.position! })
  }
}
