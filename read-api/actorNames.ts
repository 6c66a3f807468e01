import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'

export interface Actor {
  kind: string | null
  id: string | null
}

/** Who did it, by its metadata; somebody else's event may not say. */
export function actorOf({ metadata }: { metadata: Record<string, unknown> }): Actor {
  const { kind, id } = (metadata['actor'] ?? {}) as Partial<Record<keyof Actor, unknown>>
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return { kind: text(kind), id: text(id) }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The names of people and devices by now, by id; `[erased]` for who was erased, none for who is unknown.
 * @param within names only who is of this facility, or of none
 */
export async function namesOf(
  database: Database,
  actors: readonly Actor[],
  within?: string,
): Promise<ReadonlyMap<string, string>> {
  const idsOf = (wanted: string) => [
    ...new Set(actors.flatMap(({ kind, id }) => (kind === wanted && id !== null && uuid.test(id) ? [id] : []))),
  ]
  const found = await Promise.all(
    [['users', idsOf('user')] as const, ['devices', idsOf('device')] as const].map(([readModel, ids]) =>
      ids.length === 0
        ? []
        : rowsOf<{ id: string; name: string }>(
            database,
            queryBuilder(readModel)
              .whereIn('id', ids)
              .modify(
                (query) =>
                  within !== undefined &&
                  void query.where((one) => void one.where({ facility_id: within }).orWhereNull('facility_id')),
              )
              .select('id', 'name'),
          ),
    ),
  )
  return new Map(found.flat().map(({ id, name }) => [id, name]))
}

/** The system's parts are called what they are. */
export const named = ({ kind, id }: Actor, names: ReadonlyMap<string, string>) => ({
  kind,
  id,
  name: kind === 'system' ? id : (names.get(id ?? '') ?? null),
})
