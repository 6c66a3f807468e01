import { type IncomingMessage, STATUS_CODES } from 'node:http'
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
      /** Only the routes that say so let this one through. */
      must_change_password?: true
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
  /** The API key that was used, beside whose it is. */
  key_id?: string
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
  /** Throws where the caller would be let in no more: to be asked by whoever has read a body from `raw`, which may have taken its time. */
  stillLetIn: () => Promise<void>
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
  /** The route reads the body from `raw` by itself: a form with a file. */
  multipart?: z.ZodType
  /** The same, of bytes of this media type. */
  bytes?: string
  /** Headers that it reads beside those of every route: for the document alone. */
  headers?: z.ZodObject
  /** Read models it depends on: `Read-After` waits for them. */
  reads?: readonly string[]
  /** Whether one who has to change the password first is let through. */
  duringPasswordChange?: boolean
  /** Whether a signed link lets in as well: by its query parameter `token`, without a header, for what it was signed for alone. */
  signed?: boolean
  /** Whether Idempotency-Key is left alone, as on the routes that deal in tokens. */
  exempt?: boolean
  /** By status, `z.null()` for no body. A string with `.meta({ contentMediaType })` is bytes or text of that type; all else is JSON. */
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
  password_change_required: 403,
  device_key_required: 403,
  invalid_request: 400,
  address_refused: 400,
  not_found: 404,
  idempotency_clash: 409,
  contended: 409,
  not_ready: 409,
  object_missing: 503,
  upload_expired: 410,
  revision_conflict: 412,
  tus_version: 412,
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

/** What Postgres can hold: no NUL, no half of a surrogate pair. */
const storable = (text: string) => text.isWellFormed() && !text.includes('\0')

/** Text a person typed: one line, trimmed, never empty. */
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters')
    .refine(storable, 'must be well-formed Unicode')

/** Text of several lines, maybe none: their ends are \n. */
export const lines = (max: number) =>
  z
    .string()
    .transform((text) => text.replace(/\r\n?/g, '\n').trim())
    .pipe(
      z
        .string()
        .max(max)
        .regex(/^[\P{Cc}\n\t]*$/u, 'must not contain control characters')
        .refine(storable, 'must be well-formed Unicode'),
    )

const maxDepth = 8

function isStorable(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return storable(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === maxDepth) return false
  return Object.entries(value).every(([key, inner]) => storable(key) && isStorable(inner, depth + 1))
}

const maxKeys = 200

const keysIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>((sum, inner) => sum + 1 + keysIn(inner), 0)
    : 0

const mostJson = 16_384

/** An object of whatever the client likes: 16 KiB, eight levels deep and 200 values at most. */
export const JsonObject = z
  .record(z.string(), z.unknown())
  .refine((value) => isStorable(value), 'must be well-formed Unicode, at most 8 levels deep')
  .refine((value) => keysIn(value) <= maxKeys, `must have ${maxKeys} values at most`)
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= mostJson, `must have ${mostJson} bytes at most`)

/** The same, in JSON text. */
export const JsonText = z
  .string()
  .max(mostJson)
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' })
      return z.NEVER
    }
  })
  .refine((value) => isStorable(value), {
    error: `must be well-formed Unicode, at most ${maxDepth} levels deep`,
    abort: true,
  })
  .refine((value) => keysIn(value) <= maxKeys, `must have ${maxKeys} values at most`)
  .pipe(z.record(z.string(), z.unknown()))

export const Uuid = z.uuid().toLowerCase()
export const Id = z.object({ id: Uuid })

/** A time with its offset, kept in UTC; of years that Postgres and everyone else can write. */
export const Time = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time).toISOString())
  .refine((time) => /^(?!0000)\d{4}-/.test(time), 'must be in the years 0001 to 9999')

const position = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform((digits) => ({ position: BigInt(digits) }))

const isWhole = (asked: unknown) => typeof asked === 'string' && /^-?\d+$/.test(asked)

/** A whole number in a query: digits and nothing else. What is empty is none, and not 0. */
export const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess((asked) => (isWhole(asked) ? Number(asked) : asked), z.int().min(min).max(max))

/** A point of the past, its events included: a time, or a position of the log. */
export type Moment = { time: string } | { position: bigint }

/** `?as_of=<RFC 3339 time | decimal position>`, on what can be shown as it was then. */
export const AsOf = z.object({
  as_of: z
    .union([position, Time.transform((time) => ({ time }))], {
      error: 'must be a time, like 2026-11-24T09:00:00Z (with + written as %2B), or a decimal position',
    })
    .optional()
    .meta({ description: 'Answers with the state then: up to this time or log position, its own events included' }),
})

const mostErrors = 20

/** What zod found, as the `errors` of a problem. */
export const errorsOf = (where: string, { issues }: z.ZodError) =>
  issues.slice(0, mostErrors).map(({ path, message }) => ({ path: [where, ...path.map(String)].join('.'), message }))

/** RFC 9457, with our stable code. */
export function problemDocument(problem: Problem, requestId: string): z.infer<typeof ProblemDocument> {
  const status = statusOfProblem(problem)
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors && { errors: [...problem.errors] }),
    request_id: requestId,
  }
}

/** A refusal of the domain whose code the table does not name is a conflict. */
export const statusOfProblem = ({ code }: Problem) => statusOf[code] ?? 409
