import type { AnyEvent, Decider } from '../domain/decider.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { load } from './handle.ts'

/**
 * To be asked before a command writes to any other stream first: a repeated Idempotency-Key with another request must
 * change nothing at all.
 * @returns whether this very command has been carried out before
 */
export async function ensureNotClashing<State, Event extends AnyEvent>(
  store: EventStore,
  decider: Decider<State, Event>,
  id: string,
  intent: Intent,
): Promise<boolean> {
  const { commands } = await load(store, decider, id)
  const before = commands.get(intent.id)
  if (before && before.hash !== intent.hash)
    throw new Problem('idempotency_clash', 'This Idempotency-Key was used for another request')
  return before !== undefined
}
