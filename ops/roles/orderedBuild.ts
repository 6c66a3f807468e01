import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { personalFields } from '../../domain/events.ts'
import { build } from '../../projections/engine/build.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { createLog } from '../platform/log.ts'

/** What the owner writes to stdin, in a line: no list of processes shows it there. The end of stdin is the end of the owner. */
export interface BuildOrder {
  databaseUrl: string
  eventStoreUrl: string
  secret: string
  previousSecret?: string | undefined
  logLevel: string
  versions: readonly string[]
}

/**
 * The work of a process that builds read models beside the one that serves: carries out one order and ends, with 1 when it could not go on; it
 * is begun again. `known` is everything that the release of its owner can fold.
 */
export async function buildToOrder(known: readonly AnyProjection[]): Promise<never> {
  // What is finished is committed, and the rest is as if it had never begun: there is nothing to wait for.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  const lines = createInterface(process.stdin)
  lines.on('close', () => process.exit(1))
  const [line] = (await once(lines, 'line')) as [string]
  const { databaseUrl, eventStoreUrl, secret, previousSecret, logLevel, versions } = JSON.parse(line) as BuildOrder
  const log = createLog(logLevel)
  const store = connectEventStore({ url: eventStoreUrl, secret, previousSecret, personalFields })
  try {
    await build({
      databaseUrl,
      store,
      read: () =>
        store.readFast(undefined, (why) => log.info({ why: why.message }, 'reading the log by the official client')),
      projections: known,
      versions,
      log,
      signal: new AbortController().signal,
    })
  } catch (error) {
    log.error({ error }, 'a build ended')
    process.exitCode = 1
  } finally {
    await store.close()
    process.exit()
  }
}
