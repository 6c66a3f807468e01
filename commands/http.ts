import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../domain/refusal.ts'
import { isAway } from '../ops/platform/database.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { StreamGone, Unavailable } from '../ops/platform/eventStoreErrors.ts'
import { type Answer, type Caller, type Intent, notFound, Problem } from '../ops/platform/route.ts'
import { derivedId, type Outcome } from './handle.ts'

export interface Deps {
  store: EventStore
  /** ISO text. */
  now: () => string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What the events of this request will say about it. `Idempotency-Key` counts per caller, method and path. */
export function intentOf(request: {
  headers: IncomingHttpHeaders
  caller: Caller
  method: string
  path: string
  body: unknown
  requestId: string
  exempt: boolean
  /** Absent for a read, whose If-Match is no revision. */
  changes?: 'creation' | 'change'
  digest: (text: string) => string
}): Intent {
  const { headers, caller, method, path } = request
  const actor = actorOf(caller)
  const key = request.exempt ? undefined : headers['idempotency-key']
  if (typeof key === 'string' && (key.length === 0 || key.length > 255))
    throw new Problem('invalid_request', 'Idempotency-Key has 1 to 255 characters')
  const expected = request.changes ? expectedRevision(headers['if-match']) : undefined
  if (expected !== undefined && request.changes === 'creation')
    throw new Problem('revision_conflict', 'There is nothing yet that could be at this revision')
  const traceparent = headers['traceparent']
  return {
    id: typeof key === 'string' ? derivedId('command', actor.kind, actor.id, method, path, key) : randomUUID(),
    // Nobody compares what a read, or a request that may not be repeated, was in other words.
    hash: request.changes && !request.exempt ? request.digest(canonical(request.body)) : '',
    actor,
    ...(caller.kind === 'device' && { key_id: caller.key_id }),
    correlation_id: correlationOf(request.requestId),
    ...(expected !== undefined && { expected_revision: expected }),
    ...(typeof traceparent === 'string' &&
      /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) && { traceparent }),
  }
}

/** The id of a request, as events have it. */
export const correlationOf = (requestId: string) => (uuid.test(requestId) ? requestId : derivedId('request', requestId))

export function actorOf(caller: Caller): Intent['actor'] {
  if (caller.kind === 'anonymous') return { kind: 'system', id: 'anonymous' }
  return { kind: caller.kind, id: caller.id }
}

/** The system acting by itself; the same words are the same command. */
export function systemIntent(part: string, ...words: readonly string[]): Intent {
  const id = derivedId('system', part, ...words)
  return { id, hash: id, actor: { kind: 'system', id: part }, correlation_id: id }
}

/** The same text for the same JSON, whatever the order of its keys. */
export const canonical = (body: unknown) => JSON.stringify(sorted(body)) ?? ''

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

function expectedRevision(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined
  const revision = /^(?:W\/)?"(\d{1,15})"$/.exec(header)?.[1]
  if (revision === undefined) throw new Problem('invalid_request', 'If-Match must be a quoted revision, like "3"')
  return Number(revision)
}

/** What the events that follow from a stored one inherit of its metadata. */
export const originOf = (
  metadata: Record<string, any>,
): Pick<Intent, 'correlation_id' | 'facility_id' | 'traceparent'> => ({
  correlation_id: metadata['$correlationId'] as string,
  ...(metadata['facility_id'] !== undefined && { facility_id: metadata['facility_id'] as string }),
  ...(metadata['traceparent'] !== undefined && { traceparent: metadata['traceparent'] as string }),
})

/** For the streams a command writes beside the one that the caller named a revision of. */
export function aside({ expected_revision: _, ...intent }: Intent): Intent {
  return intent
}

export const answered = (
  status: number,
  outcome: Outcome<unknown>,
  body?: unknown,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body,
  headers: { ETag: `"${outcome.revision}"`, 'Event-Position': String(outcome.position), ...headers },
})

/** What went wrong, as the client may know it. Whatever is not foreseen is `internal`, without a word of its cause. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Refusal)
    return error.code.endsWith('-unknown') ? notFound() : new Problem(error.code.replaceAll('-', '_'), error.message)
  if (error instanceof StreamGone) return notFound()
  const errno = (error as { code?: string } | null | undefined)?.code
  if (error instanceof Unavailable || isAway(error) || errno === 'ServiceUnavailable')
    return new Problem('unavailable', 'A server this needs is away; try again', { headers: { 'Retry-After': '2' } })
  // A view, or a column of it, that is not there: its version is still being built, or was gone back from.
  if (errno === '42P01' || errno === '42703')
    return new Problem('read_model_behind', 'This read model does not have that yet', {
      headers: { 'Retry-After': '5' },
    })
  // Postgres could not read a value (class 22): it came from the query of a read.
  if (errno !== undefined && /^22...$/.test(errno)) return new Problem('invalid_request', 'A value cannot be used here')
  return new Problem('internal', 'Something went wrong here; the request id finds it in our log')
}
