import type { Client } from 'pg'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { applyBatch, type Checkpoint, type Stopped } from './apply.ts'
import type { Lagging } from './members.ts'
import type { Skipped } from './orders.ts'

/** So near, in positions, a version is brought to the group between two of its batches; from farther away beside it. */
const near = 4n * 1024n * 1024n

export const isNear = (from: bigint | undefined, to: bigint | undefined) =>
  to === undefined || (from ?? 0n) >= to - near

/** Brings one version from its own position to position `to`; the poison it stopped at, if any. */
export async function catchUp(
  client: Client,
  store: EventStore,
  { table, position }: Lagging,
  to: bigint | undefined,
  skipped: Skipped,
  signal: AbortSignal,
): Promise<Stopped | undefined> {
  const { name, version } = table.projection
  const checkpoint: Checkpoint = { table: 'projections', name, version, position }
  if (to === undefined || (position !== undefined && position >= to)) return undefined
  for await (const batch of store.readAll(position)) {
    signal.throwIfAborted()
    const events = batch.filter(({ position }) => position <= to)
    if (events.length > 0) {
      const [halted] = await applyBatch(client, checkpoint, [table], events, skipped)
      if (halted) return halted
      checkpoint.position = events.at(-1)!.position
    }
    if (events.length < batch.length) break
  }
  return undefined
}
