import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { type Route, route, Uuid } from '../ops/platform/route.ts'
import { ApiKey } from '../ops/platform/shapes.ts'
import type { ApiKeyRow } from '../projections/apiKeys.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'

const path = '/api/v1/api-keys'
const visible = (facility: string | undefined) =>
  queryBuilder('api_keys').modify((query) => facility && void query.where({ facility_id: facility }))

const Query = pageQuery('created_at', 'name').extend({
  status: ApiKey.shape.status.optional(),
  facility_id: Uuid.optional(),
  device_id: Uuid.optional(),
})

export const apiKeys = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'api-key:read',
    query: Query,
    reads: ['api_keys'],
    answers: { 200: pageOf(ApiKey) },
    run: async ({ query: { status, facility_id, device_id, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { status, facility_id, device_id })
      return { status: 200, body: await page<ApiKeyRow>(deps.database, filtered, asked) }
    },
  }),
  byIdRoute(deps, {
    path,
    resource: 'apiKey',
    readModel: 'api_keys',
    permission: 'api-key:read',
    shape: ApiKey,
    visible,
  }),
]
