import { personalFields } from '../../../domain/events.ts'
import { projections } from '../../../projections/all.ts'
import { build } from '../../../projections/engine/build.ts'
import { connectAlone } from '../../platform/database.ts'
import { connectEventStore } from '../../platform/eventStoreClient.ts'
import { createLog } from '../../platform/log.ts'
import { attachedConfig } from '../../roles/environment.ts'

// Builds every read model of a running installation anew, as the child process of a leader does it: `rebuild.ts DATA_DIR client|bulk`.
// Nothing else may follow the log meanwhile.
const [dataDir = '', reader = ''] = process.argv.slice(2)
const config = attachedConfig({ DATA_DIR: dataDir })!
const client = await connectAlone(config.DATABASE_URL, () => undefined)
await client.query('truncate projections, projection_groups')
for (const { name, version } of projections) {
  await client.query(`truncate ${name}_v${version}`)
  await client.query(`insert into projections (name, version, state) values ($1, $2, 'building')`, [name, version])
}
await client.query('checkpoint')

const store = connectEventStore({ url: config.EVENTSTORE_URL, secret: config.DATA_ENCRYPTION_KEY, personalFields })
const began = performance.now()
await build({
  databaseUrl: config.DATABASE_URL,
  store,
  read: () =>
    reader === 'client'
      ? store.readAll(undefined)
      : store.readFast(undefined, (why) => {
          throw why
        }),
  projections,
  versions: projections.map(({ name, version }) => `${name}@${version}`),
  log: createLog('warn'),
  signal: new AbortController().signal,
})
const marks = performance.getEntriesByType('mark')
const at = (name: string) => marks.find((mark) => mark.name === name)!.startTime
const checkpointed = performance.now()
await client.query('checkpoint')
const durableMs = performance.now() - checkpointed
await client.end()
await store.close()
process.stdout.write(
  `${JSON.stringify({
    buildMs: at('built') - began + durableMs,
    verifyMs: at('verified') - at('built'),
    peakMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
  })}\n`,
)
