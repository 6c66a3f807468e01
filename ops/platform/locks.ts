import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { connectAlone } from './database.ts'
import type { Log } from './log.ts'
import { Problem } from './route.ts'
import { turns } from './turns.ts'

/** Locks by name, of which one process at a time holds each, however many instances there are. */
export interface Locks {
  /**
   * Waits until the lock is free, having told whoever holds it, here or elsewhere, that somebody wants it; `contended` when it is not given.
   * @param onWanted called when somebody else wants it, or when it was lost: to be let go of soon
   * @returns lets go of it
   */
  take(name: string, onWanted: () => void): Promise<() => Promise<void>>
  /** The same without waiting or telling anybody: undefined when it is held. */
  tryTake(name: string, onWanted: () => void): Promise<(() => Promise<void>) | undefined>
  close(): Promise<void>
}

const channel = 'lock_wanted'
const againMs = 50

interface Held {
  onWanted: () => void
  free: Promise<void>
}

/**
 * Postgres's advisory locks, all of them on one connection, so that a slow holder costs none of the pool. With that connection all are lost at
 * once: their holders are told as if somebody wanted them.
 * @param patienceMs how long to wait for a lock
 */
export function connectLocks({
  databaseUrl,
  log,
  signal,
  patienceMs = 20_000,
}: {
  databaseUrl: string
  log: Log
  signal: AbortSignal
  patienceMs?: number
}): Locks {
  const held = new Map<string, Held>()
  const inTurn = turns()
  /** A connection has one query at a time. */
  const ask = <Row extends pg.QueryResultRow>(client: pg.Client, text: string, values: string[]) =>
    inTurn('', () => client.query<Row>(text, values))
  let connecting: Promise<pg.Client> | undefined
  const tellAll = () => [...held.values()].forEach(({ onWanted }) => onWanted())
  signal.addEventListener('abort', tellAll, { once: true })

  function connection(): Promise<pg.Client> {
    if (connecting) return connecting
    const mine = connectAlone(databaseUrl, (error) => lost(error)).then(async (client) => {
      client.on('end', () => lost(undefined))
      client.on('notification', ({ payload = '' }) => held.get(payload)?.onWanted())
      await client.query(`listen ${channel}`)
      return client
    })
    const lost = (error: Error | undefined) => {
      if (connecting !== mine) return
      connecting = undefined
      if (error) log.warn({ error: error.message }, 'the connection that holds locks broke')
      tellAll()
    }
    mine.catch(lost)
    return (connecting = mine)
  }

  const key = `hashtextextended($1, 20261126)`

  async function tryTake(name: string, onWanted: () => void): Promise<(() => Promise<void>) | undefined> {
    if (held.has(name)) return undefined
    let letGo = () => {}
    held.set(name, { onWanted, free: new Promise((resolve) => (letGo = resolve)) })
    const forget = () => {
      held.delete(name)
      letGo()
    }
    try {
      const client = await connection()
      const { rows } = await ask<{ is_ours: boolean }>(client, `select pg_try_advisory_lock(${key}) as is_ours`, [name])
      if (!rows[0]!.is_ours) {
        forget()
        return undefined
      }
      return async () => {
        // Of a connection that is gone the server has let go by itself.
        await ask(client, `select pg_advisory_unlock(${key})`, [name]).catch(() => undefined)
        forget()
      }
    } catch (error) {
      forget()
      throw error
    }
  }

  return {
    tryTake,
    take: async (name, onWanted) => {
      for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
        const release = await tryTake(name, onWanted)
        if (release) return release
        const here = held.get(name)
        if (here) {
          here.onWanted()
          await Promise.race([here.free, delay(againMs)])
        } else {
          await ask(await connection(), 'select pg_notify($1, $2)', [channel, name])
          await delay(againMs)
        }
      }
      throw new Problem('contended', 'Somebody else is at work on this; try again')
    },
    close: async () => {
      const client = await connecting?.catch(() => undefined)
      connecting = undefined
      await client?.end()
    },
  }
}
