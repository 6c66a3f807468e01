import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import * as Facility from '../domain/facility.ts'
import { Refusal } from '../domain/refusal.ts'
import * as Session from '../domain/session.ts'
import * as User from '../domain/user.ts'
import type { Passwords } from '../ops/platform/passwords.ts'
import {
  type Answer,
  Id,
  type Intent,
  notFound,
  Problem,
  ProblemDocument,
  type Route,
  route,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import type { Tokens } from '../ops/platform/tokens.ts'
import { handle, load } from './handle.ts'
import { answered, type Deps } from './http.ts'
import { ownerOf } from './reserve.ts'
import { Password } from './users.ts'

const Login = z.strictObject({ email: z.string().max(320), password: z.string().max(1024) })
const Refresh = z.strictObject({ refresh_token: z.string().max(4096) })
const PasswordChange = z.strictObject({ current_password: z.string().max(1024), new_password: Password })

/** Reading what nobody has takes as long as reading what somebody has. */
const nobody = '00000000-0000-4000-8000-000000000000'

type Known = Exclude<User.State, { status: 'unknown' | 'abandoned' }>

export const auth = (
  deps: Deps & { passwords: Passwords; tokens: Tokens; openSessionsOf: (userId: string) => Promise<string[]> },
): Route[] => {
  const { store, now, passwords, tokens } = deps
  const inSecs = (secs: number) => new Date(Date.parse(now()) + secs * 1000).toISOString()
  const asUser = (intent: Intent, id: string, { facility_id }: Pick<Known, 'facility_id'>): Intent => ({
    ...intent,
    actor: { kind: 'user', id },
    ...(facility_id !== undefined && { facility_id }),
  })
  const ended = () => new Problem('session_ended', 'This session has ended; log in again')

  /** Whoever may be let in: active, and of an active facility. It reads as much for whom it turns away, in as much time. */
  async function admitted(userId: string): Promise<{ user: Known; revision: number } | undefined> {
    const { state, revision } = await load(store, User, userId)
    const facilityId = 'facility_id' in state && state.facility_id !== undefined ? state.facility_id : nobody
    const facility = (await load(store, Facility, facilityId)).state
    if (state.status !== 'active') return undefined
    return state.facility_id === undefined || facility.status === 'active' ? { user: state, revision } : undefined
  }

  function issued(
    id: string,
    sid: string,
    refresh_id: string,
    { user, revision }: { user: Known; revision: number },
  ): Answer {
    const { email, name, role, facility_id, must_change_password } = user
    const claims = { sub: id, sid, role, user_revision: revision, ...(facility_id !== undefined && { facility_id }) }
    const body: z.infer<typeof shapes.Tokens> = {
      access_token: tokens.access(claims),
      refresh_token: tokens.refresh({ sub: id, sid, jti: refresh_id }),
      token_type: 'Bearer',
      expires_in: tokens.accessSecs,
      must_change_password,
      user: { id, email, name, role, facility_id: facility_id ?? null },
    }
    return { status: 200, body, headers: { 'Cache-Control': 'no-store' } }
  }

  const end = (sid: string, reason: Session.EndReason, intent: Intent) =>
    handle(store, Session, sid, Session.end({ reason, ended_at: now() }), intent)

  /** Decided from the log, so that no session outlives its password because a table was empty. */
  async function ofCurrentPassword(sid: string, user: Known): Promise<boolean> {
    const { state } = await load(store, Session, sid)
    return (
      state.status === 'unknown' ||
      sid === user.password_session_id ||
      state.password_generation === user.password_generation
    )
  }

  return [
    route<{}, {}, z.infer<typeof Login>>({
      method: 'POST',
      path: '/api/auth/login',
      permission: 'public',
      exempt: true,
      body: Login,
      answers: { 200: shapes.Tokens, 401: ProblemDocument, 429: ProblemDocument },
      run: async ({ body, intent, address, raw }) => {
        const id = await ownerOf(store, 'userEmail', body.email)
        const who = await admitted(id ?? nobody)
        const right = await passwords.matches(who?.user.password_hash, body.password)
        if (id === undefined || !who || !right)
          throw new Problem('invalid_credentials', 'E-mail address or password is wrong')
        const [sid, refresh_id] = [randomUUID(), randomUUID()]
        const started = Session.start({
          user_id: id,
          refresh_id,
          address,
          user_agent: (raw.headers['user-agent'] ?? '').slice(0, 300),
          password_generation: who.user.password_generation,
          started_at: now(),
          expires_at: inSecs(tokens.refreshSecs),
        })
        await handle(store, Session, sid, started, asUser(intent, id, who.user))
        return issued(id, sid, refresh_id, who)
      },
    }),
    route<{}, {}, z.infer<typeof Refresh>>({
      method: 'POST',
      path: '/api/auth/refresh',
      permission: 'public',
      exempt: true,
      body: Refresh,
      answers: { 200: shapes.Tokens, 401: ProblemDocument },
      run: async ({ body, intent }) => {
        const claims = tokens.readRefresh(body.refresh_token)
        if (!claims) throw new Problem('unauthenticated', 'This refresh token is expired or none of ours')
        const who = await admitted(claims.sub)
        if (!who) throw ended()
        if (!(await ofCurrentPassword(claims.sid, who.user))) {
          await end(claims.sid, 'password_changed', asUser(intent, claims.sub, who.user))
          throw ended()
        }
        const next = { refresh_id: randomUUID(), refreshed_at: now(), expires_at: inSecs(tokens.refreshSecs) }
        const { state } = await handle(
          store,
          Session,
          claims.sid,
          Session.refresh(claims.jti, next),
          asUser(intent, claims.sub, who.user),
        ).catch((error: unknown) => {
          throw error instanceof Refusal ? ended() : error
        })
        if (state.status !== 'open') throw ended()
        return issued(claims.sub, claims.sid, state.refresh_id, who)
      },
    }),
    route<{}, {}, {}>({
      method: 'POST',
      path: '/api/auth/logout',
      permission: 'session:own',
      exempt: true,
      body: z.strictObject({}),
      answers: { 204: z.null() },
      run: async ({ caller, intent }) => {
        if (caller.kind !== 'user') throw ended()
        return answered(204, await end(caller.session_id, 'logout', asUser(intent, caller.id, caller)))
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: '/api/auth/sessions/:id',
      permission: 'session:own',
      exempt: true,
      params: Id,
      answers: { 204: z.null(), 404: ProblemDocument },
      run: async ({ params, caller, intent }) => {
        const { state } = await load(store, Session, params.id)
        if (caller.kind !== 'user' || state.status === 'unknown' || state.user_id !== caller.id) throw notFound()
        return answered(204, await end(params.id, 'logout', asUser(intent, caller.id, caller)))
      },
    }),
    route<{}, {}, z.infer<typeof PasswordChange>>({
      method: 'POST',
      path: '/api/auth/change-password',
      permission: 'session:own',
      exempt: true,
      body: PasswordChange,
      answers: { 204: z.null(), 401: ProblemDocument },
      run: async ({ body, caller, intent }) => {
        if (caller.kind !== 'user') throw ended()
        const user = User.known((await load(store, User, caller.id)).state)
        if (!(await passwords.matches(user.password_hash, body.current_password)))
          throw new Problem('invalid_credentials', 'The current password is wrong')
        const password_hash = await passwords.hash(body.new_password)
        const changed = User.changePassword({
          password_hash,
          must_change_password: false,
          session_id: caller.session_id,
          changed_at: now(),
        })
        const about = asUser(intent, caller.id, user)
        const outcome = await handle(store, User, caller.id, changed, about)
        // Said for the history only: the others have ended with the password they were opened with.
        for (const sid of await deps.openSessionsOf(caller.id))
          if (sid !== caller.session_id) await end(sid, 'password_changed', about)
        return answered(204, outcome)
      },
    }),
  ]
}
