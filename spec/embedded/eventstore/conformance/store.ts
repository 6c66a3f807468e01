import { randomUUID } from 'node:crypto'
import { EventStoreDBClient } from '@eventstore/db-client'
import type {
  AllStreamRecordedEvent,
  AppendToStreamOptions,
  Position,
  ReadStreamOptions,
  ResolvedEvent,
} from '@eventstore/db-client'
import { collect, events, RunningStore } from '../running.ts'

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

  async read(stream: string, options: ReadStreamOptions = {}): Promise<ResolvedEvent[]> {
    return collect(this.client.readStream(stream, options))
  }

  /** The revisions that a read of the stream gives. */
  async revisions(stream: string, options: ReadStreamOptions = {}): Promise<number[]> {
    return (await this.read(stream, options)).map(({ event }) => Number(event!.revision))
  }

  /** The ids that a read of the stream gives, or the type of its error. */
  async seen(stream: string, options: ReadStreamOptions = {}): Promise<string[] | string> {
    try {
      return idsOf(await this.read(stream, options))
    } catch (error) {
      return (error as { type: string }).type
    }
  }

  /** A position: of an event written just now, to a stream of its own. */
  async mark(): Promise<Position> {
    return (await this.client.appendToStream(fresh('mark'), events(1))).position!
  }

  /** The events of $all from this position on whose streams carry the tag: others may write to the store as well. */
  async since(fromPosition: Position, tag: string): Promise<AllStreamRecordedEvent[]> {
    const found: AllStreamRecordedEvent[] = []
    for await (const { event } of this.client.readAll({ fromPosition }))
      if (event?.streamId.includes(tag)) found.push(event)
    return found
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

/** The client takes the classic Append for calls with credentials of their own, BatchAppend for all others. */
export const PATHS: Record<string, AppendToStreamOptions> = {
  BatchAppend: {},
  Append: { credentials: { username: 'u', password: 'p' } },
}

export const idsOf = (list: readonly { event?: { id: string }; id?: string }[]): string[] =>
  list.map((each) => each.event?.id ?? each.id!)

/** Takes from a subscription until `last` says so, that one too; then unsubscribes. */
export async function until<T>(
  subscription: AsyncIterable<T> & { unsubscribe(): Promise<void> },
  last: (item: T, taken: T[]) => boolean,
): Promise<T[]> {
  const taken: T[] = []
  for await (const item of subscription) {
    taken.push(item)
    if (!last(item, taken)) continue
    await subscription.unsubscribe()
    return taken
  }
  throw new Error(`The subscription ended after ${taken.length} events`)
}

export const ofType =
  (type: string) =>
  (item: { event?: { type: string } }): boolean =>
    item.event?.type === type
