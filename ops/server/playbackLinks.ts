import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import * as Facility from '../../domain/facility.ts'
import * as Session from '../../domain/session.ts'
import * as User from '../../domain/user.ts'
import { type Caller, Problem } from '../platform/route.ts'
import type { TokenSecrets } from '../platform/tokens.ts'
import type { Followed } from './followed.ts'

/** What a link is for. */
export interface Playable {
  upload_id: string
  format: string
}

export interface PlaybackLinks {
  /** A token that plays this, and nothing else, until then (ms) as long as the caller's session goes on. */
  sign(caller: Caller, what: Playable, until: number): Promise<string>
  /** Who signed it, as they are now; throws a 401 problem where it does not play this, or no more, and a 503 where that cannot be told. */
  callerOf(token: string, what: Playable): Promise<Caller>
}

const Claims = z.strictObject({
  upload_id: z.string(),
  format: z.string(),
  sub: z.uuid(),
  sid: z.uuid(),
  /** How often the facility had been deactivated then; absent where there is none. */
  deactivations: z.int().optional(),
  until: z.int(),
})
type Claims = z.infer<typeof Claims>

/** By HMAC-SHA-256 alone; no token says how it is to be verified. */
const keyOf = (secret: string) => createHmac('sha256', secret).update('playback links, 1').digest()
const mac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** For what sends no header, such as an audio element: the session goes along as the log has it, not as it was when the link was made. */
export function createPlaybackLinks(
  { JWT_SECRET, JWT_SECRET_PREVIOUS }: Pick<TokenSecrets, 'JWT_SECRET' | 'JWT_SECRET_PREVIOUS'>,
  followed: Pick<Followed, 'state' | 'refreshed' | 'isCurrent'>,
): PlaybackLinks {
  const key = keyOf(JWT_SECRET)
  const keys = [key, ...(JWT_SECRET_PREVIOUS === undefined ? [] : [keyOf(JWT_SECRET_PREVIOUS)])]

  function read(token: string): Claims | undefined {
    const [text = '', signature = '', ...more] = token.split('.')
    const given = Buffer.from(signature, 'base64url')
    const isOurs = keys
      .map((one) => mac(one, text))
      .some((ours) => ours.length === given.length && timingSafeEqual(ours, given))
    return isOurs && more.length === 0
      ? Claims.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data
      : undefined
  }

  async function bearer({ sub, sid, deactivations }: Claims, find: Followed['state']): Promise<Caller | undefined> {
    const [session, user] = [await find(Session, sid), await find(User, sub)]
    if (session.status !== 'open' || session.user_id !== sub || Date.parse(session.expires_at) < Date.now())
      return undefined
    if (!('role' in user) || user.status !== 'active' || !User.outlives(user, { ...session, id: sid })) return undefined
    const { role, facility_id } = user
    const whose = { kind: 'user', id: sub, session_id: sid, role } as const
    const caller: Caller = user.must_change_password ? { ...whose, must_change_password: true } : whose
    if (facility_id === undefined) return caller
    const facility = await find(Facility, facility_id)
    if (
      !('deactivations' in facility) ||
      facility.status !== 'active' ||
      facility.deactivations !== (deactivations ?? 0)
    )
      return undefined
    return { ...caller, facility_id }
  }

  return {
    sign: async (caller, what, until) => {
      if (caller.kind !== 'user') throw new Problem('forbidden', 'Only people have sessions')
      const facility = caller.facility_id === undefined ? undefined : await followed.state(Facility, caller.facility_id)
      const deactivations = facility && 'deactivations' in facility ? { deactivations: facility.deactivations } : {}
      const claims: Claims = { ...what, sub: caller.id, sid: caller.session_id, ...deactivations, until }
      const text = Buffer.from(JSON.stringify(claims)).toString('base64url')
      return `${text}.${mac(key, text).toString('base64url')}`
    },
    callerOf: async (token, { upload_id, format }) => {
      const claims = read(token)
      if (!claims || claims.upload_id !== upload_id || claims.format !== format)
        throw new Problem('unauthenticated', 'This link does not play that')
      if (claims.until < Date.now()) throw new Problem('token_expired', 'This link has expired; ask for another')
      if (!followed.isCurrent())
        throw new Problem('unavailable', 'Sessions cannot be checked right now', { headers: { 'Retry-After': '1' } })
      // Who would be turned away by what was heard is looked up once more: the session may have begun a moment ago.
      const caller = (await bearer(claims, followed.state)) ?? (await bearer(claims, followed.refreshed))
      if (!caller) throw new Problem('session_ended', 'The session that this link is of has ended')
      return caller
    },
  }
}
