import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { type Route, route, Uuid } from '../ops/platform/route.ts'
import { UsedApiKey } from '../ops/platform/shapes/apiKeys.ts'
import type { ApiKeyRow } from '../projections/apiKeys.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'

type Row = ApiKeyRow & { api_key_id: string | null; last_used_at: string | null }

const path = '/api/v1/api-keys'
const visible = (facility: string | undefined) =>
  matching(queryBuilder('api_keys').leftJoin('api_key_use', 'api_key_id', 'id'), { facility_id: facility })

/** What it was then, nobody keeps. */
const shown = ({ api_key_id: _, last_used_at, ...key }: Row, isPresent = true) => ({
  ...key,
  last_used_at: isPresent ? last_used_at : null,
})

const Query = pageQuery('created_at', 'name').extend({
  status: UsedApiKey.shape.status.optional(),
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
    answers: { 200: pageOf(UsedApiKey) },
    run: async ({ query: { status, facility_id, device_id, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { status, facility_id, device_id })
      const { items, ...rest } = await page<Row>(deps.database, filtered, asked)
      return { status: 200, body: { ...rest, items: items.map((row) => shown(row)) } }
    },
  }),
  byIdRoute<Row>(deps, {
    path,
    resource: 'apiKey',
    readModel: 'api_keys',
    permission: 'api-key:read',
    shape: UsedApiKey,
    visible,
    shown,
  }),
]
