import { randomUUID } from 'node:crypto'
import { EventStoreDBClient } from '@eventstore/db-client'
import { RunningStore } from '../running.ts'

/**
 * The store that a conformance suite is about: the one at EVENTSTORE_TEST_URL (`esdb://…`), which may be a real EventStoreDB
 * and may hold anything already, else an embedded one started for this suite. Nothing here may rely on more than the protocol.
 */
export class StoreUnderTest {
  client!: EventStoreDBClient
  /** The connection string, for clients of another kind. */
  url!: string
  #embedded: RunningStore | undefined

  async start(): Promise<void> {
    const given = process.env['EVENTSTORE_TEST_URL']
    if (!given) this.#embedded = await RunningStore.start()
    this.url = given ?? `esdb://127.0.0.1:${this.#embedded!.port}?tls=false`
    this.client = this.#embedded?.client ?? EventStoreDBClient.connectionString(this.url)
  }

  async stop(): Promise<void> {
    if (this.#embedded) await this.#embedded.remove()
    else await this.client.dispose()
  }
}

/** To be called in a `describe`: the store runs from its `before` to its `after`. */
export function storeUnderTest(): StoreUnderTest {
  const store = new StoreUnderTest()
  before(() => store.start())
  after(() => store.stop())
  return store
}

/** The name of a stream that nobody wrote to before. */
export const fresh = (what = 'stream'): string => `${what}-${randomUUID()}`
