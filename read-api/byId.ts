import type { Knex } from 'knex'
import type { z } from 'zod'
import type { Database } from '../ops/platform/database.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import { one } from './page.ts'

/** `GET <path>/:id`: the row as it is, of those the caller may see. */
export const byIdRoute = (
  database: Database,
  what: {
    path: string
    permission: string
    readModel: string
    shape: z.ZodType
    visible: (facility: string | undefined) => Knex.QueryBuilder
  },
): Route =>
  route<{ id: string }>({
    method: 'GET',
    path: `${what.path}/:id`,
    permission: what.permission,
    params: Id,
    reads: [what.readModel],
    answers: { 200: what.shape, 404: ProblemDocument },
    run: async ({ params, facility }) => ({
      status: 200,
      body: await one(database, what.visible(facility).where({ id: params.id })),
    }),
  })
