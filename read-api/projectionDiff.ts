import { z } from 'zod'
import { Problem, ProblemDocument, type Route, route, whole } from '../ops/platform/route.ts'
import { ProjectionDiff } from '../ops/platform/shapes/projections.ts'
import type { Difference } from '../projections/engine/diff.ts'

/** Two versions of a read model, and what their rows differ in. */
export interface Comparison {
  name: string
  shown: Standing
  other: Standing
  difference: Difference
}

export interface Standing {
  version: number
  position: bigint | undefined
}

/** The other version is the one named, or the newest that is built. */
export type Compare = (name: string, asked: { version?: number | undefined; samples: number }) => Promise<Comparison>

const Name = z.object({ name: z.string().regex(/^[a-z_]{1,60}$/) })
const Query = z.object({
  version: whole(1, 999_999).optional(),
  samples: whole(0, 20).default(5),
})

/** `GET /api/v1/projections/:name/diff`. It reads two whole tables: one at a time in a process, and whoever comes meanwhile is asked to come again. */
export function projectionDiff(compare: Compare): Route[] {
  let comparing = false
  return [
    route<z.infer<typeof Name>, z.infer<typeof Query>>({
      method: 'GET',
      path: '/api/v1/projections/:name/diff',
      permission: 'projection:read',
      params: Name,
      query: Query,
      answers: { 200: ProjectionDiff, 404: ProblemDocument, 409: ProblemDocument, 429: ProblemDocument },
      run: async ({ params: { name }, query }) => {
        if (comparing)
          throw new Problem('rate_limited', 'Versions are being compared already; try again', {
            headers: { 'Retry-After': '5' },
          })
        comparing = true
        try {
          return { status: 200, body: shapeOf(await compare(name, query)) }
        } finally {
          comparing = false
        }
      },
    }),
  ]
}

function shapeOf({ name, shown, other, difference }: Comparison): z.infer<typeof ProjectionDiff> {
  const { added, removed, changed, fields, samples } = difference
  return {
    name,
    shown: standing(shown),
    other: standing(other),
    added,
    removed,
    changed,
    fields,
    samples: samples.map(({ since, ...sample }) => ({ ...sample, since: since ?? null })),
  }
}

const standing = ({ version, position }: Standing) => ({ version, position: position?.toString() ?? null })
