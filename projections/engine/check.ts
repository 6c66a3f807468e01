import { connectAlone } from '../../ops/platform/database.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { Building } from './building.ts'
import { upTo } from './catchUp.ts'
import { diff, type Difference } from './diff.ts'
import { readOrders, type Skipped } from './orders.ts'
import { type AnyProjection, tableOf } from './projection.ts'
import { rebuild } from './rebuild.ts'
import { keyOf, toPosition } from './versions.ts'

export interface Checked {
  name: string
  version: number
  /** Rows that the fold of the log has and the table has not, the other way round, and differing ones. */
  drift: Difference
  /** Why it could not be compared. */
  fault?: string
}

export interface CheckOptions {
  databaseUrl: string
  store: EventStore
  projections: readonly AnyProjection[]
  signal: AbortSignal
  onProgress: (events: number, position: bigint, target: bigint) => void
}

/**
 * Folds the whole log anew beside the read models, up to where they are, and compares all rows. They are seen as one snapshot saw them, so
 * that they may go on meanwhile. Versions that are not followed live are left out.
 */
export async function check(options: CheckOptions): Promise<Checked[]> {
  const { databaseUrl, store, signal, onProgress } = options
  const onBroken = () => undefined // Said again by whoever needs it next.
  const seen = await connectAlone(databaseUrl, onBroken)
  const buildings: Building[] = []
  try {
    await seen.query('begin isolation level repeatable read')
    const { rows } = await seen.query<{ position: string | null; live: string[] | null; snapshot: string }>(
      `select (select position from projection_groups where name = 'live') as position, pg_export_snapshot() as snapshot,
              (select array_agg(name || '@' || version) from projections where state = 'live') as live`,
    )
    const { live, snapshot } = rows[0]!
    const target = toPosition(rows[0]!.position) ?? 0n
    const checked = options.projections.filter(({ name, version }) => live?.includes(keyOf({ name, version })))
    for (const one of checked) buildings.push((await Building.beside(databaseUrl, one, snapshot, onBroken))!)
    const { skipped } = await readOrders(store, checked)
    const progress = (events: number, position: bigint) => onProgress(events, position, target)
    await rebuild({ events: upTo(store.readAll(undefined), target), buildings, skipped, onProgress: progress, signal })
    return await Promise.all(buildings.map((building) => compare(building, store, target, skipped)))
  } finally {
    await Promise.all([seen, ...buildings].map((one) => one.end()))
  }
}

async function compare(building: Building, store: EventStore, position: bigint, skipped: Skipped): Promise<Checked> {
  const { projection, halted, client } = building
  const { name, version } = projection
  const nothing: Difference = { added: 0, removed: 0, changed: 0, fields: [], samples: [] }
  if (halted)
    return {
      name,
      version,
      drift: nothing,
      fault: halted.type ? `${halted.message} (${halted.type} at ${halted.position})` : halted.message,
    }
  await building.load()
  const table = tableOf(projection)
  const tables = [`public.${table}`, `pg_temp.${table}`] as const
  return {
    name,
    version,
    drift: await diff({ client, store, before: projection, after: projection, tables, position, skipped }),
  }
}
