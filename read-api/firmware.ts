import { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route, Uuid } from '../ops/platform/route.ts'
import { FirmwareRelease } from '../ops/platform/shapes/firmware.ts'
import type { FirmwareReleaseRow } from '../projections/firmwareReleases.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/firmware'
const permission = 'firmware:read'

/** One's own, and what is for every facility once it is no draft any more: their devices run it. */
const visible = (facility: string | undefined) =>
  queryBuilder('firmware_releases').modify(
    (query) =>
      facility &&
      void query.where((either) =>
        either
          .where({ facility_id: facility })
          .orWhere((all) => all.whereNull('facility_id').whereNot({ status: 'draft' })),
      ),
  )
const about = { path, resource: 'firmwareRelease', readModel: 'firmware_releases', permission, visible }

const Query = pageQuery('created_at', 'device_model').extend({
  facility_id: Uuid.optional(),
  scope: z.enum(['facility', 'global']).optional(),
  device_model: line(100).optional(),
  version: line(100).optional(),
  status: FirmwareRelease.shape.status.optional(),
  active: z.enum(['true', 'false']).optional(),
  q: line(100).optional(),
})

/** The row as clients see it: no object keys. */
const shown = (row: FirmwareReleaseRow): z.infer<typeof FirmwareRelease> => FirmwareRelease.parse(row)

export const firmware = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads: ['firmware_releases'],
    answers: { 200: pageOf(FirmwareRelease) },
    run: async ({ query: { facility_id, scope, device_model, version, status, active, q, ...asked }, facility }) => {
      const filtered = matching(visible(facility), { facility_id, device_model, version, status })
      if (scope === 'global') filtered.whereNull('facility_id')
      if (scope === 'facility') filtered.whereNotNull('facility_id')
      if (active !== undefined) filtered.where({ is_active: active === 'true' })
      searching(filtered, q, ['device_model', 'version', 'file_name', 'notes'])
      const { items, ...rest } = await page<FirmwareReleaseRow>(deps.database, filtered, asked)
      return { status: 200, body: { ...rest, items: items.map(shown) } }
    },
  }),
  byIdRoute<FirmwareReleaseRow>(deps, { ...about, shape: FirmwareRelease, shown }),
  historyRoute(deps, about),
]
