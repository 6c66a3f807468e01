import { once } from 'node:events'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { personalFields } from '../../domain/events.ts'
import { projections } from '../../projections/all.ts'
import { build } from '../../projections/engine/build.ts'
import { retired } from '../../projections/retired/all.ts'
import { connectEventStore } from '../platform/eventStore.ts'
import { createLog } from '../platform/log.ts'

/** What the owner writes to stdin, in a line: no list of processes shows it there. The end of stdin is the end of the owner. */
export interface BuildOrder {
  databaseUrl: string
  eventStoreUrl: string
  secret: string
  logLevel: string
  versions: readonly string[]
}

// A core is taken from nobody who serves.
const niceness = 10

// The process that builds read models beside the one that serves. Ends with 1 when it could not go on: it is begun again.
setPriority(niceness)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
const lines = createInterface(process.stdin)
lines.on('close', () => process.exit(1))
const [line] = (await once(lines, 'line')) as [string]
const { databaseUrl, eventStoreUrl, secret, logLevel, versions } = JSON.parse(line) as BuildOrder
const log = createLog(logLevel)
const store = connectEventStore({ url: eventStoreUrl, secret, personalFields })
try {
  await build({
    databaseUrl,
    store,
    read: () =>
      store.readFast(undefined, (why) => log.info({ why: why.message }, 'reading the log by the official client')),
    projections: [...projections, ...retired],
    versions,
    log,
    signal: stopping.signal,
  })
} catch (error) {
  if (!stopping.signal.aborted) log.error({ error }, 'a build ended')
  process.exitCode = 1
} finally {
  await store.close()
  process.exit()
}
