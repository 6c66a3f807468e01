import { setTimeout as delay } from 'node:timers/promises'
import { forgetLoaded } from '../../commands/handle.ts'
import type { EventStore, FollowOptions, Recorded } from '../platform/eventStore.ts'
import type { Log } from '../platform/log.ts'

/** How far an instance can rely on what it has heard from the log. */
export interface Hearing {
  /** Whether what happens is heard of within a second. */
  isCurrent(): boolean
  /** Resolves once everything was heard that had happened by then. */
  ready: Promise<void>
  done: Promise<unknown>
  /** To be told what was read of the log beside: where that is missing later on, it is another log. */
  saw(event: Pick<Recorded, 'position' | 'id'>): void
}

const toleratedSilenceMs = 1000
const askEveryMs = 250
/** So long after the last answer of the store it is ours to wake up first: this process was stopped, or its machine. */
const asleepMs = 2000

/**
 * Follows the log, and notices when it cannot: a broken subscription says so, a store that is silent has to be asked. A store that comes back
 * with another log than before, as a restored backup is, is heard anew from the beginning.
 * @param from where to begin; asked again while the store is away
 * @param startOver forgets all that was heard
 * @param of for a person: what is not heard of meanwhile
 */
export function hear(options: {
  store: EventStore
  from: () => Promise<bigint | undefined>
  only: Pick<FollowOptions, 'prefixes' | 'types'>
  apply: (event: Recorded) => void
  startOver: () => void
  of: string
  log: Log
  signal: AbortSignal
}): Hearing {
  const { store, from, only, apply, startOver, of, log, signal } = options
  let brokenSince: Moment | undefined
  /** Whether everything was heard since the subscription was made. */
  let isCaughtUp = false
  /** When the store was asked something that it has not answered yet. */
  let askedAt: Moment | undefined
  let answeredAt: Moment | undefined
  /** The newest event that is known to be in this log. */
  let newest: { position: bigint; id: string } | undefined
  let round = new AbortController()
  let isReady: () => void
  const ready = new Promise<void>((resolve) => (isReady = resolve))

  async function run() {
    const onBroken = (error: Error) => {
      brokenSince ??= moment()
      isCaughtUp = false
      log.warn({ error: error.message }, `not hearing of ${of}`)
    }
    const onCaughtUp = () => {
      isCaughtUp = true
      isReady()
    }
    while (!signal.aborted) {
      round = new AbortController()
      const following = { ...only, signal: AbortSignal.any([signal, round.signal]), onBroken, onCaughtUp }
      for await (const events of store.follow({ ...following, after: await startingPoint() })) {
        events.forEach(apply)
        saw(events.at(-1)!)
      }
      if (signal.aborted) return
      log.error(`the event store has another log than before: hearing of ${of} anew`)
      isCaughtUp = false
      newest = undefined
      forgetLoaded(store)
      startOver()
    }
  }

  async function startingPoint(): Promise<bigint | undefined> {
    for (;;) {
      try {
        return await from()
      } catch (error) {
        if (signal.aborted) return undefined
        log.warn({ error }, 'waiting for the event store')
        await delay(askEveryMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async function keepAsking() {
    while (!signal.aborted) {
      askedAt ??= moment()
      try {
        await ask()
        askedAt = undefined
        answeredAt = moment()
      } catch {
        // It is away; what was asked stays unanswered.
      }
      await delay(askEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Whether it is there and, where the subscription broke, whether it is the same log that all was heard of since. */
  async function ask(): Promise<void> {
    const wasCaughtUp = isCaughtUp
    if (brokenSince && newest) {
      const found = await store.eventAt(newest.position)
      if (found === 'beyond' || (found !== 'gone' && found.id !== newest.id)) return round.abort()
    }
    if (wasCaughtUp && isCaughtUp) brokenSince = undefined
    const position = await store.head()
    if (brokenSince || position === undefined || position === newest?.position) return
    const found = await store.eventAt(position)
    if (!brokenSince && typeof found !== 'string') saw({ position, id: found.id })
  }

  function saw({ position, id }: Pick<Recorded, 'position' | 'id'>) {
    if (!newest || position > newest.position) newest = { position, id }
  }

  return {
    isCurrent: () =>
      !isLongAgo(brokenSince, toleratedSilenceMs) &&
      !isLongAgo(askedAt, toleratedSilenceMs) &&
      !isLongAgo(answeredAt, asleepMs),
    ready,
    done: Promise.all([run(), keepAsking()]),
    saw,
  }
}

/** On two clocks: one may be set, the other may stand still while a machine sleeps. */
export interface Moment {
  wall: number
  steady: number
}

export const moment = (): Moment => ({ wall: Date.now(), steady: performance.now() })
export const isLongAgo = (when: Moment | undefined, ms: number, now = moment()) =>
  when !== undefined && (Math.abs(now.wall - when.wall) >= ms || now.steady - when.steady >= ms)
