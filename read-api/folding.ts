import { type Database, queryBuilder } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { Problem } from '../ops/platform/route.ts'
import type { Freshness } from './freshness.ts'
import { one } from './page.ts'
import { retryLater } from './resourceEvents.ts'

export type Fields = Record<string, unknown> | null

export interface Change {
  before: Fields
  after: Fields
}

/** How one version of a read model is made of events. */
export interface Folding {
  /** Has the columns that the folded rows have. */
  table: string
  /** Whether an operator has the event at this position passed over. */
  isSkipped: (position: bigint) => boolean
  /** The row before and after each of these events, oldest first. Throws where an event cannot be folded. */
  fold: (id: string, events: readonly Recorded[]) => readonly Change[]
}

/** What the reads of a single resource and of its history need. */
export interface ResourceDeps {
  database: Database
  store: EventStore
  freshness: Freshness
  /** By the projection's own fold; undefined for a version that this release does not have. */
  foldingOf: (readModel: string, version: number) => Promise<Folding | undefined>
}

/** The folding of the version that readers see. */
export async function shownFolding(
  { database, foldingOf }: ResourceDeps,
  readModel: string,
): Promise<Folding & { readModel: string }> {
  const shown = queryBuilder('projections').where({ name: readModel, serving: true }).select('version')
  const { version } = await one<{ version: number }>(database, shown)
  const folding = await foldingOf(readModel, version)
  if (!folding)
    throw new Problem('read_model_behind', `This release cannot fold version ${version} of ${readModel}`, {
      headers: retryLater,
    })
  return { ...folding, readModel }
}

/** What each of these events did to the row; a 503 problem that names the event that cannot be folded. */
export function changesOf(
  folding: Folding & { readModel: string },
  id: string,
  events: readonly Recorded[],
): readonly Change[] {
  const upTo = (count: number) => folding.fold(id, events.slice(0, count))
  try {
    return upTo(events.length)
  } catch {
    throw cannotFold(
      folding.readModel,
      events.find((_, i) => fails(() => upTo(i + 1))),
    )
  }
}

/** As for one who reads after a write: somebody has to see to the read model first. */
export const cannotFold = (readModel: string, event?: Recorded) =>
  new Problem(
    'read_model_behind',
    `The read model ${readModel} cannot hold ${event ? `${event.type}, revision ${event.revision} of ${event.stream}` : 'what these events say'}; see its status`,
    { headers: retryLater },
  )

function fails(act: () => unknown): boolean {
  try {
    act()
    return false
  } catch {
    return true
  }
}
