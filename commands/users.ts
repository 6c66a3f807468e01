import { z } from 'zod'
import * as User from '../domain/user.ts'
import * as UserKey from '../domain/userKey.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Passwords } from '../ops/platform/passwords.ts'
import { type Intent, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { activeFacility, onlyOwn } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'
import { reserve } from './reserve.ts'

export const Email = z.string().trim().max(254).pipe(z.email())
export const Password = z.string().min(12, 'must have at least 12 characters').max(128)

const Registration = z.strictObject({
  email: Email,
  name: line(200),
  role: shapes.Role,
  facility_id: Uuid.exactOptional(),
  password: Password,
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
  store: EventStore,
  id: string,
  user: Extract<User.Event, { type: 'UserRegistered' }>['data'],
  intent: Intent,
): Promise<Outcome<User.State>> {
  const at = user.registered_at
  // Refused before anything is written: a name taken for a user that cannot be would stay taken.
  User.register(user)((await load(store, User, id)).state)
  await reserve(store, { kind: 'userEmail', name: user.email, owner_id: id, at }, intent)
  await handle(store, UserKey, id, UserKey.create({ wrapped: store.sealing.newKey(), created_at: at }), aside(intent))
  return handle(store, User, id, User.register(user), intent)
}

const created = (id: string, outcome: Outcome<User.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

export const users = ({ store, now, passwords }: Deps & { passwords: Passwords }): Route[] => [
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
    run: async ({ body: { password, ...body }, intent, facility }) => {
      if (facility !== undefined && body.role === 'super_admin')
        throw new Problem('forbidden', 'A facility_admin makes facility admins and users only')
      const facility_id = body.facility_id ?? (body.role === 'super_admin' ? undefined : facility)
      if (facility_id !== undefined) onlyOwn(facility_id, facility)
      const id = derivedId('user', intent.id)
      const done = await replay(store, User, id, intent)
      if (done) return created(id, done)
      if (facility_id !== undefined) await activeFacility(store, facility_id)
      const user = {
        ...body,
        ...(facility_id !== undefined && { facility_id }),
        password_hash: await passwords.hash(password),
        must_change_password: true,
        registered_at: now(),
      }
      const about = { ...intent, ...(facility_id !== undefined && { facility_id }) }
      return created(id, await registerUser(store, id, user, about))
    },
  }),
]
