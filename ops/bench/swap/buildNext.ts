import { projections } from '../../../projections/all.ts'
import { buildToOrder } from '../../roles/orderedBuild.ts'
import { nextVersions } from './nextVersions.ts'

// The process that builds the read models of the release of tomorrow.
await buildToOrder([...nextVersions, ...projections])
