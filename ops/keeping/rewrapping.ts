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
    for (const [stream, { wrapped }] of people) known(stream, () => store.sealing.rewrapped(wrapped))
    const total = people.size + servers.size + 1
    const limit = pLimit(atOnce)
    let done = 0
    const each = (act: () => Promise<boolean>) => limit(() => act().finally(() => onProgress(++done, total)))
    const keys = await Promise.all([...people].map(([stream, key]) => each(() => rewrapOne(store, stream, key))))
    const tokens = await Promise.all([...servers].map((id) => each(() => resealOne(store, id))))
    // Last: by this one a start knows whether it can do without the previous key.
    keys.push(await each(() => rewrapNames(store)))
    await scavenge(config.EVENTSTORE_URL)
    return { keys: keys.filter(Boolean).length, tokens: tokens.filter(Boolean).length }
  } finally {
    await store.close()
    await client.dispose()
  }
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

async function rewrapNames(store: EventStore): Promise<boolean> {
  const { state } = await load(store, NameKey, 'system')
  if (state.status === 'unknown') return false
  const stream = streamOf(NameKey, 'system')
  const anew = known(stream, () => store.sealing.rewrapped(state.wrapped))
  if (anew === undefined) return false
  await handle(store, NameKey, 'system', NameKey.rewrap({ wrapped: anew, rewrapped_at: now() }), intent(stream, anew))
  return true
}

async function resealOne(store: EventStore, id: string): Promise<boolean> {
  const { state } = await load(store, GpuServer, id)
  if (state.status === 'unknown' || state.status === 'removed' || state.sealed_token === '') return false
  const stream = streamOf(GpuServer, id)
  const anew = known(stream, () => store.sealing.resealed(stream, state.sealed_token))
  if (anew === undefined) return false
  await handle(store, GpuServer, id, GpuServer.change({ sealed_token: anew, changed_at: now() }), intent(stream, anew))
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
