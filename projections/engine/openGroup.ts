import type { Client } from 'pg'
import { positions } from '../../ops/platform/channels.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import type { Log } from '../../ops/platform/log.ts'
import type { Checkpoint, Place } from './apply.ts'
import { isNear } from './catchUp.ts'
import { areOfThisLog } from './origin.ts'
import { placeIn, type Version } from './versions.ts'

const groupName = 'live'

interface Options {
  store: EventStore
  followedFromStart?: bigint
  log: Log
}

/**
 * Where the group stands. With nothing applied yet and much to apply it begins at the end of the log, and leaves the rest to a build; so it does when
 * what was applied is of another log.
 */
export async function openGroup(client: Client, { store, followedFromStart, log }: Options): Promise<Checkpoint> {
  await client.query('insert into projection_groups (name) values ($1) on conflict do nothing', [groupName])
  const { rows } = await client.query<Pick<Version, 'position' | 'event_id'>>(
    'select position, event_id from projection_groups where name = $1',
    [groupName],
  )
  const place = placeIn(rows[0]!)
  const checkpoint = { table: 'projection_groups', name: groupName } as const
  if (!(await areOfThisLog(client, store))) {
    log.error(
      { position: String(place.position), event: place.eventId },
      'the read models were made from another log than this one, or from more of it than there is: all are built again',
    )
    return { ...checkpoint, ...(await startOver(client, store, await store.head())) }
  }
  if (place.position !== undefined) return { ...checkpoint, ...place }
  const head = await store.head()
  if (isNear(undefined, head, followedFromStart)) return { ...checkpoint, ...place }
  log.info({ position: String(head) }, 'nothing is applied yet of a long log: all read models are built from it')
  return { ...checkpoint, ...(await startOver(client, store, head)) }
}

/**
 * The group begins at the end of the log, and every version is to be built up to there: all of it or nothing. Readers are told that no read
 * model is followed; what is still shown goes before its build begins. Returns where the group stands.
 */
async function startOver(client: Client, store: EventStore, head: bigint | undefined): Promise<Place> {
  const found = head === undefined ? 'beyond' : await store.eventAt(head)
  const eventId = typeof found === 'string' ? undefined : found.id
  const position = head?.toString() ?? null
  await client.query('begin')
  try {
    await client.query(
      `update projection_groups set position = $1::numeric, event_id = $2::uuid, updated_at = now() where name = 'live'`,
      [position, eventId ?? null],
    )
    const { rows } = await client.query<{ name: string; serving: boolean }>(
      `update projections set state = 'building', position = null, event_id = null, expected = null, error = null, progress = null,
              updated_at = now()
       returning name, serving`,
    )
    const stopped = rows.filter(({ serving }) => serving).map(({ name }) => name)
    await client.query('select pg_notify($1, $2)', [positions, JSON.stringify({ position, stopped })])
    await client.query('commit')
    return { position: head, eventId }
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
