import { setTimeout as delay } from 'node:timers/promises'
import type { Express } from 'express'
import type { Log } from '../platform/log.ts'

/** Throws, or takes too long, when what it asks is not well; may say how it is, in words for anyone. */
export type Check = () => Promise<unknown>

interface Result {
  status: 'ok' | 'failing'
  detail?: unknown
}

const patienceMs = 2000
const freshMs = 500

/**
 * `GET /health`: the process lives. `GET /health/ready`: everything it needs answers; 503 and what does not, otherwise.
 * Why it does not is in the log only: anyone may ask. Asking often costs no more than asking twice a second.
 */
export function mountHealth(app: Express, checks: Readonly<Record<string, Check>>, log: Log): void {
  let latest: { at: number; results: Promise<(readonly [string, Result])[]> } | undefined
  const look = () =>
    Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await ask(name, check, log)] as const))

  app.get('/health', (_request, response) => void response.json({ status: 'ok' }))
  app.get('/health/ready', async (_request, response) => {
    if (!latest || Date.now() - latest.at > freshMs) latest = { at: Date.now(), results: look() }
    const results = await latest.results
    const ready = results.every(([, result]) => result.status === 'ok')
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(results) })
  })
}

async function ask(name: string, check: Check, log: Log): Promise<Result> {
  const cancel = new AbortController()
  try {
    const late = delay(patienceMs, undefined, { signal: cancel.signal }).then(() => {
      throw new Error('no answer in time')
    })
    const detail = await Promise.race([check(), late])
    return detail === undefined ? { status: 'ok' } : { status: 'ok', detail }
  } catch (error) {
    log.debug({ error, check: name }, 'not ready')
    return { status: 'failing' }
  } finally {
    cancel.abort()
  }
}
