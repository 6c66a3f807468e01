import { EventStoreDBClient } from '@eventstore/db-client'
import pLimit from 'p-limit'
import { handle, load } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { splitStream, streamOf } from '../../domain/decider.ts'
import { personalFields } from '../../domain/events.ts'
import * as GpuServer from '../../domain/gpuServer.ts'
import * as NameKey from '../../domain/nameKey.ts'
import * as UserKey from '../../domain/userKey.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { StreamGone } from '../platform/eventStoreErrors.ts'
import { type RawEvent, readRaw } from '../platform/rawEvents.ts'
import { scavenge } from '../platform/scavenge.ts'

/** How many are under the new DATA_ENCRYPTION_KEY only now. */
export interface Rewrapped {
  keys: number
  tokens: number
}

const atOnce = 16
const intent = (stream: string, box: string) => systemIntent('rewrap-keys', stream, box)
const now = () => new Date().toISOString()

/**
 * Puts every key that the log holds, and every token of a GPU server, under the DATA_ENCRYPTION_KEY of today, and has the event store drop the keys of
 * people as they were before. Whatever was done already stays done: it can be broken off, and begun again. Changes nothing where a key is under
 * neither of the two that are known, and says whose it is.
 */
export async function rewrapKeys(
  config: Pick<Config, 'EVENTSTORE_URL' | 'DATA_ENCRYPTION_KEY' | 'DATA_ENCRYPTION_KEY_PREVIOUS'>,
  onProgress: (done: number, total: number) => void,
): Promise<Rewrapped> {
  const client = EventStoreDBClient.connectionString(config.EVENTSTORE_URL)
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields })
  try {
    const people = await keysOfPeople(client)
    const servers = await gpuServers(client)
    await checkAll(store, people, servers)
    const total = people.size + servers.size + 1
    const limit = pLimit(atOnce)
    let done = 0
    const each = (act: () => Promise<boolean>) => limit(() => act().finally(() => onProgress(++done, total)))
    const keys = await settled([...people].map(([stream, key]) => each(() => rewrapOne(store, stream, key))))
    const tokens = await settled([...servers].map((id) => each(() => resealOne(store, id))))
    for (const [stream, { wrapped }] of await keysOfPeople(client))
      if (store.sealing.rewrapped(wrapped) !== undefined)
        throw new Error(
          `${stream} was sealed under the former key meanwhile: start every process with the new one, and run this again`,
        )
    // Last: by this one a start knows whether it can do without the previous key.
    keys.push(await each(() => rewrapNames(store)))
    await scavenge(config.EVENTSTORE_URL)
    return { keys: keys.filter(Boolean).length, tokens: tokens.filter(Boolean).length }
  } finally {
    await store.close()
    await client.dispose()
  }
}

/** What has begun is over before anything is thrown. */
async function settled<Result>(all: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(all)
  return Promise.all(all)
}

/** Throws, whose it is, where a key or a token is under neither key. */
async function checkAll(store: EventStore, people: ReadonlyMap<string, Key>, servers: ReadonlySet<string>) {
  for (const [stream, { wrapped }] of people) known(stream, () => store.sealing.rewrapped(wrapped))
  for (const id of servers) await tokenAnew(store, id)
  await nameKeyAnew(store)
}

interface Key {
  /** As it is today. */
  wrapped: string
  /** How it was wrapped before is still in the files. */
  hasFormer: boolean
}

async function keysOfPeople(client: EventStoreDBClient): Promise<Map<string, Key>> {
  const keys = new Map<string, Key>()
  for await (const { stream, data } of eventsOf(client, 'UserKey')) {
    const { wrapped } = JSON.parse(data.toString()) as { wrapped: string }
    if (splitStream(stream)[0] === UserKey.category) keys.set(stream, { wrapped, hasFormer: keys.has(stream) })
  }
  // Of those who were erased something may still be in the files.
  for await (const { stream } of eventsOf(client, '$streamDeleted')) keys.delete(stream)
  return keys
}

async function gpuServers(client: EventStoreDBClient): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const { stream } of eventsOf(client, 'GpuServerRegistered')) ids.add(splitStream(stream)[1])
  return ids
}

async function* eventsOf(client: EventStoreDBClient, type: string): AsyncGenerator<RawEvent> {
  for await (const events of readRaw(client, undefined, { type })) yield* events
}

async function rewrapOne(store: EventStore, stream: string, { wrapped, hasFormer }: Key): Promise<boolean> {
  const anew = store.sealing.rewrapped(wrapped)
  try {
    if (anew !== undefined) {
      const decision = UserKey.rewrap({ wrapped: anew, rewrapped_at: now() })
      await handle(store, UserKey, splitStream(stream)[1], decision, intent(stream, anew))
    }
    if (anew !== undefined || hasFormer) await store.keepOnly(stream, { maxCount: 1 })
  } catch (error) {
    // Its person was erased.
    if (!(error instanceof StreamGone)) throw error
    return false
  }
  return anew !== undefined
}

async function nameKeyAnew(store: EventStore): Promise<string | undefined> {
  const { state } = await load(store, NameKey, 'system')
  if (state.status === 'unknown') return undefined
  return known(streamOf(NameKey, 'system'), () => store.sealing.rewrapped(state.wrapped))
}

async function rewrapNames(store: EventStore): Promise<boolean> {
  const anew = await nameKeyAnew(store)
  if (anew === undefined) return false
  const decision = NameKey.rewrap({ wrapped: anew, rewrapped_at: now() })
  await handle(store, NameKey, 'system', decision, intent(streamOf(NameKey, 'system'), anew))
  return true
}

/** The token as it is sealed, and as it is to be; undefined where there is nothing to do. */
async function tokenAnew(store: EventStore, id: string): Promise<{ before: string; anew: string } | undefined> {
  const { state } = await load(store, GpuServer, id)
  const before = tokenOf(state)
  if (before === '') return undefined
  const stream = streamOf(GpuServer, id)
  const anew = known(stream, () => store.sealing.resealed(stream, before))
  return anew === undefined ? undefined : { before, anew }
}

/** Empty where there is none, or no such server any more. */
const tokenOf = (state: GpuServer.State): string =>
  state.status === 'unknown' || state.status === 'removed' ? '' : state.sealed_token

async function resealOne(store: EventStore, id: string): Promise<boolean> {
  const sealed = await tokenAnew(store, id)
  if (!sealed) return false
  const { before, anew } = sealed
  const reseal = GpuServer.change({ sealed_token: anew, changed_at: now() })
  // Another token may have been given meanwhile, and with it another address.
  const unlessChanged: typeof reseal = (state) => (tokenOf(state) === before ? reseal(state) : [])
  await handle(store, GpuServer, id, unlessChanged, intent(streamOf(GpuServer, id), anew))
  return true
}

function known<Result>(stream: string, open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    throw new Error(
      `What ${stream} holds is sealed under neither DATA_ENCRYPTION_KEY nor DATA_ENCRYPTION_KEY_PREVIOUS: name the one it is under`,
      { cause: error },
    )
  }
}
