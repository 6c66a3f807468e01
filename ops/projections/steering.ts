import { setTimeout as delay } from 'node:timers/promises'
import { drop, pause, promote, rollBack, skip, tryAgain } from '../../commands/projections.ts'
import { systemIntent } from '../../commands/http.ts'
import { personalFields } from '../../domain/events.ts'
import { isWanted } from '../../projections/all.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import { connectDatabase, type Database } from '../platform/database.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import type { EventStore } from '../platform/eventStore.ts'

const shownWithinMs = 15_000

interface Open {
  store: EventStore
  database: Database
  now: () => string
}

/** The log and the read models for one command. */
export async function opened(config: Config, act: (open: Open) => Promise<void>): Promise<void> {
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields })
  const database = connectDatabase({ url: config.DATABASE_URL, maxConnections: 2, onError: () => undefined })
  try {
    await act({ store, database, now: () => new Date().toISOString() })
  } finally {
    await database.end()
    await store.close()
  }
}

/** Whoever may run this command is the operator of the machine. */
const intent = (name: string) => systemIntent('operator', name, new Date().toISOString())

export const promoteTo = (config: Config, name: string, version: number | undefined) =>
  opened(config, async (open) => {
    const outcome = await promote(open, name, version, intent(name))
    await shown(open.database, name, outcome.version)
  })

export const rollBackTo = (config: Config, name: string) =>
  opened(config, async (open) => {
    const outcome = await rollBack(open, name, intent(name))
    await shown(open.database, name, outcome.version)
  })

export const skipEvent = (config: Config, name: string, what: { position: string; reason: string }) =>
  opened(config, async (open) => {
    await skip(open, name, what, intent(name))
    console.log(`${name} passes over the event at position ${what.position}`)
  })

export const pauseIt = (config: Config, name: string, reason: string | undefined) =>
  opened(config, async (open) => {
    const version = await pause(open, name, reason)
    console.log(`version ${version} of ${name} is paused`)
  })

export const resumeIt = (config: Config, name: string) =>
  opened(config, async (open) => {
    await tryAgain(open, name)
    console.log(`${name} is tried again`)
  })

/** The running leader carries out what was decided. */
async function shown(database: Database, name: string, version: number): Promise<void> {
  for (const until = Date.now() + shownWithinMs; Date.now() < until; await delay(50)) {
    const { rows } = await database.query<{ version: number }>(
      'select version from projections where name = $1 and serving',
      [name],
    )
    if (rows[0]?.version === version) return console.log(`${name} shows version ${version}`)
  }
  console.log(`${name} will show version ${version} once the projections run again: it is decided`)
}

export const dropIt = (config: Config, name: string, version: number) =>
  opened(config, async (open) => {
    await drop(open, name, version, isWanted)
    console.log(`version ${version} of ${name} is gone; its fold can go from projections/retired/`)
  })
