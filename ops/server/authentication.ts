import type { Request, RequestHandler } from 'express'
import passport from 'passport'
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt'
import { type Caller, Problem } from '../platform/route.ts'
import { algorithms, audience, type Tokens } from '../platform/tokens.ts'
import type { Admission } from './admission.ts'
import type { Keyring } from './keyring.ts'

const unauthenticated = () =>
  new Problem('unauthenticated', 'Send a valid access token or API key', { headers: { 'WWW-Authenticate': 'Bearer' } })

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
  authenticator.use('token', tokenStrategy(tokens, admission, mustChangePassword))
  authenticator.use('key', new KeyStrategy(keyring))

  /** The caller of a request; throws the problem that keeps it out. */
  return async (request: Request, beforeLooking?: () => Promise<unknown>): Promise<Caller> => {
    const strategy = request.headers['x-api-key'] === undefined ? 'token' : 'key'
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

function tokenStrategy(tokens: Tokens, admission: Admission, mustChangePassword: (userId: string) => Promise<boolean>) {
  return new JwtStrategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
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
    (payload: unknown, done) => {
      const claims = tokens.readAccess(payload)
      if (!claims) return done(null, false)
      try {
        admission.check(claims)
      } catch (error) {
        return done(error, false)
      }
      const { sub, sid, role, facility_id } = claims
      const caller: Caller = {
        kind: 'user',
        id: sub,
        session_id: sid,
        role,
        ...(facility_id !== undefined && { facility_id }),
      }
      if (!claims.must_change_password) return done(null, caller)
      mustChangePassword(sub).then(
        (still) => done(null, still ? { ...caller, must_change_password: true } : caller),
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
