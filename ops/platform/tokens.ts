import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { z } from 'zod'

/**
 * `user_revision`, `facility_revision`: those streams when the token was made; a later change of rights makes it stale, a later deactivation ends
 * it. `must_change_password`: nothing else is let through until that is done.
 */
const AccessClaims = z.object({
  typ: z.literal('access'),
  sub: z.uuid(),
  sid: z.uuid(),
  role: z.enum(['super_admin', 'facility_admin', 'user']),
  facility_id: z.uuid().exactOptional(),
  user_revision: z.int(),
  facility_revision: z.int().exactOptional(),
  must_change_password: z.literal(true).exactOptional(),
  exp: z.int(),
})
/** `facility_deactivations`: how often that facility had been deactivated when the token was made. */
const RefreshClaims = z.object({
  typ: z.literal('refresh'),
  sub: z.uuid(),
  sid: z.uuid(),
  jti: z.uuid(),
  facility_id: z.uuid().exactOptional(),
  facility_deactivations: z.int().exactOptional(),
})

export type AccessClaims = z.infer<typeof AccessClaims>
export type RefreshClaims = z.infer<typeof RefreshClaims>

const secsOf = (time: string) => Math.floor(Date.parse(time) / 1000)

export interface TokenSecrets {
  JWT_SECRET: string
  JWT_REFRESH_SECRET: string
  JWT_SECRET_PREVIOUS?: string | undefined
  JWT_REFRESH_SECRET_PREVIOUS?: string | undefined
}

export const audience = 'xylolabs-api'
export const algorithms: jwt.Algorithm[] = ['HS256']

/** Names a secret without telling it, so that two are accepted while one replaces the other. */
const keyId = (secret: string) => createHash('sha256').update(`kid\0${secret}`).digest('hex').slice(0, 8)

/** Made once: of a text, jsonwebtoken would try to make a public key at every token, which takes as long as all the rest. */
const keyOf = (secret: string) => createSecretKey(secret, 'utf8')

/** The secret that a token says it was signed with; undefined for one we do not have. */
function chooser(current: string, previous: string | undefined) {
  const byId = new Map([current, ...(previous ? [previous] : [])].map((secret) => [keyId(secret), keyOf(secret)]))
  return (token: string): KeyObject | undefined => {
    try {
      return byId.get(jwt.decode(token, { complete: true })?.header.kid ?? '')
    } catch {
      return undefined // It only looks like a token.
    }
  }
}

export interface Tokens {
  access(claims: Omit<AccessClaims, 'typ' | 'exp'>): string
  /** From now on or, where it is given, for the life (ISO times) that the session's log says: the same successor is the same token. */
  refresh(claims: Omit<RefreshClaims, 'typ'>, life?: { from: string; until: string }): string
  accessSecretOf(token: string): KeyObject | undefined
  readAccess(payload: unknown): AccessClaims | undefined
  /** Undefined for a token that is expired, of another kind or not ours. */
  readRefresh(token: string): RefreshClaims | undefined
  accessSecs: number
  refreshSecs: number
}

export function createTokens(secrets: TokenSecrets, ttl: { accessSecs: number; refreshSecs: number }): Tokens {
  const accessSecretOf = chooser(secrets.JWT_SECRET, secrets.JWT_SECRET_PREVIOUS)
  const refreshSecretOf = chooser(secrets.JWT_REFRESH_SECRET, secrets.JWT_REFRESH_SECRET_PREVIOUS)
  const signer = (secret: string) => {
    const [key, keyid] = [keyOf(secret), keyId(secret)]
    return (claims: object, expiresIn?: number) =>
      jwt.sign(claims, key, { algorithm: 'HS256', audience, keyid, ...(expiresIn !== undefined && { expiresIn }) })
  }
  const [signAccess, signRefresh] = [signer(secrets.JWT_SECRET), signer(secrets.JWT_REFRESH_SECRET)]
  return {
    ...ttl,
    accessSecretOf,
    access: (claims) => signAccess({ typ: 'access', ...claims }, ttl.accessSecs),
    refresh: (claims, life) =>
      life
        ? signRefresh({ typ: 'refresh', ...claims, iat: secsOf(life.from), exp: secsOf(life.until) })
        : signRefresh({ typ: 'refresh', ...claims }, ttl.refreshSecs),
    readAccess: (payload) => AccessClaims.safeParse(payload).data,
    readRefresh: (token) => {
      try {
        const secret = refreshSecretOf(token)
        return secret === undefined
          ? undefined
          : RefreshClaims.parse(jwt.verify(token, secret, { algorithms, audience }))
      } catch {
        return undefined
      }
    },
  }
}
