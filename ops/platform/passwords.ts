import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { Problem } from './route.ts'

export interface Passwords {
  hash(password: string): Promise<string>
  /**
   * Takes the same time whether or not there is a hash to compare with. `admit` is asked when its turn has come, and throws where it is not
   * to be compared any more: many at once are no more tries than many in a row.
   */
  matches(hash: string | undefined, password: string, admit?: () => Promise<void>): Promise<boolean>
}

// argon2id at OWASP's minimum: 19 MiB, two passes, one lane; about 14 ms of one core.
const cost = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const waiting = 200

/** Hashing in turn, as many at once as given; a full queue refuses, so that logins cannot starve everything else. */
export async function createPasswords(concurrency: number): Promise<Passwords> {
  const limit = pLimit(concurrency)
  const nobody = await hash('nobody has this password', cost)
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (limit.pendingCount >= waiting)
      throw new Problem('rate_limited', 'Too many logins at once; try again', { headers: { 'Retry-After': '2' } })
    return limit(run)
  }
  return {
    hash: (password) => inTurn(() => hash(password, cost)),
    matches: (stored, password, admit) =>
      inTurn(async () => {
        await admit?.()
        const same = await verify(stored ?? nobody, password)
        return same && stored !== undefined
      }),
  }
}
