import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { z } from 'zod'

/** Who asks, once let in. A key acts as its device, within its own facility. */
export type Caller =
  | {
      kind: 'user'
      id: string
      session_id: string
      role: 'super_admin' | 'facility_admin' | 'user'
      facility_id?: string
    }
  | {
      kind: 'device'
      id: string
      key_id: string
      device_id?: string
      facility_id: string
      scopes: readonly ('upload' | 'firmware' | 'heartbeat')[]
    }
  | { kind: 'anonymous' }

/** What a change must know of the request that asked for it; it ends up in the metadata of the events. */
export interface Intent {
  /** The command's id: the same for a repeated Idempotency-Key. */
  id: string
  /** A keyed digest of what was asked; a repeated key with another hash is a clash. */
  hash: string
  actor: { kind: 'user' | 'device' | 'system'; id: string }
  correlation_id: string
  facility_id?: string
  /** From If-Match. */
  expected_revision?: number
  traceparent?: string
}

export interface Request<Params, Query, Body> {
  params: Params
  query: Query
  body: Body
  caller: Caller
  /** The one facility the caller is kept to; undefined: all of them. */
  facility: string | undefined
  intent: Intent
  /** The request's own stream, headers included, for multipart bodies and ranges. */
  raw: IncomingMessage
  address: string
  signal: AbortSignal
}

export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
  /** Sent instead of a body; not opened for a HEAD request. */
  stream?: () => Promise<Readable>
}

export interface Route<Params = any, Query = any, Body = any> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In Express's words: `/api/v1/facilities/:id`. */
  path: string
  /** A line of the access table, or `public`. */
  permission: string
  params?: z.ZodType<Params>
  query?: z.ZodType<Query>
  /** A JSON body; absent with `multipart`. */
  body?: z.ZodType<Body>
  /** The route reads the body from `raw` by itself. */
  multipart?: z.ZodType
  /** Read models it depends on: `Read-After` waits for them. */
  reads?: readonly string[]
  /** Whether Idempotency-Key is left alone, as on the routes that deal in tokens. */
  exempt?: boolean
  answers: Readonly<Record<number, z.ZodType>>
  run(request: Request<Params, Query, Body>): Promise<Answer>
}

/** Types `run` by the schemas beside it. */
export const route = <Params = {}, Query = {}, Body = {}>(one: Route<Params, Query, Body>): Route => one as Route

/** A fault of the request, by its stable code; the door knows the status. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly errors: readonly { path: string; message: string }[] | undefined
  readonly headers: Record<string, string>

  constructor(
    code: string,
    detail: string,
    more: { errors?: readonly { path: string; message: string }[]; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.code = code
    this.errors = more.errors
    this.headers = more.headers ?? {}
  }
}

/** Unknown and another facility's are told apart by nobody. */
export const notFound = () => new Problem('not_found', 'There is no such resource')

/** Every code the product answers with, beside the refusals of the domain (409, or 404 where they end in `-unknown`). */
export const statusOf: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  invalid_credentials: 401,
  token_expired: 401,
  session_ended: 401,
  forbidden: 403,
  invalid_request: 400,
  not_found: 404,
  idempotency_clash: 409,
  contended: 409,
  not_ready: 409,
  revision_conflict: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  rate_limited: 429,
  internal: 500,
  read_model_behind: 503,
  unavailable: 503,
}

export const ProblemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem' })

/** Text a person typed: trimmed, never empty, no control characters (Postgres cannot hold NUL). */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)

    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not contain control characters')

export const Id = z.object({ id: z.uuid() })
export const Time = z.iso.datetime({ offset: true }).transform((time) => new Date(time).toISOString())
