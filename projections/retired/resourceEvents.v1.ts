import { resourceEventsV2 } from './resourceEvents.v2.ts'

/** The same rows under another key: it began with the resource, and its positions were `numeric`. */
export const resourceEventsV1 = { ...resourceEventsV2, version: 1 }
