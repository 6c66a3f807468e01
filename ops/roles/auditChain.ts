import { keepChain } from '../audit/keeping.ts'
import type { Connections } from './connections.ts'

/** Chains whatever comes into the log, beside the read models. */
export function runAuditChain({ config, database, log, lifecycle }: Connections): void {
  const { stopping: signal } = lifecycle
  const kept = keepChain({ eventStoreUrl: config.EVENTSTORE_URL, database, log, signal })
  lifecycle.onStop('audit chain', () => kept)
}
