import { createHash, timingSafeEqual } from 'node:crypto'
import { Code, Refusal } from '../refusal.ts'
import type { Caller } from '../wire/call.ts'

export interface User {
  name: string
  password: string
  /** Members of `$admins` and `$ops` may run the store; `$admins` may do everything. */
  groups: readonly string[]
}

/** Where there are no users, everybody may do everything. */
const EVERYBODY: Caller = { name: 'anonymous', groups: ['$admins'] }

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Basic authentication. */
export class Users {
  readonly #known: readonly { caller: Caller; credentials: Buffer }[]

  constructor(users: readonly User[]) {
    this.#known = users.map(({ name, password, groups }) => ({
      caller: { name, groups },
      credentials: digest(`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`),
    }))
  }

  /** Throws what the clients know as "access denied" and "unauthenticated". */
  authenticate(authorization: string | undefined): Caller {
    if (this.#known.length === 0) return EVERYBODY
    if (!authorization) throw accessDenied('credentials are required')
    const given = digest(authorization)
    const found = this.#known.filter(({ credentials }) => timingSafeEqual(credentials, given))
    if (!found[0]) throw new Refusal(Code.unauthenticated, 'Wrong user or password')
    return found[0].caller
  }
}

export const accessDenied = (why: string): Refusal =>
  new Refusal(Code.permissionDenied, `Access denied: ${why}`, { exception: 'access-denied' })

/** For what is not about one stream. */
export function requireOperator({ name, groups }: Caller): void {
  if (!groups.includes('$admins') && !groups.includes('$ops')) throw accessDenied(`${name} is not in $admins or $ops`)
}
