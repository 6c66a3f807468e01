import { personalFields } from '../domain/events.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { connectEventStore } from '../ops/platform/eventStoreClient.ts'
import { RunningStore } from './embedded/eventstore/running.ts'

/** An event store for each spec of a suite, and what so many instances hold of it: `stores` is filled before each. */
export function instances(count: number): { stores: EventStore[] } {
  const held = { stores: [] as EventStore[] }
  let server: RunningStore
  beforeEach(async () => {
    server = await RunningStore.start()
    const url = `esdb://127.0.0.1:${server.port}?tls=false`
    const secret = 'of the spec, long enough to be one'
    held.stores = Array.from({ length: count }, () => connectEventStore({ url, secret, personalFields }))
  })
  afterEach(async () => {
    await Promise.all(held.stores.map((store) => store.close()))
    await server.remove()
  })
  return held
}
