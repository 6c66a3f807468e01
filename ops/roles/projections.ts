import { projections } from '../../projections/all.ts'
import { runGroup } from '../../projections/engine/group.ts'
import type { Connections } from './connections.ts'

/** Follows the log for the read models, or stands by. */
export function runProjections({ config, store, log, lifecycle }: Connections): void {
  const running = runGroup({ databaseUrl: config.DATABASE_URL, store, projections, log, signal: lifecycle.stopping })
  lifecycle.onStop('projections', () => running)
}
