// What runs in the threads of `passwords.ts`. Plain JavaScript: a thread is there sooner than TypeScript could be compiled for it.
import { hashSync, verifySync } from '@node-rs/argon2'

/** @param {{ password: string, cost: import('@node-rs/argon2').Options }} what */
export const hash = ({ password, cost }) => hashSync(password, cost)

/** @param {{ hash: string, password: string }} what */
export const verify = ({ hash, password }) => verifySync(hash, password)
