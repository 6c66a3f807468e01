import type { Incoming } from '../ops/platform/incoming.ts'
import type { Log } from '../ops/platform/log.ts'

export interface SweepIncoming {
  incoming: Incoming
  /** Makes an upload of one that is complete: see `commands/resumableFinish.ts`. */
  finish: (id: string) => Promise<unknown>
  expiryMs: number
  /** ISO text. */
  now: () => string
  log: Log
  signal: AbortSignal
}

/** Times the expiry, for what is complete and was refused each time. */
const patience = 7

/**
 * Drops what was not gone on with for too long: what came in pieces and is not complete, what is remembered of those that are, and what is left of
 * either. What is complete and was seen to by nobody becomes an upload first.
 */
export async function sweepIncoming({ incoming, finish, expiryMs, now, log, signal }: SweepIncoming): Promise<number> {
  let dropped = 0
  for await (const { id, touched_at } of incoming.all()) {
    if (signal.aborted) break
    const found = await incoming.read(id)
    const isWaiting = found && found.announced.upload_id === undefined && found.offset >= found.announced.size_bytes
    if (isWaiting) await finish(id).catch((error: unknown) => log.warn({ error, id }, 'a complete upload was refused'))
    // Somebody may have gone on with it since it was listed. What is complete is not let go because of one bad moment.
    const since = (found?.touched_at ?? touched_at).getTime()
    if (Date.parse(now()) - since < expiryMs * (isWaiting ? patience : 1)) continue
    await incoming.remove(id)
    dropped++
  }
  return dropped
}
