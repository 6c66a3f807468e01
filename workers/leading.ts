import { setTimeout as delay } from 'node:timers/promises'
import type { Locks } from '../ops/platform/locks.ts'
import type { Log } from '../ops/platform/log.ts'

export interface Leading {
  locks: Locks
  /** That whoever leads holds: one of its own for each task. */
  lock: string
  everyMs: number
  /** So long it waits, not leading, before it tries to. */
  standbyMs?: number
  log: Log
  signal: AbortSignal
}

/** Does it now and again, in one of all instances, until the signal; whoever leads lets go when its connection breaks. */
export async function runAsLeader(
  { locks, lock, everyMs, standbyMs = 30_000, log, signal }: Leading,
  act: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const pause = (ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until }).catch(() => undefined)
  while (!signal.aborted) {
    const lost = new AbortController()
    const until = AbortSignal.any([signal, lost.signal])
    try {
      const release = await locks.tryTake(lock, () => lost.abort())
      try {
        while (release && !until.aborted) {
          await act(until)
          await pause(everyMs, until)
        }
      } finally {
        await release?.()
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'what is done now and again failed; it will be tried again')
    }
    await pause(standbyMs, signal)
  }
}
