import type { Recorded } from '../../ops/platform/eventStore.ts'
import { haltAt } from './apply.ts'
import type { Building } from './building.ts'
import { occurred, occurredAsStored } from './fold.ts'
import { isAppendOnly, type Occurred } from './projection.ts'

/** Rows in memory, of all tables together. About 1 KB each. */
const heldRows = 500_000

export interface RebuildOptions {
  /** All events from the first, in batches. */
  events: AsyncIterable<readonly Recorded[]>
  buildings: readonly Building[]
  /** Positions that an operator told a projection to pass over. */
  skipped: (projection: string, position: bigint) => boolean
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
    const buildings = options.buildings.filter(({ halted }) => !halted)
    if (buildings.length === 0) return position
    const folding = batch.map((event) => ({ event, decoded: occurred(event), stored: occurredAsStored(event) }))
    for (const building of buildings) await building.prefetch(folding.map(({ decoded }) => decoded))
    for (const building of buildings) {
      const kind = isAppendOnly(building.projection) ? 'stored' : 'decoded'
      for (const one of folding) {
        if (skipped(building.projection.name, one.event.position)) continue
        if (!attempt(building, one[kind], one.event)) break
      }
      await building.send()
    }
    count += batch.length
    position = batch.at(-1)?.position ?? position
    if (position !== undefined) onProgress(count, position)
    while (total(buildings) > maxRows) await largest(buildings).evict()
  }
  return position
}

function attempt(building: Building, seen: Occurred, event: Recorded): boolean {
  try {
    building.fold(seen)
    return true
  } catch (error) {
    building.halted = haltAt(event, error as Error)
    return false
  }
}

const total = (buildings: readonly Building[]) => buildings.reduce((sum, { size }) => sum + size, 0)
const largest = (buildings: readonly Building[]) =>
  buildings.reduce((one, other) => (other.size > one.size ? other : one))
