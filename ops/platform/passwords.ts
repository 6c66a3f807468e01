import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import pLimit, { type LimitFunction } from 'p-limit'
import { Piscina } from 'piscina'
import { root } from './root.ts'
import { Problem } from './route.ts'

/** `asker`: who is let in and asks for it; absent for whoever is not in yet. */
export interface Passwords {
  hash(password: string, asker?: string): Promise<string>
  /**
   * Takes the same time whether or not there is a hash to compare with. `admit` is asked when its turn has come, and throws where it is not
   * to be compared any more; `wrong` is told before the next has its turn: many at once are no more tries than many in a row.
   */
  matches(
    hash: string | undefined,
    password: string,
    more?: { admit?: () => Promise<void>; wrong?: () => Promise<void>; asker?: string },
  ): Promise<boolean>
  /** How many wait for their turn. */
  waiting(): number
  /** Ends the threads, and what is under way in them. */
  close(): Promise<void>
}

export interface QueueLimits {
  /** How many may wait. */
  most: number
  /** How many of one asker may wait until their one place in the queue is free. */
  mostOfAsker: number
}

// argon2id at OWASP's minimum: 19 MiB, two passes, one lane; about 14 ms of one core.
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
/** A thread takes 50 ms to begin. */
const idleMs = 60_000
/** Added to how willingly they give way: whatever else there is to do goes first. */
const niceIncrement = 10
const usualLimits: QueueLimits = { most: 200, mostOfAsker: 100 }

const tooMany = (what: string) =>
  new Problem('rate_limited', `Too many ${what} at once; try again`, { headers: { 'Retry-After': '2' } })

/**
 * Hashing in turn, as many at once as given, in threads that give way to everything else; a full queue refuses, so that a flood of logins holds
 * nothing up but itself. Of what one asker wants there is one thing in the queue at a time, so that nobody who is in can keep others from getting in.
 */
export async function createPasswords(concurrency: number, limits: QueueLimits = usualLimits): Promise<Passwords> {
  const queue = pLimit(concurrency)
  const places = new Map<string, LimitFunction>()
  const nobody = await hash('nobody has this password', cost)
  const threads = new Piscina<object, never>({
    filename: join(root, 'ops/platform/passwordThread.mjs'),
    ...{ minThreads: 0, maxThreads: concurrency, idleTimeout: idleMs, niceIncrement, execArgv: [] },
  })

  async function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (queue.pendingCount >= limits.most) throw tooMany('logins')
    return queue(run)
  }

  async function inTurnOf<T>(asker: string | undefined, run: () => Promise<T>): Promise<T> {
    if (asker === undefined) return inTurn(run)
    const place = places.get(asker) ?? pLimit(1)
    if (place.pendingCount >= limits.mostOfAsker) throw tooMany('passwords')
    places.set(asker, place)
    try {
      return await place(() => inTurn(run))
    } finally {
      if (place.activeCount + place.pendingCount === 0) places.delete(asker)
    }
  }

  return {
    hash: (password, asker) =>
      inTurnOf(asker, () => threads.run({ password, cost }, { name: 'hash' }) as Promise<string>),
    matches: (stored, password, { admit, wrong, asker } = {}) =>
      inTurnOf(asker, async () => {
        await admit?.()
        const same: boolean = await threads.run({ hash: stored ?? nobody, password }, { name: 'verify' })
        const isRight = same && stored !== undefined
        if (!isRight) await wrong?.()
        return isRight
      }),
    waiting: () => queue.pendingCount,
    close: () => threads.destroy(),
  }
}
