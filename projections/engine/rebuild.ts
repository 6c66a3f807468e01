import type { Recorded } from '../../ops/platform/eventStore.ts'
import { haltAt, type Place, placeOf } from './apply.ts'
import type { Building } from './building.ts'
import { isFaultOfData, wordsOf } from './faults.ts'
import { occurred } from './fold.ts'
import type { Skipped } from './orders.ts'
import type { AsStored, Occurred } from './projection.ts'

/** Rows in memory, of all tables together. About 1 KB each. */
const heldRows = 50_000
/** So many that they are gone before anything is taken for long-lived. */
const batchSize = 500

export interface RebuildOptions {
  /** All events from the first, in batches. */
  events: AsyncIterable<readonly Recorded[]>
  buildings: readonly Building[]
  /** Positions that an operator told a projection to pass over. */
  skipped: Skipped
  /** Events so far, and the position of the last one. */
  onProgress: (events: number, position: bigint) => void
  signal: AbortSignal
  maxRows?: number
}

/**
 * Fills candidates from the whole log: one read for all of them. An event that cannot be folded halts its projection and none of the
 * others. Leaves what was folded unfinished; returns where the last event is that was read.
 */
export async function rebuild(options: RebuildOptions): Promise<Place> {
  const { buildings, events, skipped, onProgress, signal, maxRows = heldRows } = options
  const takers = takersOf(buildings)
  let place: Place = { position: undefined }
  let count = 0
  for await (const batch of inBatches(events)) {
    signal.throwIfAborted()
    if (buildings.every(({ halted }) => halted)) return place
    for (const event of batch) foldInto(takers(event.type), event, skipped)
    for (const building of buildings) await unlessRefused(building, () => building.send())
    count += batch.length
    place = placeOf(batch.at(-1)!)
    onProgress(count, place.position!)
    await evictDownTo(maxRows, buildings)
  }
  for (const building of buildings) await unlessRefused(building, () => building.settle())
  return place
}

/** Small batches joined: what is done once a batch costs as much as the folding of many events. */
async function* inBatches(events: AsyncIterable<readonly Recorded[]>): AsyncGenerator<readonly Recorded[]> {
  let gathered: Recorded[] = []
  for await (const batch of events) {
    gathered.push(...batch)
    if (gathered.length < batchSize) continue
    yield gathered
    gathered = []
  }
  if (gathered.length > 0) yield gathered
}

interface Taker {
  building: Building
  fold: (event: Occurred & AsStored) => void
}

/** Who folds events of a type, and how. */
function takersOf(buildings: readonly Building[]): (type: string) => readonly Taker[] {
  const known = new Map<string, readonly Taker[]>()
  return (type) => {
    let takers = known.get(type)
    if (!takers) {
      takers = buildings.flatMap((building) => {
        const fold = building.folderOf(type)
        return fold ? [{ building, fold }] : []
      })
      known.set(type, takers)
    }
    return takers
  }
}

function foldInto(takers: readonly Taker[], event: Recorded, skipped: Skipped): void {
  if (takers.length === 0) return
  const seen = occurred(event)
  for (const { building, fold } of takers) {
    if (building.halted || skipped(building.projection.name, event.position)) continue
    try {
      fold(seen)
    } catch (error) {
      building.halted = haltAt(event, error as Error)
    }
  }
}

async function evictDownTo(maxRows: number, buildings: readonly Building[]): Promise<void> {
  for (;;) {
    const going = buildings.filter(({ halted }) => !halted)
    if (total(going) <= maxRows) return
    const evicting = largest(going)
    await unlessRefused(evicting, () => evicting.evict())
  }
}

/** What Postgres refuses of one candidate halts that one, and none of the others. */
async function unlessRefused(building: Building, act: () => Promise<void>): Promise<void> {
  if (building.halted) return
  try {
    await act()
  } catch (error) {
    if (!isFaultOfData(error)) throw error
    building.halted = { message: wordsOf(error) }
  }
}

const total = (buildings: readonly Building[]) => buildings.reduce((sum, { size }) => sum + size, 0)
const largest = (buildings: readonly Building[]) =>
  buildings.reduce((one, other) => (other.size > one.size ? other : one))
