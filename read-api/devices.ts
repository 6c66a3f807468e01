import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route, Uuid } from '../ops/platform/route.ts'
import { Device } from '../ops/platform/shapes.ts'
import type { DeviceRow } from '../projections/devices.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/devices'
const visible = (facility: string | undefined) =>
  queryBuilder('devices').modify((query) => facility && void query.where({ facility_id: facility }))
const about = { path, resource: 'device', readModel: 'devices', permission: 'device:read', visible }

const Query = pageQuery('created_at', 'name', 'serial', 'model').extend({
  status: Device.shape.status.optional(),
  facility_id: Uuid.optional(),
  model: line(100).optional(),
  q: line(100).optional(),
})

export const devices = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission: 'device:read',
    query: Query,
    reads: ['devices'],
    answers: { 200: pageOf(Device) },
    run: async ({ query: { q, status, facility_id, model, ...asked }, facility }) => {
      const filtered = visible(facility)
      matching(filtered, { status, facility_id, model })
      searching(filtered, q, ['name', 'serial'])
      return { status: 200, body: await page<DeviceRow>(deps.database, filtered, asked) }
    },
  }),
  byIdRoute(deps, { ...about, shape: Device }),
  historyRoute(deps, about),
]
