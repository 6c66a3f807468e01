import { RateLimiterMemory } from 'rate-limiter-flexible'
import { Problem } from './route.ts'

/** `account`: whatever stands for what was typed as e-mail address. Both are used as keys only. */
export interface Attempt {
  account: string
  address: string
}

/** How long the next try has to wait, and after how many failures. */
export interface Throttled {
  failures: number
  wait_secs: number
}

export interface LoginThrottle {
  /** Throws `rate_limited`, with Retry-After, while it is too soon. */
  admit(attempt: Attempt): Promise<void>
  /** Counts a wrong password; says so when that makes others wait. */
  failed(attempt: Attempt): Promise<Throttled | undefined>
  succeeded(attempt: Attempt): Promise<void>
}

export interface ThrottleLimits {
  /** Wrong passwords for one account from one address, before the first wait. */
  perAccount: number
  /** The same for an account that is being tried from everywhere. */
  perHotAccount: number
  /** Wrong passwords for one account from all addresses, after which it is one of those. */
  hotAccount: number
  /** Wrong passwords for all accounts from one address, before the first wait: many people may be behind one. */
  perAddress: number
  /** For so long failures are counted. */
  windowSecs: number
  longestWaitSecs: number
}

export const usualLimits: ThrottleLimits = {
  perAccount: 5,
  perHotAccount: 1,
  hotAccount: 50,
  perAddress: 100,
  windowSecs: 3600,
  longestWaitSecs: 900,
}

/**
 * Waits that double from one second on with every further failure, for an account from one address and for an address. Nobody can lock somebody
 * else out: whatever others do, the first tries from an address that has not failed itself are always heard. An account that is tried from
 * everywhere gets one such try an address instead of five. In the memory of this instance, forgotten with it.
 */
export function createLoginThrottle(limits: ThrottleLimits = usualLimits): LoginThrottle {
  const counted = new RateLimiterMemory({ points: 1, duration: limits.windowSecs })
  const waiting = new RateLimiterMemory({ points: 1, duration: limits.longestWaitSecs })
  const pairOf = ({ account, address }: Attempt) => `pair ${account} ${address}`
  const addressOf = ({ address }: Attempt) => `address ${address}`
  const accountOf = ({ account }: Attempt) => `account ${account}`

  const failuresOf = async (key: string) => (await counted.get(key))?.consumedPoints ?? 0
  const oneMore = async (key: string) => (await counted.penalty(key, 1)).consumedPoints

  async function waitAfter(key: string, failures: number, free: number): Promise<Throttled | undefined> {
    if (failures < free) return undefined
    const wait_secs = Math.min(2 ** Math.min(failures - free, 30), limits.longestWaitSecs)
    await waiting.block(key, wait_secs)
    return { failures, wait_secs }
  }

  return {
    admit: async (attempt) => {
      const waits = await Promise.all([waiting.get(pairOf(attempt)), waiting.get(addressOf(attempt))])
      const ms = Math.max(...waits.map((wait) => wait?.msBeforeNext ?? 0))
      if (ms > 0)
        throw new Problem('rate_limited', 'Too many wrong passwords; try again later', {
          headers: { 'Retry-After': String(Math.ceil(ms / 1000)) },
        })
    },
    failed: async (attempt) => {
      const [pair, address, account] = await Promise.all([
        oneMore(pairOf(attempt)),
        oneMore(addressOf(attempt)),
        oneMore(accountOf(attempt)),
      ])
      const free = account > limits.hotAccount ? limits.perHotAccount : limits.perAccount
      const waits = await Promise.all([
        waitAfter(pairOf(attempt), pair, free),
        waitAfter(addressOf(attempt), address, limits.perAddress),
      ])
      return waits.reduce((longest, wait) =>
        !longest || (wait && wait.wait_secs > longest.wait_secs) ? wait : longest,
      )
    },
    succeeded: async (attempt) => {
      if ((await failuresOf(pairOf(attempt))) === 0) return
      await Promise.all([counted.delete(pairOf(attempt)), waiting.delete(pairOf(attempt))])
    },
  }
}
