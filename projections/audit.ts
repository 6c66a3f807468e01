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
const textOrNull = (value: unknown) => (typeof value === 'string' ? legible(value) : null)

/** In characters: an index of Postgres takes 2700 bytes. Ours are far shorter. */
const longest = 500
const illegible = /[\0\ud800-\udfff]/

/** What Postgres can keep and look for, of any text: its beginning, without what no text of Postgres can have. */
function legible(text: string): string {
  const beginning = text.length > longest ? text.slice(0, longest) : text
  return illegible.test(beginning) ? beginning.replaceAll('\0', '\ufffd').toWellFormed() : beginning
}

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
        action: legible(type),
        actor_kind: textOrNull(actor['kind']),
        actor_id: textOrNull(actor['id']),
        facility_id,
        resource: legible(resource),
        resource_id: legible(resource_id),
        revision,
        correlation_id: idOrNull(about['$correlationId']),
        // What is no JSON can hold what no text of Postgres can.
        data: json.includes('\0') ? JSON.stringify(json) : json,
      },
    ]
  },
}

const moment = /^(?!0000)\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$/

/** Somebody else's event may call something a time that is none: only what is the same moment to everybody is one. */
function momentOf(stored: Record<string, unknown>): string | null {
  const at: unknown = timeOf(stored)
  const day = typeof at === 'string' ? moment.exec(at)?.[1] : undefined
  if (day === undefined || Number.isNaN(Date.parse(at as string))) return null
  return Number(day) <= 28 || isDay((at as string).slice(0, 10)) ? (at as string) : null
}

/** JavaScript takes the 30th of February for the 2nd of March. */
const isDay = (day: string) => new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
