import { setTimeout as delay } from 'node:timers/promises'
import type { Locks } from '../ops/platform/locks.ts'
import type { Log } from '../ops/platform/log.ts'
import { type SweepIncoming, sweepIncoming } from './incoming.ts'
import { type Balancing, sweepOrphans } from './orphans.ts'

const lock = 'storage sweeper'

/** Keeps the object store free of what nobody will ask for: by one process at a time, now and then, until the signal. */
export async function runSweeper(
  deps: SweepIncoming & Balancing & { locks: Locks; log: Log; incomingEveryMs: number; orphansEveryMs: number },
): Promise<void> {
  const { locks, log, signal, incomingEveryMs, orphansEveryMs } = deps
  let nextOrphans = Date.now() + incomingEveryMs
  while (!signal.aborted) {
    await delay(incomingEveryMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const lost = new AbortController()
    try {
      const release = await locks.tryTake(lock, () => lost.abort())
      if (!release) continue
      const sweeping = { ...deps, signal: AbortSignal.any([signal, lost.signal]) }
      try {
        const dropped = await sweepIncoming(sweeping)
        if (dropped > 0) log.info({ dropped }, 'unfinished uploads expired')
        if (Date.now() < nextOrphans) continue
        const { missing, missingCount, ...found } = await sweepOrphans(sweeping)
        nextOrphans = Date.now() + orphansEveryMs
        log[missingCount > 0 ? 'error' : 'info']({ ...found, missing, missingCount }, 'the object store was checked')
      } finally {
        await release()
      }
    } catch (error) {
      if (!signal.aborted) log.error({ error }, 'the object store was not swept; it will be')
    }
  }
}
