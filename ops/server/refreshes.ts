import type { Refreshes } from '../../commands/sessions.ts'
import { graceMs } from '../../domain/session.ts'
import type { Recorded } from '../platform/eventStore.ts'
import { Problem } from '../platform/route.ts'
import { isLongAgo, type Moment, moment } from './hearing.ts'

export interface RememberedRefreshes extends Refreshes {
  /** What this instance has heard of next; `isLive`: within a second of when it happened. */
  hear(event: Recorded, isLive: boolean): void
  /** Forgets all, and hears what comes after this position; undefined: from the first event. */
  startAfter(position: bigint | undefined): void
}

/** More than a store takes in that time: the client at its best appends 12,000 a second. */
const mostRemembered = 60_000

/**
 * When the newest refreshes were heard of, or begun here, by the clock of this instance: those of others may be minutes off. What was not heard as it
 * happened, before this instance listened or while it could not, has no age that it could know: it counts as old, which ends a session too
 * many rather than one too few.
 */
export function rememberRefreshes({
  isCurrent,
  clock = moment,
}: {
  /** Whether what happens is heard of within a second. */
  isCurrent: () => boolean
  clock?: () => Moment
}): RememberedRefreshes {
  /** Oldest first. */
  const since = new Map<string, Moment>()
  let newestHeard = -1n

  function remember(refreshId: string) {
    const now = clock()
    since.delete(refreshId)
    since.set(refreshId, now)
    for (const [id, when] of since) {
      if (since.size <= mostRemembered && !isLongAgo(when, graceMs, now)) break
      since.delete(id)
    }
  }

  function isYoung(refreshId: string, position: bigint): boolean {
    if (!since.has(refreshId)) {
      if (!isCurrent())
        throw new Problem('unavailable', 'Sessions cannot be checked right now', { headers: { 'Retry-After': '1' } })
      if (position <= newestHeard) return false
      // On its way here, so it has just happened.
      remember(refreshId)
    }
    return !isLongAgo(since.get(refreshId), graceMs, clock())
  }

  return {
    making: remember,
    isYoung,
    hear: ({ type, data, position }, isLive) => {
      newestHeard = position
      if (type === 'SessionRefreshed' && isLive) remember(data['refresh_id'] as string)
    },
    startAfter: (position) => {
      since.clear()
      newestHeard = position ?? -1n
    },
  }
}
