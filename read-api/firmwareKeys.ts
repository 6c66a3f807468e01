import type { z } from 'zod'
import { type Route, route, Uuid } from '../ops/platform/route.ts'
import { FirmwareKey } from '../ops/platform/shapes/firmware.ts'
import type { FirmwareKeyRow } from '../projections/firmwareKeys.ts'
import { ownOrEveryones } from './firmwareChannels.ts'
import type { ResourceDeps } from './folding.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'

const Query = pageQuery('created_at').extend({
  facility_id: Uuid.optional(),
  status: FirmwareKey.shape.status.optional(),
})

export const firmwareKeys = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path: '/api/v1/firmware/keys',
    permission: 'firmware-key:read',
    query: Query,
    reads: ['firmware_keys'],
    answers: { 200: pageOf(FirmwareKey) },
    run: async ({ query: { facility_id, status, ...asked }, facility }) => {
      const filtered = matching(ownOrEveryones('firmware_keys', facility), { facility_id, status })
      return { status: 200, body: await page<FirmwareKeyRow>(deps.database, filtered, asked) }
    },
  }),
]
