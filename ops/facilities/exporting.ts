import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { load } from '../../commands/handle.ts'
import { splitStream } from '../../domain/decider.ts'
import { personalFields } from '../../domain/events.ts'
import * as Settings from '../../domain/settings.ts'
import { exportEvents } from '../events/exporting.ts'
import type { Parts } from '../keeping/backingUp.ts'
import { opensItsLog } from '../keeping/logKey.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { endOfLog, readRaw } from '../platform/rawEvents.ts'
import { createSealing, fingerprintOf } from '../platform/sealing.ts'
import { bucketOf, exportObjects, keepObjects } from '../storage/copying.ts'
import { Belonging } from './belonging.ts'
import {
  eventsFile,
  type Manifest,
  objectsFolder,
  rewrapped,
  sumOfEvents,
  sumOfObjects,
  writeManifest,
} from './bundle.ts'

export interface Exported {
  facility_id: string
  lines: number
  objects: number
  /** Named by an event, and not in the store: a fault of before. */
  missing: string[]
}

/**
 * Writes all that is of one facility (see Belonging) into an empty folder, while it is served, and the key that opens it into a file of its own; both are gone again where
 * that fails.
 * @param facility its id or its code
 */
export async function exportFacility(
  config: Config,
  facility: string,
  { to, keyFile, parts }: { to: string; keyFile: string; parts: Parts },
): Promise<Exported> {
  if (config.DATA_ENCRYPTION_KEY_PREVIOUS !== undefined)
    throw new Error(
      'DATA_ENCRYPTION_KEY is being changed: run keys:rewrap first, and take DATA_ENCRYPTION_KEY_PREVIOUS out',
    )
  const client = EventStoreDBClient.connectionString(config.EVENTSTORE_URL)
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields })
  try {
    await opensItsLog(store)
    const id = await find(client, facility)
    if (id === undefined) throw new Error(`There is no facility ${facility}: name one by its id or its code`)
    const secret = randomBytes(32).toString('hex')
    await makePlaces(to, keyFile, secret)
    try {
      return await fill(to, { config, client, store, id, secret, parts })
    } catch (error) {
      for (const left of [keyFile, to]) await rm(left, { recursive: true, force: true }).catch(() => undefined)
      throw error
    }
  } finally {
    await store.close()
    await client.dispose()
  }
}

async function find(client: EventStoreDBClient, facility: string): Promise<string | undefined> {
  for await (const events of readRaw(client, undefined, { type: 'FacilityRegistered' }))
    for (const { stream, data } of events) {
      const id = splitStream(stream)[1]
      if (id === facility || (JSON.parse(data.toString()) as { code: string }).code === facility) return id
    }
  return undefined
}

async function makePlaces(folder: string, keyFile: string, secret: string): Promise<void> {
  if (`${resolve(keyFile)}${sep}`.startsWith(`${resolve(folder)}${sep}`))
    throw new Error('The key goes outside of the bundle, or whoever has one has the other')
  if (existsSync(keyFile))
    throw new Error(
      `${keyFile} is there already: name another file for the key, or remove what an export before has left`,
    )
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0)
    throw new Error(`${folder} is not empty: a bundle goes into a folder of its own`)
  await mkdir(dirname(keyFile), { recursive: true })
  await writeFile(keyFile, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
}

interface Filling {
  config: Config
  client: EventStoreDBClient
  store: EventStore
  /** Of the facility. */
  id: string
  /** Of the bundle. */
  secret: string
  parts: Parts
}

/** What is there already is copied before the log is looked at, since one object that is purged meanwhile is still named by it; what came since, after that. */
async function fill(to: string, { config, client, store, id, secret, parts }: Filling): Promise<Exported> {
  const bucket = await bucketOf(config)
  const folder = join(to, objectsFolder)
  const copied = async (keys: readonly string[]) =>
    (await parts('copying objects', (progress) => exportObjects(bucket, folder, progress, keys))).sums
  const before = await parts('looking what is its own', (progress) => survey(client, id, progress))
  const sumsBefore = await copied(before.belonging.its().objects)

  const { belonging, end } = await parts('looking what has come', (progress) => survey(client, id, progress))
  const its = belonging.its()
  const inherited = await inheritedBy(store, id)
  const found = new Map([...sumsBefore, ...(await copied(its.objects))])
  const sums = new Map(its.objects.flatMap((key) => (found.has(key) ? [[key, found.get(key)!]] : [])))
  await keepObjects(folder, sums)
  const missing = its.objects.filter((key) => !sums.has(key)).sort()

  const wrap = wrappingWith(secret, config.DATA_ENCRYPTION_KEY, belonging)
  const { lines, head } = await parts('copying events', (progress) =>
    exportEvents(config.EVENTSTORE_URL, join(to, eventsFile), progress, {
      until: end,
      taken: (event) => (its.has(event.stream) ? rewrapped(event, wrap) : undefined),
    }),
  )
  for await (const events of readRaw(client, end, { type: '$streamDeleted' }))
    if (events.some(({ position, stream }) => position > end && its.has(stream)))
      throw new Error('Somebody of this facility was erased meanwhile: run it again')
  const manifest = {
    ...{ format: 'xylolabs-facility-1' as const, facility_id: id, taken_at: new Date().toISOString(), lines, head },
    ...{
      events: await sumOfEvents(to),
      objects: await sumOfObjects(to),
      key: fingerprintOf(secret),
      inherited,
      missing,
    },
  }
  await writeManifest(to, manifest, secret)
  return { facility_id: id, lines, objects: sums.size, missing }
}

async function inheritedBy(store: EventStore, facility_id: string): Promise<Manifest['inherited']> {
  const { state: own } = await load(store, Settings, facility_id)
  const { state: system } = await load(store, Settings, 'system')
  return Object.fromEntries(Object.entries(system).filter(([key]) => !(key in own)))
}

async function survey(client: EventStoreDBClient, id: string, onProgress: (done: number, total: number) => void) {
  const end = (await endOfLog(client)) ?? 0n
  const belonging = new Belonging(id)
  for await (const events of readRaw(client, undefined)) {
    for (const event of events) if (event.position <= end) belonging.add(event)
    const { position } = events.at(-1)!
    onProgress(Number(position), Number(end))
    if (position >= end) break
  }
  return { belonging, end }
}

/** One key a stream, however often it was wrapped: what opens today stands for what no longer does. */
function wrappingWith(secret: string, previousSecret: string, belonging: Belonging) {
  const sealing = createSealing({ secret, previousSecret }, () => Promise.resolve(undefined))
  const anew = new Map<string, string | undefined>()
  return (stream: string): string | undefined => {
    const wrapped = belonging.wrapped(stream)
    if (wrapped === undefined) return undefined
    if (!anew.has(stream)) anew.set(stream, sealing.rewrapped(wrapped))
    return anew.get(stream)
  }
}
