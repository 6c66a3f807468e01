import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import express from 'express'
import type { Log } from '../platform/log.ts'
import { Problem, problemDocument } from '../platform/route.ts'
import { mountHealth } from './health.ts'
import { closeServer, listenAt } from './listening.ts'

export interface Door {
  /** From now on requests are the application's. */
  open(app: RequestListener): void
  port: number
  /** Lets running requests end; idle connections go at once. */
  close(): Promise<void>
}

/**
 * Listens at once, and says that it is starting until the application is there.
 * Throws, in words to act on, when the address is taken; `othersWillDo` tries the next ports first.
 */
export async function openDoor(address: string, othersWillDo: boolean, log: Log): Promise<Door> {
  let current: RequestListener = starting(log)
  const server = createServer((request, response) => current(request, response))
  // A device on a slow link may take most of an hour for a large recording.
  server.requestTimeout = 2 * 3600 * 1000
  server.headersTimeout = 60_000
  // But one that sends and asks for nothing is let go of.
  server.timeout = 60_000
  const port = await listenAt(server, address, 'BIND_ADDR', othersWillDo ? 50 : 1)
  return { port, open: (app) => (current = app), close: () => closeServer(server) }
}

function starting(log: Log): RequestListener {
  const app = express()
  mountHealth(app, { start: () => Promise.reject(new Error('starting')) }, log)
  app.use((_request, response) => {
    const requestId = randomUUID()
    const problem = problemDocument(new Problem('unavailable', 'Starting; try again'), requestId)
    response.status(problem.status).set({ 'Retry-After': '1', 'X-Request-Id': requestId })
    response.type('application/problem+json').send(JSON.stringify(problem))
  })
  return app
}
