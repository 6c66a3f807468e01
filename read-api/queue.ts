import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'

/**
 * Jobs with their place: how many of those that wait come before it or are it, by the order in which they are given out. Those of one `lane` (an SQL expression) wait for
 * each other, lanes take turns, each with its oldest; `first` is an expression by which, within a lane, some go before others. Null for a job that does not wait.
 * By when it was first asked for: one that was retried may be given out later than that says.
 */
export const placedIn =
  (readModel: 'transcode_jobs' | 'inference_jobs', { lane, first = '0' }: { lane: string; first?: string }) =>
  async <Row extends { id: string; status: string }>(
    database: Database,
    rows: readonly Row[],
  ): Promise<(Row & { position_in_queue: number | null })[]> => {
    const waiting = rows.filter(({ status }) => status === 'queued').map(({ id }) => id)
    const turns = queryBuilder(readModel)
      .where({ status: 'queued' })
      .select(
        ...['id', 'requested_at'],
        queryBuilder.raw(`row_number() over (partition by ${lane} order by ${first}, requested_at, id) as turn`),
      )
      .as('turns')
    const order = queryBuilder
      .select('id', queryBuilder.raw('row_number() over (order by turn, requested_at, id) as place'))
      .from(turns)
      .as('queue')
    const places = queryBuilder.select('id', 'place').from(order).whereIn('id', waiting)
    const found = waiting.length > 0 ? await rowsOf<{ id: string; place: number }>(database, places) : []
    const placeOf = new Map(found.map(({ id, place }) => [id, place]))
    return rows.map((row) => ({ ...row, position_in_queue: placeOf.get(row.id) ?? null }))
  }
