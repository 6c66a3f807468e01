import { setTimeout as delay } from 'node:timers/promises'
import type { EventStore, FollowOptions, Recorded } from '../platform/eventStore.ts'
import type { Log } from '../platform/log.ts'

/** How far an instance can rely on what it has heard from the log. */
export interface Hearing {
  /** Whether what happens is heard of within a second. */
  isCurrent(): boolean
  /** Resolves once everything was heard that had happened by then. */
  ready: Promise<void>
  done: Promise<unknown>
}

const toleratedSilenceMs = 1000
const askEveryMs = 250

/**
 * Follows the log, and notices when it cannot: a broken subscription says so, a store that is silent has to be asked.
 * @param from where to begin; asked again while the store is away
 * @param of for a person: what is not heard of meanwhile
 */
export function hear(options: {
  store: EventStore
  from: () => Promise<bigint | undefined>
  only: Pick<FollowOptions, 'prefixes' | 'types'>
  apply: (event: Recorded) => void
  of: string
  log: Log
  signal: AbortSignal
}): Hearing {
  const { store, from, only, apply, of, log, signal } = options
  let brokenSince: number | undefined
  /** When the store was asked something that it has not answered yet. */
  let askedAt: number | undefined
  let isReady: () => void
  const ready = new Promise<void>((resolve) => (isReady = resolve))

  async function run() {
    const onBroken = (error: Error) => {
      brokenSince ??= Date.now()
      log.warn({ error: error.message }, `not hearing of ${of}`)
    }
    const onCaughtUp = () => {
      brokenSince = undefined
      isReady()
    }
    const after = await startingPoint()
    for await (const events of store.follow({ ...only, after, signal, onBroken, onCaughtUp })) events.forEach(apply)
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
      askedAt ??= Date.now()
      const answered = await store.head().then(
        () => true,
        () => false,
      )
      if (answered) askedAt = undefined
      await delay(askEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  const tolerable = (since: number | undefined) => since === undefined || Date.now() - since < toleratedSilenceMs
  return {
    isCurrent: () => tolerable(brokenSince) && tolerable(askedAt),
    ready,
    done: Promise.all([run(), keepAsking()]),
  }
}
