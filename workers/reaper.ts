import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../ops/platform/log.ts'
import { goneAfterMs, type OpenJobs } from './openJobs.ts'

export interface Reaped {
  kind: string
  /** Records that this attempt is over, if it still runs; the job waits for the next one, or ends. */
  timeOut(id: string, attempt: number): Promise<void>
}

export interface ReaperOptions {
  jobs: OpenJobs
  /** So long ago an attempt has begun that may be dead. */
  staleMs: number
  /** So long its worker was not heard of. */
  silentMs?: number
  everyMs?: number
  /** ISO text. */
  now: () => string
  log: Log
  signal: AbortSignal
}

/**
 * Times out attempts that began too long ago and whose worker is silent: it was killed, or is frozen, and JetStream has not
 * brought the job to another. Every worker does this; the stream lets one of them, and no late result of what was reaped.
 */
export async function runReaper(
  { kind, timeOut }: Reaped,
  { jobs, staleMs, silentMs = goneAfterMs, everyMs = Math.min(staleMs / 4, 30_000), now, log, signal }: ReaperOptions,
): Promise<void> {
  while (!signal.aborted) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted || !jobs.isCaughtUp()) continue
    for (const { id, running } of [...jobs.jobs.values()]) {
      const isStale = running && Date.parse(now()) - Date.parse(running.started_at) > staleMs
      if (!isStale || jobs.silentMs(id) < silentMs) continue
      log.warn({ kind, job: id, attempt: running.attempt }, 'a worker has gone silent; its job is asked for again')
      await timeOut(id, running.attempt).catch((error: unknown) =>
        log.warn({ kind, job: id, error }, 'a silent attempt could not be timed out; it is tried again'),
      )
    }
  }
}
