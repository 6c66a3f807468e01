import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Express, Request, Response } from 'express'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { Problem } from '../platform/route.ts'
import { closeServer, listenAt } from './listening.ts'

const path = '/metrics'
const challenge = { 'WWW-Authenticate': 'Bearer' }

/** `GET /metrics` beside the API, for whoever shows the token. */
export function mountMetrics(app: Express, metrics: Metrics, token: string): void {
  app.get(path, async (request, response) => {
    if (!shows(request, token))
      throw new Problem('unauthenticated', 'Send METRICS_TOKEN as bearer token', { headers: challenge })
    response
      .set('Content-Type', metrics.contentType)
      .set('Cache-Control', 'no-store')
      .end(await metrics.scrape())
  })
}

/** `GET /metrics` at an address of its own, and nothing else there; where there is a token, it has to be shown here too. */
export async function listenForScrapes(options: {
  address: string
  metrics: Metrics
  token: string | undefined
  log: Log
}): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => void answer(request, response, options))
  const port = await listenAt(server, options.address, 'METRICS_ADDR')
  return { port, close: () => closeServer(server) }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, token, log }: { metrics: Metrics; token: string | undefined; log: Log },
): Promise<void> {
  const refuse = (status: number, why: string, headers = {}) =>
    response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(`${why}\n`)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return void refuse(405, `GET ${path}`, { Allow: 'GET, HEAD' })
  if (request.url?.split('?', 1)[0] !== path) return void refuse(404, `There is ${path} here`)
  if (token !== undefined && !shows(request, token))
    return void refuse(401, 'Send METRICS_TOKEN as bearer token', challenge)
  try {
    const text = await metrics.scrape()
    response.writeHead(200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }).end(text)
  } catch (error) {
    log.error({ error }, 'the metrics could not be gathered')
    refuse(500, 'The metrics could not be gathered')
  }
}

/** Digests are as long as each other, and take as long to compare wherever they differ. */
function shows({ headers }: IncomingMessage, token: string): boolean {
  const shown = /^Bearer (.*)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  const [one, other] = [shown, token].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one!, other!)
}

/** Counts requests for what the store has lost: an operator has to bring it back. */
export function missingObjects(metrics: Metrics): () => void {
  const missing = metrics.counter(
    'xylolabs_objects_missing_total',
    'Requests that were answered object_missing: what they asked for is recorded, and its bytes are not in the store.',
  )
  return () => missing.inc()
}

/** From a millisecond, which reads take, to what uploads on slow links do. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

/** Times each request until its connection is done with it: by its route's pattern, since paths hold ids, of which there is no end. */
export function requestDurations(metrics: Metrics): (request: Request, response: Response) => void {
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'How long requests took, until the last byte was sent. Route "none": no route has that path. Status 499: the client went away before the answer.',
    ['method', 'route', 'status'],
    buckets,
  )
  return (request, response) => {
    const began = performance.now()
    response.once('close', () => {
      const route = (request.route as { path: string } | undefined)?.path ?? 'none'
      const status = response.headersSent ? response.statusCode : 499
      durations.observe({ method: request.method, route, status }, (performance.now() - began) / 1000)
    })
  }
}
