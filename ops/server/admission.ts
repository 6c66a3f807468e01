import type { Refreshes } from '../../commands/sessions.ts'
import { splitStream } from '../../domain/decider.ts'
import type { EventStore, Recorded } from '../platform/eventStore.ts'
import type { Log } from '../platform/log.ts'
import { Problem } from '../platform/route.ts'
import type { AccessClaims } from '../platform/tokens.ts'
import { hear, type Hearing, type Moment } from './hearing.ts'
import { rememberRefreshes } from './refreshes.ts'

export interface Admission extends Hearing {
  /** Throws the problem that keeps the bearer of these claims out, decided from what the log has said so far. */
  check(claims: AccessClaims): void
  refreshes: Refreshes
}

/** Events after which older access tokens of the user are stale. */
const endsSessions = new Set(['UserDeactivated', 'UserErased', 'UserPasswordChanged', 'UserSessionsEnded'])
const changesRights = new Set(['UserRoleChanged', 'UserMovedToFacility'])

/**
 * Follows what ends sessions and changes rights in the log and remembers what was ended, for as long as an access token
 * issued before may still live, and what was just refreshed. When it cannot follow, nobody is let in: it never fails open.
 * @param clock that of this process, where none is given
 */
export function followEndings(options: {
  store: EventStore
  accessSecs: number
  log: Log
  signal: AbortSignal
  clock?: () => Moment
}): Admission {
  const { store, accessSecs, log, signal, clock } = options
  const endedSessions = new Map<string, number>()
  /** When they were deactivated last, by their own revision: being open again does not bring back tokens of before. */
  const closedFacilities = new Map<string, { revision: number; at: number }>()
  /** Per user: tokens made before this revision are stale or, where `ended`, so are their sessions but one. */
  const users = new Map<string, { staleBefore: number; endedBefore: number; exceptSession?: string; at: number }>()

  let hasCaughtUp = false
  const isCurrent = () => hearing.isCurrent()
  const refreshes = rememberRefreshes({ isCurrent, ...(clock && { clock }) })

  function apply(event: Recorded) {
    refreshes.hear(event, hasCaughtUp && isCurrent())
    const { stream, type, revision, data } = event
    const [category, id] = splitStream(stream)
    const at = Date.now()
    if (type === 'SessionEnded') endedSessions.set(id, at)
    if (type === 'FacilityDeactivated') closedFacilities.set(id, { revision, at })
    if (category !== 'user') return
    const { staleBefore, ...known } = users.get(id) ?? { staleBefore: -1, endedBefore: -1 }
    if (changesRights.has(type)) users.set(id, { ...known, staleBefore: revision, at })
    // Whoever was spared by an earlier ending is not by a later one.
    if (endsSessions.has(type))
      users.set(id, {
        staleBefore,
        endedBefore: revision,
        at,
        ...(data['session_id'] && { exceptSession: data['session_id'] as string }),
      })
  }

  function forgetOld() {
    const before = Date.now() - accessSecs * 1000 * 1.1
    for (const [id, at] of endedSessions) if (at < before) endedSessions.delete(id)
    for (const remembered of [users, closedFacilities])
      for (const [id, { at }] of remembered) if (at < before) remembered.delete(id)
  }
  const forgetting = setInterval(forgetOld, 60_000).unref()
  signal.addEventListener('abort', () => clearInterval(forgetting), { once: true })

  const hearing = hear({
    store,
    // What ended before any living token was made does not matter.
    from: async () => {
      const position = await store.positionBefore(new Date(Date.now() - accessSecs * 1100))
      refreshes.startAfter(position)
      return position
    },
    only: { types: ['SessionRefreshed', 'SessionEnded', 'FacilityDeactivated', ...endsSessions, ...changesRights] },
    apply,
    startOver: () => [endedSessions, closedFacilities, users].forEach((remembered) => remembered.clear()),
    of: 'ended sessions',
    log,
    signal,
  })

  void hearing.ready.then(() => (hasCaughtUp = true))

  return {
    ...hearing,
    refreshes,
    check: ({ sub, sid, facility_id, facility_revision = -1, user_revision }) => {
      if (!isCurrent())
        throw new Problem('unavailable', 'Sessions cannot be checked right now', { headers: { 'Retry-After': '1' } })
      const user = users.get(sub)
      const ended =
        endedSessions.has(sid) ||
        (facility_id !== undefined && facility_revision < (closedFacilities.get(facility_id)?.revision ?? -1)) ||
        (user !== undefined && user_revision < user.endedBefore && sid !== user.exceptSession)
      if (ended) throw new Problem('session_ended', 'This session has ended; log in again')
      if (user !== undefined && user_revision < user.staleBefore)
        throw new Problem('token_expired', 'Your rights have changed; refresh the token')
    },
  }
}
