import { randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import express from 'express'
import type { Log } from '../platform/log.ts'
import { Problem, problemDocument } from '../platform/route.ts'
import { mountHealth } from './health.ts'

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
  const [host, port] = split(address)
  await listen(server, host, port, othersWillDo && port !== 0 ? 50 : 1)
  return {
    port: (server.address() as { port: number }).port,
    open: (app) => (current = app),
    close: () => close(server),
  }
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

function split(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))]
}

async function listen(server: Server, host: string, port: number, tries: number): Promise<void> {
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(candidate, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (candidate + 1 >= port + tries)
        throw new Error(`${host}:${port} is in use: stop what listens there, or set BIND_ADDR`, { cause: error })
    }
  }
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const hurry = setTimeout(() => server.closeAllConnections(), 10_000)
  await closed
  clearTimeout(hurry)
}
