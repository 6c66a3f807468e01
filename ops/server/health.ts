import { setTimeout as delay } from 'node:timers/promises'
import type { Express } from 'express'

/** Throws, or takes too long, when what it asks is not well; may say how it is. */
export type Check = () => Promise<unknown>

const patienceMs = 2000

/** `GET /health`: the process lives. `GET /health/ready`: everything it needs answers; 503 and which one does not, otherwise. */
export function mountHealth(app: Express, checks: Readonly<Record<string, Check>>): void {
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }))
  app.get('/health/ready', async (_request, response) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await ask(check)] as const),
    )
    const ready = results.every(([, result]) => result.status === 'ok')
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(results) })
  })
}

async function ask(check: Check): Promise<{ status: 'ok' | 'failing'; detail?: unknown }> {
  const cancel = new AbortController()
  try {
    const late = delay(patienceMs, undefined, { signal: cancel.signal }).then(() => {
      throw new Error('no answer in time')
    })
    const detail = await Promise.race([check(), late])
    return detail === undefined ? { status: 'ok' } : { status: 'ok', detail }
  } catch (error) {
    return { status: 'failing', detail: (error as Error).message.split('\n')[0]!.slice(0, 200) }
  } finally {
    cancel.abort()
  }
}
