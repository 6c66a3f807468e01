import { projections } from '../../../projections/all.ts'
import type { AnyProjection } from '../../../projections/engine/projection.ts'

/** What the release of tomorrow makes of all read models: the same, under the next version. */
export const nextVersions: readonly AnyProjection[] = projections.map((one) => ({ ...one, version: one.version + 1 }))
