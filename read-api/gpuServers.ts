import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { line, type Route, route } from '../ops/platform/route.ts'
import { GpuServer } from '../ops/platform/shapes/inference.ts'
import type { GpuServerRow } from '../projections/gpuServers.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/gpu-servers'
const permission = 'gpu-server:read'
const visible = () => queryBuilder('gpu_servers').whereNot({ status: 'removed' })
const about = { path, resource: 'gpuServer', readModel: 'gpu_servers', permission, visible, shape: GpuServer }

const Query = pageQuery('created_at', 'name').extend({
  status: GpuServer.shape.status.optional(),
  health: GpuServer.shape.health.optional(),
  q: line(100).optional(),
})

export const gpuServers = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads: ['gpu_servers'],
    answers: { 200: pageOf(GpuServer) },
    run: async ({ query: { q, status, health, ...asked } }) => {
      const filtered = searching(matching(visible(), { status, health }), q, ['name', 'url'])
      return { status: 200, body: await page<GpuServerRow>(deps.database, filtered, asked) }
    },
  }),
  byIdRoute(deps, about),
  // What became of one that was removed can still be read.
  historyRoute(deps, { ...about, visible: () => queryBuilder('gpu_servers') }),
]
