import { setTimeout as delay } from 'node:timers/promises'
import { splitStream } from '../../domain/decider.ts'
import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Log } from '../platform/log.ts'
import { Problem } from '../platform/route.ts'
import type { AccessClaims } from '../platform/tokens.ts'

export interface Admission {
  /** Throws the problem that keeps the bearer of these claims out, decided from what the log has said so far. */
  check(claims: AccessClaims): void
  /** Resolves once everything that could matter to a token still alive has been read. */
  ready: Promise<void>
  isCurrent(): boolean
  done: Promise<unknown>
}

const toleratedSilenceMs = 1000
const askEveryMs = 250

/** Events after which older access tokens of the user are stale. */
const endsSessions = new Set(['UserDeactivated', 'UserErased', 'UserPasswordChanged', 'UserSessionsEnded'])
const changesRights = new Set(['UserRoleChanged', 'UserMovedToFacility'])

/**
 * Follows what ends sessions and changes rights in the log and remembers what was ended, for as long as an access token
 * issued before may still live. When it cannot follow, nobody is let in: it never fails open.
 */
export function followEndings(options: {
  store: EventStore
  accessSecs: number
  log: Log
  signal: AbortSignal
}): Admission {
  const { store, accessSecs, log, signal } = options
  const endedSessions = new Map<string, number>()
  /** When they were deactivated last, by their own revision: being open again does not bring back tokens of before. */
  const closedFacilities = new Map<string, { revision: number; at: number }>()
  /** Per user: tokens made before this revision are stale or, where `ended`, so are their sessions but one. */
  const users = new Map<string, { staleBefore: number; endedBefore: number; exceptSession?: string; at: number }>()
  let brokenSince: number | undefined
  /** When the store was asked something that it has not answered yet. */
  let askedAt: number | undefined

  function apply({ stream, type, revision, data }: Recorded) {
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

  let isReady: () => void
  const ready = new Promise<void>((resolve) => (isReady = resolve))

  async function run() {
    const onBroken = (error: Error) => {
      brokenSince ??= Date.now()
      log.warn({ error: error.message }, 'not hearing of ended sessions')
    }
    const onCaughtUp = () => {
      brokenSince = undefined
      isReady()
    }
    const after = await startingPoint()
    for await (const events of store.follow({
      after,
      types: ['SessionEnded', 'FacilityDeactivated', ...endsSessions, ...changesRights],
      signal,
      onBroken,
      onCaughtUp,
    }))
      events.forEach(apply)
  }

  /** A store that is silent breaks no subscription: it has to be asked. */
  async function keepAsking() {
    while (!signal.aborted) {
      askedAt ??= Date.now()
      const answered = await store.head().then(
        () => true,
        () => false,
      )
      if (answered) askedAt = undefined
      await delay(askEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** What ended before any living token was made does not matter. */
  async function startingPoint(): Promise<bigint | undefined> {
    for (;;) {
      try {
        return await store.positionBefore(new Date(Date.now() - accessSecs * 1100))
      } catch (error) {
        if (signal.aborted) return undefined
        log.warn({ error }, 'waiting for the event store')
        await delay(250, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  const tolerable = (since: number | undefined) => since === undefined || Date.now() - since < toleratedSilenceMs
  const isCurrent = () => tolerable(brokenSince) && tolerable(askedAt)

  return {
    ready,
    isCurrent,
    done: Promise.all([run(), keepAsking()]),
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
