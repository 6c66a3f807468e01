import type { Client } from 'pg'
import { projectionChanges } from '../../ops/platform/channels.ts'

const lockTimeoutMs = 200

/** Whether a swap failed only because somebody is reading for long: it can be tried again. */
export const isWaitedFor = (error: unknown) => (error as { code?: string }).code === '55P03'

/**
 * Lets the view that readers know show this version, in one short transaction: a reader sees the one or the other, and waits no
 * longer than the lock time-out. Returns the version shown before. Throws where the version is not one that the live group follows, and what
 * `isWaitedFor` knows.
 */
export async function promote(client: Client, name: string, version: number): Promise<number | undefined> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = ${lockTimeoutMs}`)
    const before = await swap(client, name, version)
    await client.query(`notify ${projectionChanges}`)
    await client.query('commit')
    return before
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function swap(client: Client, name: string, version: number): Promise<number | undefined> {
  const { rows } = await client.query<{ version: number; state: string; serving: boolean }>(
    'select version, state, serving from projections where name = $1 for update',
    [name],
  )
  const wanted = rows.find((row) => row.version === version)
  if (wanted?.state !== 'live')
    throw new Error(`Version ${version} of ${name} is ${wanted?.state ?? 'not there'}, and cannot be shown`)
  await client.query(`drop view if exists ${name}`)
  await client.query(`create view ${name} as select * from ${name}_v${version}`)
  await client.query('update projections set serving = false where name = $1 and serving', [name])
  await client.query('update projections set serving = true, updated_at = now() where name = $1 and version = $2', [
    name,
    version,
  ])
  return rows.find(({ serving }) => serving)?.version
}
