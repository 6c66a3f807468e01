import { createHash } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { z } from 'zod'

/** `user_revision`: the user's stream when the token was made; a later change of rights makes the token stale. */
const AccessClaims = z.object({
  typ: z.literal('access'),
  sub: z.uuid(),
  sid: z.uuid(),
  role: z.enum(['super_admin', 'facility_admin', 'user']),
  facility_id: z.uuid().exactOptional(),
  user_revision: z.int(),
  exp: z.int(),
})
const RefreshClaims = z.object({ typ: z.literal('refresh'), sub: z.uuid(), sid: z.uuid(), jti: z.uuid() })

export type AccessClaims = z.infer<typeof AccessClaims>
export type RefreshClaims = z.infer<typeof RefreshClaims>

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

/** The secret that a token says it was signed with; undefined for one we do not have. */
function chooser(current: string, previous: string | undefined) {
  const byId = new Map([current, ...(previous ? [previous] : [])].map((secret) => [keyId(secret), secret]))
  return (token: string): string | undefined => {
    try {
      return byId.get(jwt.decode(token, { complete: true })?.header.kid ?? '')
    } catch {
      return undefined // It only looks like a token.
    }
  }
}

export interface Tokens {
  access(claims: Omit<AccessClaims, 'typ' | 'exp'>): string
  refresh(claims: Omit<RefreshClaims, 'typ'>): string
  accessSecretOf(token: string): string | undefined
  readAccess(payload: unknown): AccessClaims | undefined
  /** Undefined for a token that is expired, of another kind or not ours. */
  readRefresh(token: string): RefreshClaims | undefined
  accessSecs: number
  refreshSecs: number
}

export function createTokens(secrets: TokenSecrets, ttl: { accessSecs: number; refreshSecs: number }): Tokens {
  const accessSecretOf = chooser(secrets.JWT_SECRET, secrets.JWT_SECRET_PREVIOUS)
  const refreshSecretOf = chooser(secrets.JWT_REFRESH_SECRET, secrets.JWT_REFRESH_SECRET_PREVIOUS)
  const sign = (secret: string, claims: object, expiresIn: number) =>
    jwt.sign(claims, secret, { algorithm: 'HS256', audience, expiresIn, keyid: keyId(secret) })
  return {
    ...ttl,
    accessSecretOf,
    access: (claims) => sign(secrets.JWT_SECRET, { typ: 'access', ...claims }, ttl.accessSecs),
    refresh: (claims) => sign(secrets.JWT_REFRESH_SECRET, { typ: 'refresh', ...claims }, ttl.refreshSecs),
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
