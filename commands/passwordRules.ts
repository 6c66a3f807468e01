import { randomBytes } from 'node:crypto'
import { dictionary } from '@zxcvbn-ts/language-common'
import { z } from 'zod'
import { Problem } from '../ops/platform/route.ts'

const shortest = 12

/** No rules of composition: length, and nothing that everybody guesses first. */
export const Password = z
  .string()
  .min(shortest, `must have at least ${shortest} characters`)
  .max(128)
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')

// Whatever is shorter is refused already.
const common: ReadonlySet<string> = new Set(
  Object.values(dictionary)
    .flat()
    .map((word) => String(word).toLowerCase())
    .filter((word) => word.length >= shortest),
)

const plain = (text: string) => text.normalize('NFKC').trim().toLowerCase()

/**
 * Refuses what everybody would try first: the common passwords, and the person's own name or e-mail address.
 * @param field of the body, as the problem names it
 */
export function checkPassword(field: string, password: string, person: { email: string; name: string }): void {
  const wanted = plain(password)
  const own = [person.email, person.email.split('@')[0]!, person.name].map(plain)
  const message = common.has(wanted)
    ? 'is one of the passwords that everybody tries first'
    : own.includes(wanted)
      ? 'must not be the name or the e-mail address of the person'
      : undefined
  if (message !== undefined)
    throw new Problem('invalid_request', 'The body is not as expected', {
      errors: [{ path: `body.${field}`, message }],
    })
}

/** 144 bits, in characters that can be read out. */
export const newPassword = () => randomBytes(18).toString('base64url')
