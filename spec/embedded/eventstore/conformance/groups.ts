import {
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from '@eventstore/db-client'
import type { EventStoreDBClient, Filter, PersistentSubscriptionToStreamSettings } from '@eventstore/db-client'
import { expect } from 'chai'
import { eventually } from '../../../eventually.ts'
import { events } from '../running.ts'
import { Consuming } from './consuming.ts'
import { fresh, storeUnderTest } from './store.ts'

export type Settings = Parameters<typeof persistentSubscriptionToStreamSettingsFromDefaults>[0]
export type AllSettings = Parameters<typeof persistentSubscriptionToAllSettingsFromDefaults>[0]

/** What the real server is not asked: that it does just the same there is not promised. */
export const embeddedOnly = process.env['EVENTSTORE_TEST_URL'] ? it.skip : it

export const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

export class GroupUnderTest {
  readonly stream: string
  readonly name: string
  readonly settings: PersistentSubscriptionToStreamSettings
  readonly #client: EventStoreDBClient
  readonly #joined: Consuming[]

  constructor(
    client: EventStoreDBClient,
    joined: Consuming[],
    called: { stream: string; name: string; settings: PersistentSubscriptionToStreamSettings },
  ) {
    this.#client = client
    this.#joined = joined
    this.stream = called.stream
    this.name = called.name
    this.settings = called.settings
  }

  get checkpoints() {
    return `$persistentsubscription-${this.stream}::${this.name}-checkpoint`
  }

  get parked() {
    return `$persistentsubscription-${this.stream}::${this.name}-parked`
  }

  subscription(bufferSize = 10) {
    return this.#client.subscribeToPersistentSubscriptionToStream(this.stream, this.name, { bufferSize })
  }

  async join(bufferSize = 10) {
    const consuming = await Consuming.join(this.subscription(bufferSize))
    this.#joined.push(consuming)
    return consuming
  }

  async acknowledging(bufferSize = 10) {
    const consuming = await Consuming.acknowledging(this.subscription(bufferSize))
    this.#joined.push(consuming)
    return consuming
  }

  append(count: number) {
    return this.#client.appendToStream(this.stream, events(count))
  }

  info() {
    return this.#client.getPersistentSubscriptionToStreamInfo(this.stream, this.name)
  }

  /** Waits until the server says so. */
  async says(expected: Record<string, unknown>) {
    await eventually(async () => expect((await this.info()).stats).to.include(expected))
  }

  async checkpointed(revision: number) {
    await this.says({ lastCheckpointedEventRevision: BigInt(revision) })
  }

  update(changes: Settings) {
    const { stream, name, settings } = this
    return this.#client.updatePersistentSubscriptionToStream(stream, name, { ...settings, ...changes })
  }

  remove() {
    return this.#client.deletePersistentSubscriptionToStream(this.stream, this.name)
  }

  replay(stopAt?: number) {
    const options = stopAt === undefined ? {} : { stopAt }
    return this.#client.replayParkedMessagesToStream(this.stream, this.name, options)
  }
}

/** To be called in a `describe`: a store, and groups on it. Who joined one leaves when a spec is over. */
export function groupsUnderTest() {
  const store = storeUnderTest()
  const joined: Consuming[] = []
  afterEach(() => Promise.all(joined.splice(0).map((consuming) => consuming.leave())))

  const groupCalled = (stream: string, name: string, settings: PersistentSubscriptionToStreamSettings) =>
    new GroupUnderTest(store.client, joined, { stream, name, settings })
  /** A group on a new stream that holds so many events. */
  async function groupOn(count: number, settings: Settings = {}) {
    const stream = fresh()
    if (count > 0) await store.client.appendToStream(stream, events(count))
    return group(stream, settings)
  }
  async function group(stream: string, settings: Settings = {}) {
    const name = fresh('group')
    const full = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings })
    await store.client.createPersistentSubscriptionToStream(stream, name, full)
    return groupCalled(stream, name, full)
  }
  async function groupOnAll(settings: AllSettings, filter?: Filter) {
    const name = fresh('group')
    const full = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START, ...settings })
    await store.client.createPersistentSubscriptionToAll(name, full, filter ? { filter } : {})
    return name
  }
  async function joinAll(name: string, bufferSize = 10) {
    const consuming = await Consuming.join(store.client.subscribeToPersistentSubscriptionToAll(name, { bufferSize }))
    joined.push(consuming)
    return consuming
  }
  async function acknowledgingAll(name: string) {
    const consuming = await Consuming.acknowledging(store.client.subscribeToPersistentSubscriptionToAll(name))
    joined.push(consuming)
    return consuming
  }

  return { store, joined, groupCalled, groupOn, group, groupOnAll, joinAll, acknowledgingAll }
}
