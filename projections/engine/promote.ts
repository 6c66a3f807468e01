import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { projectionChanges } from '../../ops/platform/channels.ts'

const lockTimeoutMs = 200
const tries = 50

/** What stands in the way of showing a version to readers. */
export class NotReady extends Error {
  override readonly name = 'NotReady'
}

/**
 * Lets the view that readers know show this version, in one short transaction: a reader sees the one or the other, and never waits for
 * longer than the lock time-out. The version must be one that the live group follows. Returns the version shown before; the same one
 * where nothing was to do. Throws NotReady.
 */
export async function promote(client: Client, name: string, version: number): Promise<number | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await swap(client, name, version)
    } catch (error) {
      await client.query('rollback')
      if ((error as { code?: string }).code !== '55P03' || attempt === tries) throw error
      await delay(Math.min(20 * attempt, 500)) // Somebody reads it for long; let others in before trying again.
    }
  }
}

async function swap(client: Client, name: string, version: number): Promise<number | undefined> {
  await client.query('begin')
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`)
  const { rows } = await client.query<{ version: number; state: string; serving: boolean }>(
    'select version, state, serving from projections where name = $1 for update',
    [name],
  )
  const wanted = rows.find((row) => row.version === version)
  if (!wanted) throw new NotReady(`There is no version ${version} of ${name}`)
  if (wanted.state !== 'live') throw new NotReady(`Version ${version} of ${name} is ${wanted.state}, not live`)
  const before = rows.find(({ serving }) => serving)?.version
  await client.query(`drop view if exists ${name}`)
  await client.query(`create view ${name} as select * from ${name}_v${version}`)
  await client.query('update projections set serving = (version = $2), updated_at = now() where name = $1', [
    name,
    version,
  ])
  await client.query(`notify ${projectionChanges}`)
  await client.query('commit')
  return before
}
