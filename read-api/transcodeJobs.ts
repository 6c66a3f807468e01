import type { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import { type Route, route, Uuid } from '../ops/platform/route.ts'
import { TranscodeJob } from '../ops/platform/shapes/recordings.ts'
import type { TranscodeJobRow } from '../projections/transcodeJobs.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery } from './page.ts'
import { placedIn } from './queue.ts'

const path = '/api/v1/transcode-jobs'
const permission = 'transcode-job:read'
const reads = ['transcode_jobs']
const visible = (facility: string | undefined) => matching(queryBuilder('transcode_jobs'), { facility_id: facility })
const about = { path, resource: 'transcodeJob', readModel: 'transcode_jobs', permission, visible }

const Query = pageQuery('requested_at', 'finished_at').extend({
  facility_id: Uuid.optional(),
  upload_id: Uuid.optional(),
  status: TranscodeJob.shape.status.optional(),
})

const placed = placedIn('transcode_jobs', { lane: 'facility_id' })

export const transcodeJobs = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads,
    answers: { 200: pageOf(TranscodeJob) },
    run: async ({ query: { facility_id, upload_id, status, ...asked }, facility }) => {
      const filtered = matching(visible(facility), { facility_id, upload_id, status })
      const { items, ...rest } = await page<TranscodeJobRow>(deps.database, filtered, asked, ['finished_at'])
      return {
        status: 200,
        body: { ...rest, items: await placed(deps.database, items) },
      }
    },
  }),
  byIdRoute<TranscodeJobRow>(deps, {
    ...about,
    shape: TranscodeJob,
    // Where in the queue it stood then, no event of its own tells.
    shown: async (row, isPresent) =>
      isPresent ? (await placed(deps.database, [row]))[0] : { ...row, position_in_queue: null },
  }),
  historyRoute(deps, about),
]
