import { projections } from '../../projections/all.ts'
import { retired } from '../../projections/retired/all.ts'
import { buildToOrder } from './orderedBuild.ts'

// The process that builds the read models of this release.
await buildToOrder([...projections, ...retired])
