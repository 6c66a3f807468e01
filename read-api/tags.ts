import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { Id, line, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { Tag } from '../ops/platform/shapes/recordings.ts'
import type { TagRow } from '../projections/tags.ts'
import type { ResourceDeps } from './folding.ts'
import { matching, one, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/tags'
const permission = 'tag:read'
const reads = ['tags']

const visible = (facility: string | undefined) =>
  matching(queryBuilder('tags').where({ status: 'active' }), { facility_id: facility })

const Query = pageQuery('created_at', 'name').extend({ facility_id: Uuid.optional(), q: line(60).optional() })

const shown = ({ status: _, ...row }: TagRow): z.infer<typeof Tag> => row

export const tags = ({ database }: Pick<ResourceDeps, 'database'>): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads,
    answers: { 200: pageOf(Tag) },
    run: async ({ query: { q, facility_id, ...asked }, facility }) => {
      const filtered = searching(matching(visible(facility), { facility_id }), q, ['name'])
      const { items, ...rest } = await page<TagRow>(database, filtered, asked)
      return { status: 200, body: { ...rest, items: items.map(shown) } }
    },
  }),
  route<{ id: string }>({
    method: 'GET',
    path: `${path}/:id`,
    permission,
    params: Id,
    reads,
    answers: { 200: Tag, 404: ProblemDocument },
    run: async ({ params: { id }, facility }) => ({
      status: 200,
      body: shown(await one<TagRow>(database, visible(facility).where({ id }))),
    }),
  }),
]
