import { projections } from '../../projections/all.ts'
import type { Projection } from '../../projections/engine/projection.ts'

/** What the release of tomorrow makes of these read models: the same, under the next version. */
export const nextVersionsOf = (...names: readonly string[]): Projection[] =>
  names.map((name) => {
    const today = projections.find((one) => one.name === name) as Projection
    return { ...today, version: today.version + 1 }
  })
