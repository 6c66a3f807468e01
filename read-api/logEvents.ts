import type { z } from 'zod'
import type { Recorded } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import type { LogEvent, LogEventInFull } from '../ops/platform/shapes/log.ts'
import { actorOf, named } from './actorNames.ts'
import type { Folded } from './eventChange.ts'
import { fieldsOf, withoutKeys } from './history.ts'
import { secrets } from './secrets.ts'

/** `upload-0b1c…` → `upload`. */
export const categoryOf = (stream: string) => stream.split('-', 1)[0]!
const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)

function atOf(data: unknown): string | null {
  const at: unknown = typeof data === 'object' && data !== null ? timeOf(data as Record<string, unknown>) : undefined
  return typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? at : null
}

/** Where, when, what and who; the names of people as these are. */
export const entry = (event: Recorded, names: ReadonlyMap<string, string>): z.infer<typeof LogEvent> => ({
  position: String(event.position),
  id: event.id,
  at: atOf(event.data),
  stream: event.stream,
  revision: event.revision,
  type: event.type,
  actor: named(actorOf(event), names),
  facility_id: textOrNull(event.metadata['facility_id']),
  correlation_id: textOrNull(event.metadata['$correlationId']),
})

/** With what it says and what it did, without secrets; these fields are masked. */
export function inFull(
  event: Recorded,
  what: Folded,
  { names, personal }: { names: ReadonlyMap<string, string>; personal: ReadonlySet<string> },
): z.infer<typeof LogEventInFull> {
  const masked = (field: string, value: unknown) => (personal.has(field) && value !== null ? '[masked]' : value)
  const data = withoutKeys(event.data)
  const isShown = (field: string) => !secrets.has(field)
  return {
    ...entry(event, names),
    schema: typeof event.metadata['schema'] === 'number' ? event.metadata['schema'] : null,
    causation_id: textOrNull(event.metadata['$causationId']),
    data:
      typeof data === 'object' && data !== null && !Array.isArray(data)
        ? Object.fromEntries(Object.entries(data).map(([field, value]) => [field, masked(field, value)]))
        : data,
    changes: what.change
      ? fieldsOf(what.change, isShown, withoutKeys).map(({ field, before, after }) => ({
          field,
          before: masked(field, before),
          after: masked(field, after),
        }))
      : null,
    unfolded: what.unfolded,
  }
}
