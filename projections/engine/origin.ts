import type { Client } from 'pg'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { StreamGone } from '../../ops/platform/eventStoreErrors.ts'
import type { Place } from './apply.ts'
import { placeIn, type Version } from './versions.ts'

/** So many of the newest events that are known of are looked for when the one at the place is gone. */
const witnesses = 32

/**
 * Whether this log has at the place the event that was seen there. One that is gone may have been deleted and scavenged, or this log may never
 * have had it: then the newest events before it that `resource_events` knows of must be where they were, as far as they are there.
 */
export async function isOfThisLog(client: Client, store: EventStore, { position, eventId }: Place): Promise<boolean> {
  if (position === undefined || eventId === undefined) return true
  const found = await store.eventAt(position)
  if (found === 'beyond') return false
  return found === 'gone' ? isWitnessed(client, store, position) : found.id === eventId
}

async function isWitnessed(client: Client, store: EventStore, position: bigint): Promise<boolean> {
  const known = await client.query<{ there: boolean }>(`select to_regclass('resource_events') is not null as there`)
  if (!known.rows[0]!.there) return true
  const { rows } = await client.query<{ stream: string; revision: number; position: string }>(
    `select distinct stream, revision, position from resource_events where position <= $1::numeric order by position desc limit $2`,
    [String(position), witnesses],
  )
  for (const { stream, revision, position } of rows) {
    const [event] = await store.read(stream, { from: revision, max: 1, unreadable: 'too' }).catch((error: unknown) => {
      if (error instanceof StreamGone) return []
      throw error
    })
    if (event?.revision === revision) return event.position === BigInt(position)
  }
  // Not one of them: nobody deletes that much.
  return rows.length === 0
}

/** Whether all that is known of where read models stand is known of this log. */
export async function areOfThisLog(client: Client, store: EventStore): Promise<boolean> {
  const { rows } = await client.query<Pick<Version, 'position' | 'event_id'>>(
    `select position, event_id from projection_groups where name = 'live' and event_id is not null
     union select position, event_id from projections where event_id is not null`,
  )
  for (const row of rows) if (!(await isOfThisLog(client, store, placeIn(row)))) return false
  return true
}
