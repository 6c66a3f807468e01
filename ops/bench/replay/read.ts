import { personalFields } from '../../../domain/events.ts'
import { EventStoreDBClient } from '@eventstore/db-client'
import { connectEventStore } from '../../platform/eventStoreClient.ts'
import { attachedConfig } from '../../roles/environment.ts'

// Reads the whole log of a running installation and does nothing with it: `read.ts DATA_DIR client|bulk`. `client` is the official one alone;
// `bulk` the reader of a rebuild, personal fields opened.
const [dataDir = '', reader = ''] = process.argv.slice(2)
const config = attachedConfig({ DATA_DIR: dataDir })!
const began = performance.now()
let events = 0
if (reader === 'client') {
  const client = EventStoreDBClient.connectionString(config.EVENTSTORE_URL)
  for await (const { event } of client.readAll()) if (event) events++
  await client.dispose()
} else {
  const store = connectEventStore({ url: config.EVENTSTORE_URL, secret: config.DATA_ENCRYPTION_KEY, personalFields })
  for await (const batch of store.readFast(undefined, (why) => {
    throw why
  }))
    events += batch.length
  await store.close()
}
process.stdout.write(`${JSON.stringify({ ms: performance.now() - began, events })}\n`)
process.exit()
