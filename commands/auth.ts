import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as Facility from '../domain/facility.ts'
import { Refusal } from '../domain/refusal.ts'
import * as Session from '../domain/session.ts'
import * as User from '../domain/user.ts'
import type { Attempt, LoginThrottle } from '../ops/platform/loginThrottle.ts'
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
import * as shapes from '../ops/platform/shapes/people.ts'
import type { RefreshClaims, Tokens } from '../ops/platform/tokens.ts'
import { handle, load } from './handle.ts'
import type { Loaded } from './loaded.ts'
import { answered, type Deps } from './http.ts'
import { checkPassword, Password } from './passwordRules.ts'
import { addressDigest, type RefusalRecorder } from './refusals.ts'
import { normalised, ownerOf } from './reserve.ts'
import { type Refreshes, sayEnded, type SessionDeps } from './sessions.ts'

const Login = z.strictObject({ email: z.string().max(320), password: z.string().max(1024) })
const Refresh = z.strictObject({ refresh_token: z.string().max(4096) })
const PasswordChange = z.strictObject({ current_password: z.string().max(1024), new_password: Password })

/** Reading what nobody has takes as long as reading what somebody has. */
const nobody = '00000000-0000-4000-8000-000000000000'

/** A person as the log has them now, and where they belong. */
interface Person {
  user: User.State
  revision: number
  facility: Facility.State
  facilityRevision: number
}

interface Admitted extends Person {
  user: User.Known
}

/** Active, and of an active facility where they belong to one. */
const mayBeHere = (person: Person): person is Admitted =>
  person.user.status === 'active' && (person.user.facility_id === undefined || person.facility.status === 'active')

export const auth = (
  deps: Deps &
    SessionDeps & {
      passwords: Passwords
      tokens: Tokens
      throttle: LoginThrottle
      refusals: RefusalRecorder
      refreshes: Refreshes
    },
): Route[] => {
  const { store, now, passwords, tokens, throttle, refusals, refreshes } = deps
  const inSecs = (secs: number) => new Date(Date.parse(now()) + secs * 1000).toISOString()
  const asUser = (intent: Intent, id: string, { facility_id }: Pick<User.Known, 'facility_id'>): Intent => ({
    ...intent,
    actor: { kind: 'user', id },
    ...(facility_id !== undefined && { facility_id }),
  })
  const ended = () => new Problem('session_ended', 'This session has ended; log in again')
  const attemptOf = (email: string, address: string): Attempt => ({
    account: store.sealing.digest(`account\0${normalised(email)}`),
    address: addressDigest(store, address),
  })

  /** It reads as much for whom it turns away, in as much time. */
  async function personOf(userId: string): Promise<Person> {
    const { state: user, revision } = await load(store, User, userId)
    const facilityId = 'facility_id' in user && user.facility_id !== undefined ? user.facility_id : nobody
    const facility = await load(store, Facility, facilityId)
    return { user, revision, facility: facility.state, facilityRevision: facility.revision }
  }

  function issued(id: string, sid: string, session: Session.State, person: Admitted): Answer {
    if (session.status !== 'open') throw ended()
    const { user, revision, facility, facilityRevision } = person
    const { email, name, role, facility_id, must_change_password } = user
    const access = tokens.access({
      ...{ sub: id, sid, role, user_revision: revision },
      ...(facility_id !== undefined && { facility_id, facility_revision: facilityRevision }),
      ...(must_change_password && { must_change_password }),
    })
    const refresh = tokens.refresh(
      {
        ...{ sub: id, sid, jti: session.refresh_id },
        ...(facility_id !== undefined && { facility_id, facility_deactivations: deactivationsOf(facility) }),
      },
      { from: session.refreshed_at, until: session.expires_at },
    )
    const body: z.infer<typeof shapes.Tokens> = {
      access_token: access,
      refresh_token: refresh,
      token_type: 'Bearer',
      expires_in: tokens.accessSecs,
      must_change_password,
      user: { id, email, name, role, facility_id: facility_id ?? null },
    }
    return { status: 200, body, headers: { 'Cache-Control': 'no-store' } }
  }

  const deactivationsOf = (facility: Facility.State) => ('deactivations' in facility ? facility.deactivations : 0)

  const end = (sid: string, reason: Session.EndReason, intent: Intent) =>
    handle(store, Session, sid, Session.end({ reason, ended_at: now() }), intent)

  /** Why a session has ended that may not know of it: decided from the log, so that none outlives what ended it because a table was empty. */
  function endedElsewhere(claims: RefreshClaims, { user, facility }: Admitted, state: Session.State) {
    if (state.status !== 'unknown' && !User.outlives(user, { ...state, id: claims.sid }))
      return user.sessions_ended?.reason ?? 'password_changed'
    if (user.facility_id === undefined) return undefined
    // How often the facility of now had been deactivated then, a token from elsewhere does not tell: not at all, to be safe.
    const before = claims.facility_id === user.facility_id ? claims.facility_deactivations : 0
    return before === deactivationsOf(facility) ? undefined : 'deactivated'
  }

  /** Of what replaced this token. Where nothing had by then, whatever has meanwhile is younger than the request that presents it. */
  const isYoung = (token: string, { state, position }: Loaded<Session.State>) =>
    state.status !== 'open' || state.parent_id !== token || refreshes.isYoung(state.refresh_id, position!)

  /**
   * Decides as long as the owner's session goes on: it may have been ended since it was let in, and whoever spares it of the others' ending would
   * bring it back. To be made when everything else that takes its time is done.
   */
  async function inSession(
    sid: string,
    decision: Decision<User.State, User.Event>,
  ): Promise<Decision<User.State, User.Event>> {
    const { state: session } = await load(store, Session, sid)
    return (state) => {
      if (session.status !== 'open' || !User.outlives(User.known(state), { ...session, id: sid })) throw ended()
      return decision(state)
    }
  }

  /** Counts a wrong password, and writes down what that leads to. */
  async function countFailure(attempt: Attempt, intent: Intent): Promise<void> {
    const throttled = await throttle.failed(attempt)
    if (throttled)
      refusals.record({ type: 'AccountThrottled', data: { ...attempt, ...throttled, throttled_at: now() } }, intent)
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
        const attempt = attemptOf(body.email, address)
        await throttle.admit(attempt)
        const id = await ownerOf(store, 'userEmail', body.email)
        const person = await personOf(id ?? nobody)
        const { user } = person
        // A name may be held that is not, or no longer, the person's address: by a change that was never finished.
        const isTheirs = 'email' in user && normalised(user.email) === normalised(body.email)
        const who = isTheirs && mayBeHere(person) ? person : undefined
        const refuse = async () => {
          const reason = !isTheirs ? 'unknown' : who ? 'wrong_password' : 'inactive'
          const facility_id = isTheirs && 'facility_id' in user ? user.facility_id : undefined
          const about = { ...intent, ...(facility_id !== undefined && { facility_id }) }
          const whom = isTheirs && id !== undefined ? { user_id: id } : {}
          refusals.record({ type: 'LoginRefused', data: { reason, ...attempt, ...whom, refused_at: now() } }, about)
          await countFailure(attempt, about)
        }
        const right = await passwords.matches(who?.user.password_hash, body.password, {
          admit: () => throttle.admit(attempt),
          wrong: refuse,
        })
        if (id === undefined || !who || !right)
          throw new Problem('invalid_credentials', 'E-mail address or password is wrong')
        await throttle.succeeded(attempt)
        const sid = randomUUID()
        const started = Session.start({
          user_id: id,
          refresh_id: randomUUID(),
          address,
          user_agent: (raw.headers['user-agent'] ?? '').slice(0, 300),
          password_generation: who.user.session_generation,
          started_at: now(),
          expires_at: inSecs(tokens.refreshSecs),
        })
        const { state } = await handle(store, Session, sid, started, asUser(intent, id, who.user))
        return issued(id, sid, state, who)
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
        const who = await personOf(claims.sub)
        if (!mayBeHere(who)) throw ended()
        const about = asUser(intent, claims.sub, who.user)
        const session = await load(store, Session, claims.sid)
        const reason = endedElsewhere(claims, who, session.state)
        if (reason) {
          await end(claims.sid, reason, about)
          throw ended()
        }
        const next = { refresh_id: randomUUID(), refreshed_at: now(), expires_at: inSecs(tokens.refreshSecs) }
        const rotate = Session.refresh(claims.jti, next, isYoung(claims.jti, session))
        refreshes.making(next.refresh_id)
        const { state } = await handle(store, Session, claims.sid, rotate, about).catch((error: unknown) => {
          throw error instanceof Refusal ? ended() : error
        })
        return issued(claims.sub, claims.sid, state, who)
      },
    }),
    route<{}, {}, {}>({
      method: 'POST',
      path: '/api/auth/logout',
      permission: 'session:own',
      exempt: true,
      duringPasswordChange: true,
      body: z.strictObject({}),
      answers: { 204: z.null() },
      run: async ({ caller, intent }) => {
        if (caller.kind !== 'user') throw ended()
        return answered(204, await end(caller.session_id, 'logout', asUser(intent, caller.id, caller)))
      },
    }),
    route<{}, {}, {}>({
      method: 'POST',
      path: '/api/auth/end-others',
      permission: 'session:own',
      exempt: true,
      body: z.strictObject({}),
      answers: { 204: z.null() },
      run: async ({ caller, intent }) => {
        if (caller.kind !== 'user') throw ended()
        const about = asUser(intent, caller.id, caller)
        const others = User.endSessions({ reason: 'logout', session_id: caller.session_id, ended_at: now() })
        const outcome = await handle(store, User, caller.id, await inSession(caller.session_id, others), about)
        await sayEnded(deps, caller.id, 'logout', about, caller.session_id)
        return answered(204, outcome)
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
      duringPasswordChange: true,
      body: PasswordChange,
      answers: { 204: z.null(), 400: ProblemDocument, 401: ProblemDocument, 429: ProblemDocument },
      run: async ({ body, caller, intent, address }) => {
        if (caller.kind !== 'user') throw ended()
        const user = User.known((await load(store, User, caller.id)).state)
        const about = asUser(intent, caller.id, user)
        checkPassword('new_password', body.new_password, user)
        if (body.new_password === body.current_password)
          throw new Problem('invalid_request', 'The body is not as expected', {
            errors: [{ path: 'body.new_password', message: 'must be another one' }],
          })
        const attempt = attemptOf(user.email, address)
        const right = await passwords.matches(user.password_hash, body.current_password, {
          admit: () => throttle.admit(attempt),
          wrong: () => countFailure(attempt, about),
          asker: caller.id,
        })
        const wrong = () => new Problem('invalid_credentials', 'The current password is wrong')
        if (!right) throw wrong()
        const changed = User.changePassword({
          password_hash: await passwords.hash(body.new_password, caller.id),
          must_change_password: false,
          session_id: caller.session_id,
          changed_at: now(),
        })
        // The one that was shown may be the current one no more.
        const fromShown: typeof changed = (state) => {
          if (User.known(state).password_hash !== user.password_hash) throw wrong()
          return changed(state)
        }
        const outcome = await handle(store, User, caller.id, await inSession(caller.session_id, fromShown), about)
        await sayEnded(deps, caller.id, 'password_changed', about, caller.session_id)
        return answered(204, outcome)
      },
    }),
  ]
}
