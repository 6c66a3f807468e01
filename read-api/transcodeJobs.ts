import type { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { Id, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { TranscodeJob } from '../ops/platform/shapes.ts'
import type { TranscodeJobRow } from '../projections/transcodeJobs.ts'
import { type HistoryDeps, historyRoute } from './history.ts'
import { matching, one, page, pageOf, pageQuery } from './page.ts'

const path = '/api/v1/transcode-jobs'
const permission = 'transcode-job:read'
const reads = ['transcode_jobs']
const visible = (facility: string | undefined) =>
  queryBuilder('transcode_jobs').modify((query) => facility && void query.where({ facility_id: facility }))

const Query = pageQuery('requested_at', 'finished_at').extend({
  facility_id: Uuid.optional(),
  upload_id: Uuid.optional(),
  status: TranscodeJob.shape.status.optional(),
})

/** Queued jobs know how many were asked for before them. */
async function placed(database: Database, rows: readonly TranscodeJobRow[]): Promise<object[]> {
  const waiting = rows.filter(({ status }) => status === 'queued').map(({ id }) => id)
  const order = queryBuilder('transcode_jobs')
    .where({ status: 'queued' })
    .select('id', queryBuilder.raw('row_number() over (order by requested_at, id) as place'))
    .as('queue')
  const places = waiting.length > 0 ? queryBuilder.select('id', 'place').from(order).whereIn('id', waiting) : undefined
  const found = places ? await rowsOf<{ id: string; place: number }>(database, places) : []
  const placeOf = new Map(found.map(({ id, place }) => [id, place]))
  return rows.map((row) => ({ ...row, position_in_queue: placeOf.get(row.id) ?? null }))
}

export const transcodeJobs = (deps: HistoryDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads,
    answers: { 200: pageOf(TranscodeJob) },
    run: async ({ query: { facility_id, upload_id, status, ...asked }, facility }) => {
      const filtered = matching(visible(facility), { facility_id, upload_id, status })
      const { items, ...rest } = await page<TranscodeJobRow>(deps.database, filtered, asked)
      return {
        status: 200,
        body: { ...rest, items: await placed(deps.database, items) },
      }
    },
  }),
  route<{ id: string }>({
    method: 'GET',
    path: `${path}/:id`,
    permission,
    params: Id,
    reads,
    answers: { 200: TranscodeJob, 404: ProblemDocument },
    run: async ({ params, facility }) => {
      const row = await one<TranscodeJobRow>(deps.database, visible(facility).where({ id: params.id }))
      return { status: 200, body: (await placed(deps.database, [row]))[0] }
    },
  }),
  historyRoute(deps, { path, resource: 'transcodeJob', readModel: 'transcode_jobs', permission, visible }),
]
