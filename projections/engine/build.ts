import type { Client } from 'pg'
import { projectionChanges } from '../../ops/platform/channels.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import { BeingBuilt, Building, type Expected } from './building.ts'
import { catchUp, isNear } from './catchUp.ts'
import { keyOf, type State, toPosition } from './members.ts'
import { readOrders, type Skipped } from './orders.ts'
import type { AnyProjection } from './projection.ts'
import { rebuild } from './rebuild.ts'
import { Table } from './table.ts'
import { type Drift, verify } from './verify.ts'

const progressEveryMs = 500

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
  onProgress?: (events: number, position: bigint, target: bigint | undefined) => void
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
    const { skipped } = await readOrders(options.store, options.projections)
    const wanted = options.projections.filter((one) => options.versions.includes(keyOf(one)))
    const unbuilt: AnyProjection[] = []
    for (const one of wanted) if ((await standing(client, one)).position === null) unbuilt.push(one)
    await buildAll(client, unbuilt, skipped, options)
    for (const one of wanted) await prove(client, one, skipped, options)
    for (const one of wanted) await approach(client, one, skipped, options)
    await client.query(`notify ${projectionChanges}`)
  } finally {
    await client.end()
  }
}

interface Standing {
  state: State
  position: string | null
  expected: Expected | null
  serving: boolean
}

async function standing(client: Client, { name, version }: AnyProjection): Promise<Standing> {
  const { rows } = await client.query<Standing>(
    'select state, position, expected, serving from projections where name = $1 and version = $2',
    [name, version],
  )
  if (!rows[0]) throw new Error(`Nobody has asked for version ${version} of ${name}`)
  return rows[0]
}

async function halt(client: Client, { name, version }: AnyProjection, error: { message: string }): Promise<void> {
  await client.query(
    `update projections set state = 'stopped', position = null, progress = null, error = $3, updated_at = now()
      where name = $1 and version = $2`,
    [name, version, JSON.stringify(error)],
  )
}

async function buildAll(
  client: Client,
  projections: readonly AnyProjection[],
  skipped: Skipped,
  { databaseUrl, store, read, log, signal, onProgress }: BuildOptions,
): Promise<void> {
  const buildings: Building[] = []
  try {
    for (const one of projections) {
      const begun = await Building.begin(databaseUrl, one, (error) =>
        log.warn({ error: error.message }, 'a build broke'),
      ).catch((error: Error) => {
        if (error instanceof BeingBuilt) throw error
        return halt(client, one, { message: error.message })
      })
      if (begun) buildings.push(begun)
    }
    if (buildings.length === 0) return
    const report = progressOf(client, buildings, await store.head())
    const position = await rebuild({
      events: read(),
      buildings,
      skipped,
      signal,
      onProgress: (events, position) => {
        report(events, position)
        onProgress?.(events, position, undefined)
      },
    })
    await Promise.all(buildings.map((building) => finish(client, building, position, log)))
  } finally {
    await Promise.all(buildings.map((building) => building.end()))
  }
}

async function finish(client: Client, building: Building, position: bigint | undefined, log: Log): Promise<void> {
  const { projection } = building
  try {
    if (!building.halted) return await building.finish(position)
    log.error({ version: keyOf(projection), event: building.halted }, 'a build met an event that it cannot fold')
    await building.end()
    await halt(client, projection, building.halted)
  } catch (error) {
    // Class 22, data exceptions, and 23, integrity: the same rows would be refused again.
    const { code = '', message, where } = error as { code?: string; message: string; where?: string }
    if (!/^2[23]...$/.test(code)) throw error
    await building.end()
    await halt(client, projection, { message: where ? `${message} (${where})` : message })
  }
}

/** Tells now and then how far it is. */
function progressOf(client: Client, buildings: readonly Building[], target: bigint | undefined) {
  const began = Date.now()
  let told = 0
  return (events: number, position: bigint) => {
    const now = Date.now()
    if (now - told < progressEveryMs) return
    told = now
    const perSecond = Math.round((1000 * events) / Math.max(now - began, 1))
    const progress = { events, per_second: perSecond, position: String(position), target: String(target ?? 0n) }
    const keys = buildings.map(({ projection }) => keyOf(projection))
    client
      .query(
        `update projections set progress = $1, state = 'building', error = null, updated_at = now()
          where name || '@' || version = any($2) and position is null`,
        [JSON.stringify({ ...progress, started_at: new Date(began).toISOString() }), keys],
      )
      .catch(() => undefined) // Whoever needs the connection next says what is wrong with it.
  }
}

async function prove(
  client: Client,
  one: AnyProjection,
  skipped: Skipped,
  { store, log }: BuildOptions,
): Promise<void> {
  const { state, position, expected } = await standing(client, one)
  if (state !== 'verifying') return
  const verified = await verify({
    client,
    store,
    projection: one,
    expected: expected!,
    position: toPosition(position),
    skipped,
  })
  if (verified.fault) {
    log.error({ version: keyOf(one), fault: verified.fault }, 'a build does not stand up to the log')
    return halt(client, one, {
      message: verified.fault,
      ...(verified.drift && { drift: verified.drift.slice(0, 10).map(withoutValues) }),
    })
  }
  log.info({ version: keyOf(one), ...verified }, 'a build was verified')
  await client.query(`update projections set state = 'ready', updated_at = now() where name = $1 and version = $2`, [
    one.name,
    one.version,
  ])
}

/** Which fields of which row, and why; what stands in them may be personal, and this is kept. */
const withoutValues = ({ id, fields, events }: Drift) => ({ id, fields: fields.map(({ field }) => field), events })

/** Until the group can do the rest between two batches. */
async function approach(
  client: Client,
  one: AnyProjection,
  skipped: Skipped,
  { store, log, signal }: BuildOptions,
): Promise<void> {
  for (;;) {
    const { state, position, serving } = await standing(client, one)
    const head = await store.head()
    if (position === null || (state !== 'ready' && state !== 'stopped') || isNear(toPosition(position), head)) return
    const table = await Table.open(client, one, serving)
    const lagging = { table, position: toPosition(position), stopped: state === 'stopped' }
    const halted = await catchUp(client, store, lagging, head, skipped, signal)
    if (halted) return log.error({ version: keyOf(one), event: halted.error }, 'a projection stopped again')
    await client.query(
      `update projections set state = 'ready', error = null, updated_at = now() where name = $1 and version = $2`,
      [one.name, one.version],
    )
  }
}
