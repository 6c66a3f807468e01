import { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
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
  facility_id: z.uuid().optional(),
  upload_id: z.uuid().optional(),
  status: TranscodeJob.shape.status.optional(),
})

/** Queued jobs know how many were asked for before them. */
async function placed(database: Database, row: TranscodeJobRow) {
  if (row.status !== 'queued') return { ...row, position_in_queue: null }
  const before = queryBuilder('transcode_jobs').where({ status: 'queued' }).where('requested_at', '<', row.requested_at)
  const [{ count }] = (await rowsOf<{ count: number }>(database, before.count({ count: '*' }))) as [{ count: number }]
  return { ...row, position_in_queue: Number(count) + 1 }
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
        body: { ...rest, items: await Promise.all(items.map((row) => placed(deps.database, row))) },
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
      return { status: 200, body: await placed(deps.database, row) }
    },
  }),
  historyRoute(deps, { path, resource: 'transcodeJob', readModel: 'transcode_jobs', permission, visible }),
]
