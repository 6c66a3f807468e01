import { projections } from '../../projections/all.ts'
import type { Projection } from '../../projections/engine/projection.ts'

/** What the release of tomorrow makes of these read models: the same, under the next version. */
export const nextVersionsOf = (...names: readonly string[]): Projection[] =>
  names.map((name) => {
    const today = projections.find((one) => one.name === name) as Projection
    return { ...today, version: today.version + 1 }
  })

const facilities = projections.find(({ name }) => name === 'facilities') as Projection

/** A change that readers would see, in a table like that of today. */
export const louderFacilities: Projection = {
  ...facilities,
  version: facilities.version + 1,
  on: { ...facilities.on, FacilityRenamed: (row, { data }) => ({ ...row, name: `${data.name}!` }) },
}
