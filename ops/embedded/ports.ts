import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { StartFailed } from './child.ts'

// Below every platform's ephemeral range: no outgoing connection can sit on the port while its server is being restarted, and
// a client that reconnects in a loop cannot end up connected to itself.
const FIRST = 15_000
const LAST = 29_999

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1)
    if (await canListen(port)) return port
  }
}

const canListen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

const BUSY_FOR_MS = 10_000

/** Starts on a free port; on another one when somebody takes it between our look and the server's, for ten seconds at most. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (const until = Date.now() + BUSY_FOR_MS; ; await delay(100)) {
    try {
      return await start(await freePort())
    } catch (error) {
      if (!(error instanceof StartFailed && error.busy && Date.now() < until)) throw error
    }
  }
}
