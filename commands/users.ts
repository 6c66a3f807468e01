import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as Session from '../domain/session.ts'
import * as User from '../domain/user.ts'
import * as UserKey from '../domain/userKey.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Passwords } from '../ops/platform/passwords.ts'
import {
  type Caller,
  Id,
  type Intent,
  line,
  notFound,
  Problem,
  ProblemDocument,
  type Route,
  route,
  Uuid,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/people.ts'
import { completeErasure } from './erasure.ts'
import { activeFacility, onlyOwn, within } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'
import { changeUser } from './changeUser.ts'
import { checkPassword, newPassword, Password } from './passwordRules.ts'
import { reserve } from './reserve.ts'
import { sayEnded, type SessionDeps } from './sessions.ts'
import { admitSuperAdmin, letGo } from './superAdmins.ts'

export const Email = z.string().trim().max(254).pipe(z.email())

const SessionId = Id.extend({ session_id: Uuid })

const Registration = z.strictObject({
  email: Email,
  name: line(200),
  role: shapes.Role,
  facility_id: Uuid.exactOptional(),
  password: Password,
})

const Change = z.strictObject({
  email: Email.exactOptional(),
  name: line(200).exactOptional(),
  role: shapes.Role.exactOptional(),
  facility_id: Uuid.exactOptional().meta({ description: 'Where the person moves to; a super_admin belongs nowhere' }),
})

const Reset = z.strictObject({
  password: Password.exactOptional().meta({ description: 'One is made, and answered once, where none is given' }),
})

const path = '/api/v1/users'
const shown = (id: string, state: User.State): z.infer<typeof shapes.User> => {
  const { email, name, role, status, must_change_password, registered_at, facility_id } = User.known(state)
  return {
    id,
    email,
    name,
    role,
    facility_id: facility_id ?? null,
    status,
    must_change_password,
    created_at: registered_at,
  }
}

/** Name, key, user: each step may be repeated, so that a crash between two of them heals by asking again. */
export async function registerUser(
  deps: Deps,
  id: string,
  user: Extract<User.Event, { type: 'UserRegistered' }>['data'],
  intent: Intent,
): Promise<Outcome<User.State>> {
  const { store } = deps
  const at = user.registered_at
  // Refused before anything is written: a name taken for a user that cannot be would stay taken.
  User.register(user)((await load(store, User, id)).state)
  await reserve(store, { kind: 'userEmail', name: user.email, owner_id: id, at }, intent)
  await handle(store, UserKey, id, UserKey.create({ wrapped: store.sealing.newKey(), created_at: at }), aside(intent))
  const outcome = await handle(store, User, id, User.register(user), intent)
  await admitSuperAdmin(deps, id, intent)
  return outcome
}

const created = (id: string, outcome: Outcome<User.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

/** A user whom the caller may change: of the facility that the caller is kept to. */
async function userWithin(store: EventStore, id: string, facility: string | undefined): Promise<User.Known> {
  const user = User.known((await load(store, User, id)).state)
  if (facility !== undefined && user.facility_id !== facility) throw notFound()
  return user
}

const rank = { user: 0, facility_admin: 1, super_admin: 2 } as const

/** Nobody makes anybody, least of all themselves, more than they are. */
function notAbove(caller: Caller, role: User.Role | undefined): void {
  if (role !== undefined && (caller.kind !== 'user' || rank[role] > rank[caller.role]))
    throw new Problem('forbidden', 'Nobody gives a role above their own')
}

const aboutUser = (intent: Intent, { facility_id }: { facility_id?: string }): Intent => ({
  ...intent,
  ...(facility_id !== undefined && { facility_id }),
})

/** What is done to a user; `own`: the facility that the caller is kept to. */
type Act = (id: string, intent: Intent, own: string | undefined) => Promise<Outcome<User.State>>

export const users = (deps: Deps & SessionDeps & { passwords: Passwords }): Route[] => {
  const { store, now, passwords } = deps

  /** What is done to one user by its id alone, and answers with the user. */
  const action = (verb: string, permission: string, act: Act): Route =>
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/${verb}`,
      permission,
      params: Id,
      body: z.strictObject({}),
      answers: { 200: shapes.User, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent, facility }) => {
        const outcome = await act(id, aboutUser(intent, await userWithin(store, id, facility)), facility)
        return answered(200, outcome, shown(id, outcome.state))
      },
    })

  /** Once: a command that was carried out before is answered as it was then. */
  const once = async (id: string, intent: Intent, act: () => Promise<Outcome<User.State>>) =>
    (await replay(store, User, id, intent)) ?? act()

  const goes =
    (decision: (at: string) => Decision<User.State, User.Event>): Act =>
    (id, intent, own) =>
      once(id, intent, () => letGo(deps, id, within(own, decision(now())), intent))

  const thenEnded =
    (reason: Session.EndReason, act: Act): Act =>
    async (id, intent, own) => {
      const outcome = await act(id, intent, own)
      if (!outcome.repeated) await sayEnded(deps, id, reason, intent)
      return outcome
    }

  return [
    route<{}, {}, z.infer<typeof Registration>>({
      method: 'POST',
      path,
      permission: 'user:create',
      body: Registration,
      answers: {
        201: shapes.User,
        400: ProblemDocument,
        403: ProblemDocument,
        404: ProblemDocument,
        409: ProblemDocument,
      },
      run: async ({ body: { password, ...body }, caller, intent, facility }) => {
        notAbove(caller, body.role)
        checkPassword('password', password, body)
        const facility_id = body.facility_id ?? (body.role === 'super_admin' ? undefined : facility)
        if (facility_id !== undefined) onlyOwn(facility_id, facility)
        const id = derivedId('user', intent.id)
        const done = await replay(store, User, id, intent)
        if (done) return created(id, done)
        if (facility_id !== undefined) await activeFacility(store, facility_id)
        const user = {
          ...body,
          ...(facility_id !== undefined && { facility_id }),
          password_hash: await passwords.hash(password, intent.actor.id),
          must_change_password: true,
          registered_at: now(),
        }
        return created(id, await registerUser(deps, id, user, aboutUser(intent, user)))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'user:change',
      params: Id,
      body: Change,
      answers: {
        200: shapes.User,
        403: ProblemDocument,
        404: ProblemDocument,
        409: ProblemDocument,
        412: ProblemDocument,
      },
      run: async ({ params: { id }, body, caller, intent, facility }) => {
        notAbove(caller, body.role)
        const user = await userWithin(store, id, facility)
        if (body.facility_id !== undefined && body.facility_id !== user.facility_id) {
          onlyOwn(body.facility_id, facility)
          await activeFacility(store, body.facility_id)
        }
        const outcome = await once(id, intent, () => changeUser(deps, id, body, facility, aboutUser(intent, user)))
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Reset>>({
      method: 'POST',
      path: `${path}/:id/reset-password`,
      permission: 'user:reset-password',
      params: Id,
      body: Reset,
      answers: {
        200: shapes.UserWithPassword,
        400: ProblemDocument,
        403: ProblemDocument,
        404: ProblemDocument,
        409: ProblemDocument,
        412: ProblemDocument,
      },
      run: async ({ params: { id }, body, caller, intent, facility }) => {
        if (caller.kind === 'user' && caller.id === id)
          throw new Problem('forbidden', 'Change your own password by /api/auth/change-password')
        const user = await userWithin(store, id, facility)
        if (body.password !== undefined) checkPassword('password', body.password, user)
        const password = body.password ?? newPassword()
        const reset = async () =>
          User.changePassword({
            password_hash: await passwords.hash(password, intent.actor.id),
            must_change_password: true,
            changed_at: now(),
          })
        const outcome = await thenEnded('password_changed', (id, about, own) =>
          once(id, about, async () => handle(store, User, id, within(own, await reset()), about)),
        )(id, aboutUser(intent, user), facility)
        const isNew = body.password === undefined && !outcome.repeated
        const answer = { ...shown(id, outcome.state), ...(isNew && { password }) }
        return answered(200, outcome, answer, { 'Cache-Control': 'no-store' })
      },
    }),
    action(
      'deactivate',
      'user:deactivate',
      thenEnded(
        'deactivated',
        goes((at) => User.deactivate({ deactivated_at: at })),
      ),
    ),
    action('reactivate', 'user:deactivate', async (id, intent, own) => {
      const reactivated = within(own, User.reactivate({ reactivated_at: now() }))
      const outcome = await handle(store, User, id, reactivated, intent)
      await admitSuperAdmin(deps, id, intent)
      return outcome
    }),
    action(
      'end-sessions',
      'user:end-sessions',
      thenEnded('ended_by_admin', (id, intent, own) => {
        const ended = User.endSessions({ reason: 'ended_by_admin', ended_at: now() })
        return handle(store, User, id, within(own, ended), intent)
      }),
    ),
    route<z.infer<typeof SessionId>>({
      method: 'DELETE',
      path: `${path}/:id/sessions/:session_id`,
      permission: 'user:end-sessions',
      params: SessionId,
      answers: { 204: z.null(), 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id, session_id }, intent, facility }) => {
        const user = await userWithin(store, id, facility)
        const { state } = await load(store, Session, session_id)
        if (state.status === 'unknown' || state.user_id !== id) throw notFound()
        const end = Session.end({ reason: 'ended_by_admin', ended_at: now() })
        return answered(204, await handle(store, Session, session_id, end, aboutUser(intent, user)))
      },
    }),
    action('erase', 'user:erase', async (id, intent, own) => {
      const outcome = await thenEnded(
        'deactivated',
        goes((at) => User.erase({ erased_at: at })),
      )(id, intent, own)
      await completeErasure(deps, id)
      return outcome
    }),
  ]
}
