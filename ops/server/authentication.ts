import type { Request, RequestHandler } from 'express'
import { LRUCache } from 'lru-cache'
import passport from 'passport'
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt'
import { type Caller, Problem } from '../platform/route.ts'
import { type AccessClaims, algorithms, audience, type Tokens } from '../platform/tokens.ts'
import type { Admission } from './admission.ts'
import type { Keyring } from './keyring.ts'

const unauthenticated = () =>
  new Problem('unauthenticated', 'Send a valid access token or API key', { headers: { 'WWW-Authenticate': 'Bearer' } })

const bearerToken = ExtractJwt.fromAuthHeaderAsBearerToken()
const mostVerified = 20_000

/** Who may be at the door, by two passport strategies: a person's access token, or a device's API key. */
export function authentication({
  tokens,
  admission,
  keyring,
  mustChangePassword,
}: {
  tokens: Tokens
  admission: Admission
  keyring: Keyring
  /** Asked of whoever had to when the token was made: whether they still have to. */
  mustChangePassword: (userId: string) => Promise<boolean>
}) {
  const authenticator = new passport.Passport()
  /** Tokens that were found to be ours, for as long as they live: they come with every request. Whether their sessions go on is asked each time. */
  const verified = new LRUCache<string, AccessClaims>({ max: mostVerified })
  const admit = admitting(admission, mustChangePassword)
  authenticator.use('token', tokenStrategy(tokens, verified, admit))
  authenticator.use('key', new KeyStrategy(keyring))

  /** The caller of a request; throws the problem that keeps it out. */
  return async (request: Request, beforeLooking?: () => Promise<unknown>): Promise<Caller> => {
    const strategy = request.headers['x-api-key'] === undefined ? 'token' : 'key'
    const claims = strategy === 'token' ? verified.get(bearerToken(request) ?? '') : undefined
    if (claims) return admit(claims)
    return new Promise<Caller>((resolve, reject) => {
      const settle = (error: unknown, caller: Caller | false | undefined, info: unknown) => {
        if (error) reject(error as Error)
        else if (caller) resolve(caller)
        else if ((info as Error | undefined)?.name === 'TokenExpiredError')
          reject(
            new Problem('token_expired', 'This access token has expired; refresh it', {
              headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
            }),
          )
        else reject(unauthenticated())
      }
      const handler = authenticator.authenticate(
        strategy,
        { session: false, beforeLooking } as object,
        settle,
      ) as RequestHandler
      void handler(request, {} as never, reject)
    })
  }
}

/** The caller whose token says so, where the session goes on. */
const admitting =
  (admission: Admission, mustChangePassword: (userId: string) => Promise<boolean>) =>
  async (claims: AccessClaims): Promise<Caller> => {
    admission.check(claims)
    const { sub, sid, role, facility_id } = claims
    const caller: Caller = {
      kind: 'user',
      id: sub,
      session_id: sid,
      role,
      ...(facility_id !== undefined && { facility_id }),
    }
    const still = claims.must_change_password && (await mustChangePassword(sub))
    return still ? { ...caller, must_change_password: true } : caller
  }

function tokenStrategy(
  tokens: Tokens,
  verified: LRUCache<string, AccessClaims>,
  admit: (claims: AccessClaims) => Promise<Caller>,
) {
  return new JwtStrategy(
    {
      jwtFromRequest: bearerToken,
      passReqToCallback: true,
      secretOrKeyProvider: (_request, token: string, done) => {
        const secret = tokens.accessSecretOf(token)
        // Asked to verify a token without a signature by no secret, jsonwebtoken would throw where nobody catches it.
        done(secret ? null : new Error('signed with none of our secrets'), secret as never)
      },
      // Endings are remembered for as long as a token lives by the settings of now, however long this one was to live.
      jsonWebTokenOptions: { maxAge: tokens.accessSecs },
      algorithms,
      audience,
    },
    (request: Request, payload: { iat: number }, done: (error: unknown, caller?: Caller | false) => void) => {
      const claims = tokens.readAccess(payload)
      if (!claims) return done(null, false)
      const ttl = Math.min(claims.exp, payload.iat + tokens.accessSecs) * 1000 - Date.now()
      if (ttl > 0) verified.set(bearerToken(request)!, claims, { ttl })
      admit(claims).then(
        (caller) => done(null, caller),
        (error: unknown) => done(error, false),
      )
    },
  )
}

/** `X-API-Key`, as the keyring knows it. */
class KeyStrategy extends passport.Strategy {
  override readonly name = 'key'
  // Not `#private`: passport runs strategies through objects that only inherit from this one.
  private readonly keyring: Keyring

  constructor(keyring: Keyring) {
    super()
    this.keyring = keyring
  }

  override authenticate(request: Request, { beforeLooking }: { beforeLooking?: () => Promise<unknown> }) {
    const header = request.headers['x-api-key']
    this.keyring.bearerOf(typeof header === 'string' ? header : '', beforeLooking).then(
      (caller) => (caller ? this.success(caller) : this.fail()),
      (error: unknown) => this.error(error),
    )
  }
}
