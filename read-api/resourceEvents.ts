import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { Problem } from '../ops/platform/route.ts'
import { timeOf } from '../ops/platform/eventTime.ts'

/** Where an event of a resource is. */
export interface Place {
  stream: string
  revision: number
  position: bigint
}

/** Those of which nothing but their own stream tells: `resource_events` need not know them. */
const alone: ReadonlySet<string> = new Set(['gpuServer'])

/** Of whichever stream, oldest first; as far as `resource_events` has been followed, and no further than `upTo`, an event of its own stream. */
export async function placesOf(
  { database, store }: { database: Database; store: EventStore },
  resource: string,
  id: string,
  upTo?: Place,
): Promise<Place[]> {
  if (alone.has(resource)) return store.read(`${resource}-${id}`, upTo && { max: upTo.revision + 1 })
  const known = await rowsOf<Omit<Place, 'position'> & { position: string }>(
    database,
    queryBuilder('resource_events')
      .where({ resource, id })
      .andWhere((those) => upTo && those.where('position', '<=', String(upTo.position)))
      .orderBy('position')
      .select('stream', 'revision', 'position'),
  )
  return known.map((one) => ({ ...one, position: BigInt(one.position) }))
}

/** The events at these places, and no other: a 503 problem where one of them cannot be unsealed. */
export async function eventsAt(store: EventStore, places: readonly Place[]): Promise<Recorded[]> {
  const read = await Promise.all(runsOf(places).map(({ stream, ...part }) => readable(store.read(stream, part))))
  const found = new Map(read.flat().map((event) => [keyOf(event), event]))
  return places.flatMap((one) => found.get(keyOf(one)) ?? [])
}

const keyOf = ({ stream, revision }: { stream: string; revision: number }) => `${revision}@${stream}`

/** Neighbours within a stream, to be read in one go. */
function runsOf(places: readonly Place[]): { stream: string; from: number; max: number }[] {
  const runs: { stream: string; from: number; max: number }[] = []
  const last = new Map<string, (typeof runs)[number]>()
  for (const { stream, revision } of places) {
    const run = last.get(stream)
    if (run && run.from + run.max === revision) run.max++
    else {
      const next = { stream, from: revision, max: 1 }
      runs.push(next)
      last.set(stream, next)
    }
  }
  return runs
}

/** The store has one error for an event whose personal fields do not open, and says there which event it is. */
async function readable(reading: Promise<Recorded[]>): Promise<Recorded[]> {
  try {
    return await reading
  } catch (error) {
    const { message } = error as Error
    if (/cannot be unsealed$/.test(message)) throw new Problem('read_model_behind', message, { headers: retryLater })
    throw error
  }
}

/** Until somebody mends or skips what a read model stops at. */
export const retryLater = { 'Retry-After': '5' }

/** When these events of one resource happened, by themselves (ISO text); one that does not say: with the one before it. */
export function timesOf(events: readonly Recorded[]): (string | undefined)[] {
  let last: string | undefined
  return events.map(({ data }) => (last = timeOf(data) ?? last))
}
