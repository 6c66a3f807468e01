import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { networkOf } from '../platform/network.ts'
import { type Caller, Problem } from '../platform/route.ts'

/**
 * Counts a request of this caller or, where nobody was let in, of this address; throws `rate_limited` when there were too many. What it returns
 * counts it no more: for whoever is let in after all.
 */
export type RateLimit = (caller: Caller, address: string) => Promise<() => Promise<unknown>>

/**
 * So many requests a minute for each caller and for each address of whoever is not let in, as this instance counts them. A caller never pays for
 * others behind the same address.
 * @param perMinute 0: no limit
 */
export function rateLimit(perMinute: number): RateLimit {
  if (perMinute === 0) return () => Promise.resolve(() => Promise.resolve())
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
  return async (caller, address) => {
    const key = keyOf(caller, address)
    try {
      await limiter.consume(key)
      return () => limiter.reward(key)
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      const seconds = String(Math.max(1, Math.ceil(error.msBeforeNext / 1000)))
      throw new Problem('rate_limited', `More than ${perMinute} requests in a minute; try again in ${seconds} s`, {
        headers: { 'Retry-After': seconds },
      })
    }
  }
}

function keyOf(caller: Caller, address: string): string {
  if (caller.kind === 'user') return `user ${caller.id}`
  if (caller.kind === 'device') return `key ${caller.key_id}`
  return `address ${networkOf(address)}`
}
