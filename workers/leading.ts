import { setTimeout as delay } from 'node:timers/promises'
import { connectAlone } from '../ops/platform/database.ts'
import type { Log } from '../ops/platform/log.ts'

export interface Leading {
  databaseUrl: string
  /** Of the advisory lock in Postgres that whoever leads holds: a number of its own for each task. */
  lock: string
  everyMs: number
  log: Log
  signal: AbortSignal
}

const standbyMs = 30_000

/** Does it now and again, in one of all instances, until the signal; whoever leads lets go when its connection breaks. */
export async function runAsLeader(
  { databaseUrl, lock, everyMs, log, signal }: Leading,
  act: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const pause = (ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until }).catch(() => undefined)
  while (!signal.aborted) {
    const lost = new AbortController()
    const until = AbortSignal.any([signal, lost.signal])
    try {
      const client = await connectAlone(databaseUrl, () => lost.abort())
      client.on('end', () => lost.abort())
      try {
        const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [lock])
        while (rows[0]!.held && !until.aborted) {
          await act(until)
          await pause(everyMs, until)
        }
      } finally {
        await client.end().catch(() => undefined)
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'what is done now and again failed; it will be tried again')
    }
    await pause(standbyMs, signal)
  }
}
