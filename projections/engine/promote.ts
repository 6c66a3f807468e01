import type { Client } from 'pg'
import { projectionChanges } from '../../ops/platform/channels.ts'
import { inShort, show } from './view.ts'

/**
 * Lets the view that readers know show this version, in one short transaction: a reader sees the one or the other, and waits no
 * longer than the lock time-out. Returns the version shown before. Throws where the version is not one that the live group follows, and what
 * `isWaitedFor` knows.
 */
export const promote = (client: Client, name: string, version: number): Promise<number | undefined> =>
  inShort(client, async () => {
    const before = await swap(client, name, version)
    await client.query(`notify ${projectionChanges}`)
    return before
  })

async function swap(client: Client, name: string, version: number): Promise<number | undefined> {
  const { rows } = await client.query<{ version: number; state: string; serving: boolean }>(
    'select version, state, serving from projections where name = $1 for update',
    [name],
  )
  const wanted = rows.find((row) => row.version === version)
  if (wanted?.state !== 'live')
    throw new Error(`Version ${version} of ${name} is ${wanted?.state ?? 'not there'}, and cannot be shown`)
  await show(client, name, `${name}_v${version}`)
  await client.query('update projections set serving = false where name = $1 and serving', [name])
  await client.query('update projections set serving = true, updated_at = now() where name = $1 and version = $2', [
    name,
    version,
  ])
  return rows.find(({ serving }) => serving)?.version
}
