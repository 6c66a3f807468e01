import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'

const Readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    checks: z.record(z.string(), z.object({ status: z.enum(['ok', 'failing']), detail: z.unknown().optional() })),
  })
  .meta({ id: 'Readiness' })

const json = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } })
const common = { tags: ['health'], security: [] }

/** What `ops/server/health.ts` mounts beside the routes. */
export const healthPaths: ZodOpenApiPathsObject = {
  '/health': {
    get: {
      ...common,
      operationId: 'health.live',
      summary: 'health: live',
      responses: { 200: json('It lives', z.object({ status: z.literal('ok') })) },
    },
  },
  '/health/ready': {
    get: {
      ...common,
      operationId: 'health.ready',
      summary: 'health: ready',
      responses: {
        200: json('Everything it needs answers', Readiness),
        503: json('Something it needs does not', Readiness),
      },
    },
  },
}
