import type { AnyProjection } from '../engine/projection.ts'
import { firmwareChannelsV1 } from './firmwareChannels.v1.ts'
import { firmwareRolloutsV1 } from './firmwareRollouts.v1.ts'
import { resourceEventsV1 } from './resourceEvents.v1.ts'
import { resourceEventsV2 } from './resourceEvents.v2.ts'
import { sessionsV1 } from './sessions.v1.ts'
import { uploadsV1 } from './uploads.v1.ts'

/** Versions that were shown before, so that they go on being followed and can be gone back to, until `projections:drop`. */
export const retired: readonly AnyProjection[] = [
  resourceEventsV1,
  resourceEventsV2,
  sessionsV1,
  firmwareChannelsV1,
  firmwareRolloutsV1,
  uploadsV1,
]
