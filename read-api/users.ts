import type { z } from 'zod'
import { queryBuilder, rowsOf } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Caller, Id, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { Role, Session, User } from '../ops/platform/shapes/people.ts'
import type { SessionRow } from '../projections/sessions.ts'
import type { UserRow } from '../projections/users.ts'
import { byIdRoute } from './byId.ts'
import { cannotFold, type ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, one, page, pageOf, pageQuery, searching } from './page.ts'
import { eventsAt } from './resourceEvents.ts'

const path = '/api/v1/users'
const visible = (facility: string | undefined) => matching(queryBuilder('users'), { facility_id: facility })
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
    duringPasswordChange: true,
    reads: ['users'],
    answers: { 200: User },
    run: async ({ caller, signal }) => {
      if (caller.kind !== 'user') throw new Error('only people ask who they are')
      return { status: 200, body: await self(deps, caller.id, signal) }
    },
  }),
  route<{}, z.infer<typeof SessionQuery>>({
    method: 'GET',
    path: '/api/auth/sessions',
    permission: 'session:own',
    query: SessionQuery,
    reads: ['sessions'],
    answers: { 200: pageOf(Session) },
    run: async ({ caller, query }) => {
      if (caller.kind !== 'user') throw new Error('only people have sessions')
      return { status: 200, body: await sessionsOf(deps, caller.id, query, caller) }
    },
  }),
  route<{ id: string }, z.infer<typeof SessionQuery>>({
    method: 'GET',
    path: `${path}/:id/sessions`,
    permission: 'user:end-sessions',
    params: Id,
    query: SessionQuery,
    reads: ['users', 'sessions'],
    answers: { 200: pageOf(Session), 404: ProblemDocument },
    run: async ({ params: { id }, caller, query, facility }) => {
      await one(deps.database, visible(facility).where({ id }).select('id'))
      return { status: 200, body: await sessionsOf(deps, id, query, caller) }
    },
  }),
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'user:list',
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
  selfOrMore(byIdRoute(deps, { ...about, shape: User })),
  selfOrMore(historyRoute(deps, about)),
]

/** A `user` reads of themselves, and of nobody else. */
const selfOrMore = (one: Route): Route => ({
  ...one,
  answers: { ...one.answers, 403: ProblemDocument },
  run: async (request) => {
    const { caller, params } = request
    if (caller.kind === 'user' && caller.role === 'user' && caller.id !== (params as { id: string }).id)
      throw new Problem('forbidden', 'Your role does not allow this')
    return one.run(request)
  },
})

/** Whoever is let in is known to the log: a row that is not there yet is waited for, and its absence is none of theirs. */
async function self({ database, store, freshness }: ResourceDeps, id: string, signal: AbortSignal): Promise<UserRow> {
  const row = async () => (await rowsOf<UserRow>(database, queryBuilder('users').where({ id })))[0]
  const shown = await row()
  if (shown) return shown
  await freshness.waitFor((await store.head()) ?? 0n, ['users'], signal)
  const followed = await row()
  if (!followed) throw cannotFold('users')
  return followed
}

async function sessionsOf(
  deps: ResourceDeps,
  user_id: string,
  { status, ...asked }: z.infer<typeof SessionQuery>,
  caller: Caller,
) {
  const theirs = matching(queryBuilder('sessions').where({ user_id }), { status })
  const { items, ...rest } = await page<SessionRow>(deps.database, theirs, asked)
  const origins = await originsOf(deps.store, items)
  const shown = items.map(({ user_id: _, ...session }) => ({
    ...session,
    ...(origins.get(session.id) ?? { address: '', user_agent: '' }),
    is_current: caller.kind === 'user' && session.id === caller.session_id,
  }))
  return { ...rest, items: shown }
}

/** Where sessions were opened from: sealed in the log, and in no table. */
async function originsOf(store: EventStore, sessions: readonly { id: string }[]) {
  const starts = await eventsAt(
    store,
    sessions.map(({ id }) => ({ stream: `session-${id}`, revision: 0, position: 0n })),
  )
  return new Map(
    starts.map(({ stream, data }) => [
      stream.slice('session-'.length),
      { address: data['address'] as string, user_agent: data['user_agent'] as string },
    ]),
  )
}
