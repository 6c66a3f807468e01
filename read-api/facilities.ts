import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route } from '../ops/platform/route.ts'
import { Facility } from '../ops/platform/shapes/facilities.ts'
import type { FacilityRow } from '../projections/facilities.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/facilities'
const visible = (facility: string | undefined) => matching(queryBuilder('facilities'), { id: facility })
const about = { path, resource: 'facility', readModel: 'facilities', permission: 'facility:read', visible }

const Query = pageQuery('created_at', 'name', 'code').extend({
  status: Facility.shape.status.optional(),
  q: line(100).optional(),
})

export const facilities = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'facility:read',
    query: Query,
    reads: ['facilities'],
    answers: { 200: pageOf(Facility) },
    run: async ({ query: { status, q, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { status })
      searching(filtered, q, ['name', 'code'])
      return { status: 200, body: await page<FacilityRow>(deps.database, filtered, asked) }
    },
  }),
  byIdRoute(deps, { ...about, shape: Facility }),
  historyRoute(deps, about),
]
