import { timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import passport from 'passport'
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt'
import { digest, parseKey } from '../../commands/apiKeys.ts'
import { load } from '../../commands/handle.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import * as Device from '../../domain/device.ts'
import * as Facility from '../../domain/facility.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { type Caller, Problem } from '../platform/route.ts'
import { algorithms, audience, type Tokens } from '../platform/tokens.ts'
import type { Admission } from './admission.ts'

const unauthenticated = () =>
  new Problem('unauthenticated', 'Send a valid access token or API key', { headers: { 'WWW-Authenticate': 'Bearer' } })

/** Who may be at the door, by two passport strategies: a person's access token, or a device's API key. */
export function authentication({
  tokens,
  store,
  admission,
}: {
  tokens: Tokens
  store: EventStore
  admission: Admission
}) {
  const authenticator = new passport.Passport()
  authenticator.use('token', tokenStrategy(tokens, admission))
  authenticator.use('key', new KeyStrategy(store))

  /** The caller of a request; throws the problem that keeps it out. */
  return async (request: Request): Promise<Caller> => {
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
      const handler = authenticator.authenticate(strategy, { session: false }, settle) as RequestHandler
      void handler(request, {} as never, reject)
    })
  }
}

function tokenStrategy(tokens: Tokens, admission: Admission) {
  return new JwtStrategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, token: string, done) => done(null, tokens.accessSecretOf(token)),
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
      done(null, {
        kind: 'user',
        id: sub,
        session_id: sid,
        role,
        ...(facility_id !== undefined && { facility_id }),
      } satisfies Caller)
    },
  )
}

/** `X-API-Key`, found by the id inside it in its own stream: a new key works at once, a revoked one no more. */
class KeyStrategy extends passport.Strategy {
  override readonly name = 'key'
  // Not `#private`: passport runs strategies through objects that only inherit from this one.
  private readonly store: EventStore

  constructor(store: EventStore) {
    super()
    this.store = store
  }

  override authenticate(request: Request) {
    const header = request.headers['x-api-key']
    bearerOf(this.store, typeof header === 'string' ? header : '').then(
      (caller) => (caller ? this.success(caller) : this.fail()),
      (error: unknown) => this.error(error),
    )
  }
}

async function bearerOf(store: EventStore, text: string): Promise<Caller | undefined> {
  const parsed = parseKey(text)
  if (!parsed) return undefined
  const { state } = await load(store, ApiKey, parsed.id)
  const presented = Buffer.from(digest(parsed.secret), 'hex')
  const acceptable = ApiKey.acceptable(state, new Date().toISOString())
  if (state.status === 'unknown' || !acceptable.some((known) => timingSafeEqual(Buffer.from(known, 'hex'), presented)))
    return undefined
  const { device_id, facility_id, scopes } = state
  if ((await load(store, Facility, facility_id)).state.status !== 'active') return undefined
  if (device_id !== undefined && (await load(store, Device, device_id)).state.status !== 'active') return undefined
  const own = device_id !== undefined ? { device_id } : {}
  return { kind: 'device', id: device_id ?? parsed.id, key_id: parsed.id, facility_id, scopes, ...own }
}
