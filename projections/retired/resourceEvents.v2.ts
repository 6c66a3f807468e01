import { resourceEvents } from '../resourceEvents.ts'

/** Without inference jobs. */
export const resourceEventsV2: typeof resourceEvents = {
  ...resourceEvents,
  version: 2,
  each: (event) => (event.stream.startsWith('inferenceJob-') ? [] : resourceEvents.each(event)),
}
