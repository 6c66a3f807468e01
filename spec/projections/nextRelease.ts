import { projections } from '../../projections/all.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { retired } from '../../projections/retired/all.ts'
import { louderFacilities } from './nextVersions.ts'

// The whole command line as the release of tomorrow has it: another version of facilities, and the one of today retired.
const shown = projections as AnyProjection[]
const i = shown.findIndex(({ name }) => name === louderFacilities.name)
;(retired as AnyProjection[]).push(...shown.splice(i, 1, louderFacilities))
await import('../../ops/main.ts')
