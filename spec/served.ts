import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Caller, Route } from '../ops/platform/route.ts'
import { type AppOptions, createApp } from '../ops/server/app.ts'
import { closeServer } from '../ops/server/listening.ts'
import { specLog } from './system.ts'

const boss: Caller = { kind: 'user', id: 'boss', session_id: 's1', role: 'super_admin' }

/** These routes alone, as the product serves them, to a super admin who needs no token. */
export async function served(
  routes: readonly Route[],
  more: Partial<AppOptions> = {},
): Promise<{ url: string; close: () => Promise<void> }> {
  const app = createApp({
    routes,
    authenticate: () => Promise.resolve(boss),
    freshness: { position: () => undefined, stopped: () => [], silentMs: () => 0, waitFor: () => Promise.resolve() },
    digest: (text) => text,
    corsOrigins: [],
    trustProxy: 0,
    log: specLog,
    ...more,
  })
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => closeServer(server) }
}
