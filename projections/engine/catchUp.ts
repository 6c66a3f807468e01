import type { Client } from 'pg'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import { applyBatch, type Checkpoint, type Place, placeOf, type Stopped } from './apply.ts'
import type { Lagging } from './members.ts'
import type { Skipped } from './orders.ts'

/** So near, in positions, a version is brought to the group between two of its batches; from farther away beside it. */
const near = 4n * 1024n * 1024n

export const isNear = (from: bigint | undefined, to: bigint | undefined, within = near) =>
  to === undefined || (from ?? 0n) >= to - within

/** Brings one version from its own position up to `to`; where it stands then, or the poison it stopped at. */
export async function catchUp(
  client: Client,
  store: EventStore,
  { table, position, eventId }: Lagging,
  to: bigint | undefined,
  skipped: Skipped,
  signal: AbortSignal,
): Promise<Place & { halted?: Stopped }> {
  const { name, version } = table.projection
  const checkpoint: Checkpoint = { table: 'projections', name, version, position, eventId }
  if (to === undefined || (position !== undefined && position >= to)) return checkpoint
  for await (const events of upTo(store.readAll(position), to)) {
    signal.throwIfAborted()
    const [halted] = await applyBatch(client, checkpoint, [table], events, skipped)
    if (halted) return { position: halted.position, halted }
    Object.assign(checkpoint, placeOf(events.at(-1)!))
  }
  return checkpoint
}

/** What of these lies up to a position, which ends it. */
export async function* upTo(
  batches: AsyncIterable<readonly Recorded[]>,
  position: bigint,
): AsyncGenerator<readonly Recorded[]> {
  for await (const batch of batches) {
    const wanted = batch.filter((event) => event.position <= position)
    if (wanted.length > 0) yield wanted
    if (wanted.length < batch.length) return
  }
}
