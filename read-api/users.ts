import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route, Uuid } from '../ops/platform/route.ts'
import { Role, Session, User } from '../ops/platform/shapes.ts'
import type { SessionRow } from '../projections/sessions.ts'
import type { UserRow } from '../projections/users.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, one, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/users'
const visible = (facility: string | undefined) =>
  queryBuilder('users').modify((query) => facility && void query.where({ facility_id: facility }))
const about = { path, resource: 'user', readModel: 'users', permission: 'user:read', visible }

const Query = pageQuery('created_at', 'name', 'email').extend({
  role: Role.optional(),
  status: User.shape.status.optional(),
  facility_id: Uuid.optional(),
  q: line(100).optional(),
})

const SessionQuery = pageQuery('started_at').extend({ status: Session.shape.status.optional() })

export const users = (deps: ResourceDeps): Route[] => [
  route({
    method: 'GET',
    path: '/api/auth/me',
    permission: 'session:own',
    reads: ['users'],
    answers: { 200: User },
    run: async ({ caller }) => ({
      status: 200,
      body: await one<UserRow>(deps.database, queryBuilder('users').where({ id: caller.kind === 'user' && caller.id })),
    }),
  }),
  route<{}, z.infer<typeof SessionQuery>>({
    method: 'GET',
    path: '/api/auth/sessions',
    permission: 'session:own',
    query: SessionQuery,
    reads: ['sessions'],
    answers: { 200: pageOf(Session) },
    run: async ({ caller, query: { status, ...asked } }) => {
      if (caller.kind !== 'user') throw new Error('only people have sessions')
      const own = queryBuilder('sessions').where({ user_id: caller.id })
      matching(own, { status })
      const { items, ...rest } = await page<SessionRow>(deps.database, own, asked)
      const shown = items.map(({ user_id: _, ...session }) => ({
        ...session,
        is_current: session.id === caller.session_id,
      }))
      return { status: 200, body: { ...rest, items: shown } }
    },
  }),
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'user:read',
    query: Query,
    reads: ['users'],
    answers: { 200: pageOf(User) },
    run: async ({ query: { q, role, status, facility_id, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { role, status, facility_id })
      searching(filtered, q, ['name', 'email'])
      return { status: 200, body: await page<UserRow>(deps.database, filtered, asked) }
    },
  }),
  byIdRoute(deps, { ...about, shape: User }),
  historyRoute(deps, about),
]
