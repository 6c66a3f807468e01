import { randomUUID } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import cors from 'cors'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import type { z } from 'zod'
import { intentOf, problemOf } from '../../commands/http.ts'
import { access, type Permission, reachOf } from '../../domain/access.ts'
import type { Freshness } from '../../read-api/freshness.ts'
import type { Log } from '../platform/log.ts'
import {
  type Answer,
  type Caller,
  errorsOf,
  notFound,
  Problem,
  problemDocument,
  type Route,
} from '../platform/route.ts'
import { spanned, traceHeaders } from '../platform/tracing.ts'
import type { RateLimit } from './rateLimit.ts'

export interface AppOptions {
  routes: readonly Route[]
  /** `beforeLooking` is asked before anything is read for somebody this instance has not met, and throws where it is not to be. */
  authenticate: (request: Request, beforeLooking?: () => Promise<unknown>) => Promise<Caller>
  /** Who signed the link that is asked for; throws where it lets nobody in. */
  signedBy?: (request: Request) => Promise<Caller>
  freshness: Freshness
  /** A keyed digest, for Idempotency-Key. */
  digest: (text: string) => string
  corsOrigins: readonly string[]
  trustProxy: number
  /** Of requests of routes; none where absent. */
  limit?: RateLimit
  log: Log
  /** Hears of whoever was let in and had no right to what they asked for. */
  onForbidden?: (refused: { route: Route; caller: Caller; address: string; requestId: string }) => void
  /** Hears of each request for an object that the store has lost. */
  onObjectMissing?: () => void
  /** Sees every request first. */
  measure?: (request: Request, response: Response) => void
  /** What OPTIONS of these paths says, beside what it says of every path. */
  discoveries?: readonly { path: string; headers: Readonly<Record<string, string>> }[]
  /** Mounted before the routes: health, metrics, dashboards. */
  mount?: (app: Express) => void
}

/** What tus clients in a browser look at. */
const resumable = [
  ...['Tus-Resumable', 'Tus-Version', 'Tus-Extension', 'Tus-Max-Size'],
  ...['Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Expires', 'Upload-Id'],
]

const bodyPatienceMs = 30_000
/** How long, and how much of, a body that was refused is let come. */
const lingerMs = 5000
const mostLingered = 8 * 1024 * 1024
const json = express.json({ limit: '1mb', strict: false, type: () => true })

/** Express out of routes that are data. The order of refusal: 401, role 403, shape 400, and then what the route itself says. */
export function createApp(options: AppOptions): Express {
  const { routes, corsOrigins, trustProxy, log } = options
  const app = express()
  app.disable('x-powered-by').disable('etag').set('trust proxy', trustProxy).set('query parser', 'simple')
  app.use((request, response, next) => {
    options.measure?.(request, response)
    const given = request.get('X-Request-Id')
    response.locals['requestId'] = given && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
    response.set('X-Request-Id', requestIdOf(response))
    next()
  })
  app.use(helmet())
  for (const { path, headers } of options.discoveries ?? [])
    app.use(path, (request, response, next) => {
      if (request.method === 'OPTIONS') response.set(headers)
      next()
    })
  app.use(
    '/api',
    cors({
      origin: [...corsOrigins],
      credentials: true,
      maxAge: 600,
      exposedHeaders: [
        'ETag',
        'Event-Position',
        'Location',
        'Retry-After',
        'X-Request-Id',
        'Content-Range',
        'Accept-Ranges',
        'Content-Disposition',
        ...resumable,
      ],
    }),
  )
  options.mount?.(app)
  for (const route of routes.map(strictly)) {
    if (route.permission !== 'public' && !(route.permission in access))
      throw new Error(`${route.method} ${route.path} names no permission of the access table: ${route.permission}`)
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'
    app[method](route.path, (request, response) => traced(route, options, request, response))
  }
  app.use(() => {
    throw notFound()
  })
  app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error)
    const problem = fromExpress(error)
    if (problem.code === 'internal')
      log.error({ error, request_id: requestIdOf(response), path: request.path }, 'a request failed')
    if (problem.code === 'object_missing') {
      const { object_key } = problem as { object_key?: string }
      options.onObjectMissing?.()
      log.error({ object_key, path: request.path }, 'a stored object is missing: bring it back into the bucket')
    }
    refuse(request, response, problem)
  })
  return app
}

/** The request as a span, down to its last byte; whoever asks may say of which trace it is a part. */
function traced(route: Route, options: AppOptions, request: Request, response: Response): Promise<void> {
  const { method, path } = route
  const attributes = { 'http.request.method': method, 'http.route': path, 'xylolabs.request_id': requestIdOf(response) }
  const statusFor = (error: unknown) => problemDocument(fromExpress(error), requestIdOf(response)).status
  const isFault = (error: unknown) => statusFor(error) >= 500
  const about = { kind: 'server', parent: request.get('traceparent'), attributes, isFault } as const
  return spanned(`${method} ${path}`, about, async (span) => {
    const answered = await answer(route, options, request, response).catch((error: unknown) => {
      const caller = response.locals['caller'] as Caller | undefined
      if (caller && error instanceof Problem && error.code === 'forbidden')
        options.onForbidden?.({ route, caller, address: request.ip ?? '', requestId: requestIdOf(response) })
      span.setAttribute('http.response.status_code', statusFor(error))
      throw error
    })
    span.setAttribute('http.response.status_code', answered.status)
    return send(request, response, answered)
  })
}

const requestIdOf = (response: Response) => response.locals['requestId'] as string

async function answer(route: Route, options: AppOptions, request: Request, response: Response): Promise<Answer> {
  const controller = new AbortController()
  // Only a client that went away: to make an error of every request that ends well costs more than its token.
  response.on('close', () => response.writableFinished || controller.abort())
  const caller = await letIn(route, options, request)
  response.locals['caller'] = caller
  const facility = facilityOf(route, caller)
  const params = parse(route.params, request.params, 'path')
  const query = parse(route.query, request.query, 'query', route.query === undefined)
  const stillLetIn = async () =>
    void (route.permission === 'public' || (await authenticating(route, options, request)()))
  // Whoever takes their time over a body may be let in no more when it is there.
  const isLate = route.body !== undefined && !request.complete
  const body = route.body ? parse(route.body, await bodyOf(request, response), 'body') : undefined
  if (isLate) await stillLetIn()
  const position = request.get('Read-After')
  if (route.reads && position !== undefined) {
    if (!/^\d{1,20}$/.test(position))
      throw new Problem('invalid_request', 'Read-After is a decimal position, as in Event-Position')
    await options.freshness.waitFor(BigInt(position), route.reads, controller.signal)
  }
  const { headers, method, path } = request
  const trace = traceHeaders()
  const intent = intentOf({
    headers: trace.traceparent === undefined ? headers : { ...headers, ...trace },
    caller,
    method,
    path,
    body,
    requestId: requestIdOf(response),
    exempt: route.exempt ?? false,
    ...(method !== 'GET' && method !== 'HEAD' && { changes: route.params ? 'change' : 'creation' }),
    digest: options.digest,
  })
  const [{ signal }, address] = [controller, request.ip ?? '']
  return route.run({ params, query, body, caller, facility, intent, raw: request, address, stillLetIn, signal })
}

/** By the link where one is asked for, by the headers otherwise. */
const authenticating = (route: Route, { authenticate, signedBy }: AppOptions, request: Request) =>
  route.signed && signedBy && request.query['token'] !== undefined
    ? () => signedBy(request)
    : (beforeLooking?: () => Promise<unknown>) => authenticate(request, beforeLooking)

/** 401, or 429 for whoever asks too often. */
async function letIn(route: Route, options: AppOptions, request: Request): Promise<Caller> {
  const { limit } = options
  const address = request.ip ?? ''
  const anonymous: Caller = { kind: 'anonymous' }
  let counted: ReturnType<RateLimit> | undefined
  const countOnce = () => (counted ??= limit?.(anonymous, address)) ?? Promise.resolve()
  const caller =
    route.permission === 'public'
      ? anonymous
      : await authenticating(
          route,
          options,
          request,
        )(countOnce).catch(async (error: unknown) => {
          await countOnce()
          throw error
        })
  const countNoMore = await counted
  await countNoMore?.()
  await limit?.(caller, address)
  return caller
}

/** 403 where the role or the key's scopes do not reach; else the facility the caller is kept to. */
function facilityOf(route: Route, caller: Caller): string | undefined {
  if (caller.kind === 'anonymous') return undefined
  if (caller.kind === 'user' && caller.must_change_password && !route.duringPasswordChange)
    throw new Problem('password_change_required', 'Change your password first: POST /api/auth/change-password')
  const reach = reachOf(route.permission as Permission, caller)
  if (reach === undefined) throw new Problem('forbidden', 'Your role does not allow this')
  if (reach === 'own' && caller.facility_id === undefined) throw new Problem('forbidden', 'You belong to no facility')
  return reach === 'own' ? caller.facility_id : undefined
}

/** An unknown query parameter is a mistake the caller should hear of, as in bodies. Once: a schema compiles itself when it is first used. */
function strictly(route: Route): Route {
  const { query } = route
  return query && 'strict' in query ? { ...route, query: (query as z.ZodObject).strict() } : route
}

function parse(schema: z.ZodType | undefined, value: unknown, where: 'path' | 'query' | 'body', none = false): any {
  if (none && Object.keys(value as object).length > 0)
    throw new Problem('invalid_request', 'This route takes no query', {
      errors: Object.keys(value as object).map((key) => ({ path: `query.${key}`, message: 'unknown' })),
    })
  if (!schema) return {}
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  if (where === 'path') throw notFound()
  throw new Problem('invalid_request', `The ${where} is not as expected`, { errors: errorsOf(where, parsed.error) })
}

async function bodyOf(request: Request, response: Response): Promise<unknown> {
  const type = request.get('Content-Type')
  const empty =
    request.get('Content-Length') === '0' ||
    (request.get('Content-Length') === undefined && request.get('Transfer-Encoding') === undefined)
  if (empty) return {}
  if (type !== undefined && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
    throw new Problem('unsupported_media_type', 'Send application/json')
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Problem('invalid_request', 'The body took too long')), bodyPatienceMs)
      json(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve()))
    })
  } finally {
    clearTimeout(timer)
  }
  return request.body
}

/** Errors of express and its body parser come with a status of their own. */
function fromExpress(error: unknown): Problem {
  const { type, status } = error as { type?: string; status?: number }
  if (type === 'entity.parse.failed')
    return new Problem('invalid_request', 'The body is not JSON', { errors: [{ path: 'body', message: 'not JSON' }] })
  if (type === 'entity.too.large') return new Problem('payload_too_large', 'A JSON body has 1 MiB at most')
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new Problem('unsupported_media_type', 'This encoding is not supported')
  if (error instanceof URIError || status === 400)
    return new Problem('invalid_request', 'The request could not be read')
  return problemOf(error)
}

function refuse(request: Request, response: Response, problem: Problem) {
  const document = problemDocument(problem, requestIdOf(response))
  const text = JSON.stringify(document)
  response.status(document.status).set(problem.headers).type('application/problem+json')
  if (request.complete || request.method === 'GET') return void response.send(text)
  response.set('Connection', 'close')
  // Whoever asks too often is not waited for.
  if (document.status === 429) return void response.send(text)
  // A body that was not read to its end cannot be followed by another request on this connection. Closed at once, the connection would be
  // reset under whoever still sends, and a proxy would tell of a fault instead of the refusal: some of the rest is let go by, for a moment.
  response.set('Content-Length', String(Buffer.byteLength(text))).write(text)
  let gone = 0
  const end = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, lingerMs).unref()
  request.once('end', end).once('close', end)
  request.on('data', (chunk: Buffer) => (gone += chunk.length) > mostLingered && (request.pause(), end()))
}

async function send(
  request: Request,
  response: Response,
  { status, body, headers = {}, stream }: Answer,
): Promise<void> {
  const source = stream && request.method !== 'HEAD' ? await stream() : undefined
  response.status(status).set(headers)
  if (source) {
    // The client going away is no failure of ours; a source that breaks half-way must not look complete.
    await pipeline(source, response).catch(() => response.destroy())
  } else if (stream || body === undefined) response.end()
  else response.json(body)
}
