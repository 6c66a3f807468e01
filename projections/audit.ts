import { splitStream } from '../domain/decider.ts'
import { isLasting } from '../domain/lasting.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import type { AppendOnly } from './engine/projection.ts'

export interface AuditRow {
  position: string
  /** Of the event. */
  id: string
  /** When it happened, by the event itself. */
  at: string | null
  action: string
  actor_kind: string | null
  actor_id: string | null
  facility_id: string | null
  resource: string
  resource_id: string
  revision: number
  correlation_id: string | null
  /** JSON, as it was stored. */
  data: string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const idOrNull = (value: unknown) => (typeof value === 'string' && uuid.test(value) ? value : null)
const fieldsOf = (value: unknown) =>
  (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null)

/** Every event that stays in the log, whoever wrote it: one that is not as ours are is shown with what it has. */
export const audit: AppendOnly<AuditRow> = {
  name: 'audit',
  version: 1,
  indexes: ['facility_id, position', 'actor_id, position', 'resource_id, position', 'action', 'at'],
  each: ({ eventId, stream, type, revision, position, stored, json, metadata }) => {
    if (!isLasting(stream, type)) return []
    const [resource, resource_id] = splitStream(stream)
    const [said, about] = [fieldsOf(stored), fieldsOf(metadata)]
    const actor = fieldsOf(about['actor'])
    const facility_id =
      idOrNull(about['facility_id']) ??
      idOrNull(said['facility_id']) ??
      (resource === 'facility' ? idOrNull(resource_id) : null)
    return [
      {
        position,
        id: eventId,
        at: momentOf(said),
        action: type,
        actor_kind: textOrNull(actor['kind']),
        actor_id: textOrNull(actor['id']),
        facility_id,
        resource,
        resource_id,
        revision,
        correlation_id: idOrNull(about['$correlationId']),
        // What is no JSON can hold what no text of Postgres can.
        data: json.includes('\0') ? JSON.stringify(json) : json,
      },
    ]
  },
}

/** Somebody else's event may call something a time that is none. */
function momentOf(stored: Record<string, unknown>): string | null {
  const at: unknown = timeOf(stored)
  return typeof at === 'string' && !Number.isNaN(Date.parse(at)) && /^\d{4}-/.test(at) ? at : null
}
