import { resourceEvents } from '../resourceEvents.ts'

/** The same rows under another key: it began with the resource, and its positions were `numeric`. */
export const resourceEventsV1 = { ...resourceEvents, version: 1 }
