import type { Recorded } from '../../ops/platform/eventStore.ts'
import { haltAt } from './apply.ts'
import type { Building } from './building.ts'
import { isFaultOfData, wordsOf } from './faults.ts'
import { occurred, occurredAsStored } from './fold.ts'
import type { Skipped } from './orders.ts'
import { isAppendOnly, type Occurred } from './projection.ts'

/** Rows in memory, of all tables together. About 1 KB each. */
const heldRows = 500_000

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
 * others. Leaves what was folded unfinished; returns the position of the last event read.
 */
export async function rebuild(options: RebuildOptions): Promise<bigint | undefined> {
  const { events, skipped, onProgress, signal, maxRows = heldRows } = options
  let position: bigint | undefined
  let count = 0
  for await (const batch of events) {
    signal.throwIfAborted()
    if (options.buildings.every(({ halted }) => halted)) return position
    const folding = batch.map((event) => ({ event, decoded: occurred(event), stored: occurredAsStored(event) }))
    for (const building of options.buildings)
      await unlessRefused(building, async () => {
        await building.prefetch(folding.map(({ decoded }) => decoded))
        foldAll(building, folding, skipped)
        await building.send()
      })
    count += batch.length
    position = batch.at(-1)?.position ?? position
    if (position !== undefined) onProgress(count, position)
    for (;;) {
      const buildings = options.buildings.filter(({ halted }) => !halted)
      if (total(buildings) <= maxRows) break
      const evicting = largest(buildings)
      await unlessRefused(evicting, () => evicting.evict())
    }
  }
  return position
}

interface Folding {
  event: Recorded
  decoded: Occurred
  stored: Occurred
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

function foldAll(building: Building, folding: readonly Folding[], skipped: Skipped): void {
  const kind = isAppendOnly(building.projection) ? 'stored' : 'decoded'
  for (const one of folding) {
    if (skipped(building.projection.name, one.event.position)) continue
    try {
      building.fold(one[kind])
    } catch (error) {
      building.halted = haltAt(one.event, error as Error)
      return
    }
  }
}

const total = (buildings: readonly Building[]) => buildings.reduce((sum, { size }) => sum + size, 0)
const largest = (buildings: readonly Building[]) =>
  buildings.reduce((one, other) => (other.size > one.size ? other : one))
