import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { notModified, stored, unchangedAs } from '../ops/platform/media.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { Id, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import { InferenceJob, InferenceJobInFull, InferenceResult } from '../ops/platform/shapes/inference.ts'
import type { GpuServerRow } from '../projections/gpuServers.ts'
import type { InferenceJobRow } from '../projections/inferenceJobs.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { diffOf, hasResult, path, pathOf, shownResult } from './inferenceResults.ts'
import { matching, one, page, pageOf, pageQuery } from './page.ts'
import { placedIn } from './queue.ts'
import { visible as visibleUploads } from './uploads.ts'

export interface InferenceJobsDeps extends ResourceDeps {
  objects: Objects
  /** Whether jobs of this model wait for a server. */
  needsServer: (model: string) => boolean
}

const permission = 'inference-job:read'
const reads = ['inference_jobs', 'gpu_servers']
const visible = (facility: string | undefined) => matching(queryBuilder('inference_jobs'), { facility_id: facility })
const about = { path, resource: 'inferenceJob', readModel: 'inference_jobs', permission, visible }

const Query = pageQuery('requested_at', 'finished_at').extend({
  facility_id: Uuid.optional(),
  upload_id: Uuid.optional(),
  model: line(100).optional(),
  server_id: Uuid.optional().meta({ description: 'Where the last attempt was' }),
  status: InferenceJob.shape.status.optional(),
})

/** Results of each model that a recording shows. */
const mostResults = 10

const placed = placedIn('inference_jobs', {
  lane: 'facility_id, model, model_version',
  first: "case priority when 'high' then 0 when 'normal' then 1 else 2 end",
})

/** Without what was found: of a page of jobs that would be megabytes. */
const listed = Object.keys(InferenceJob.shape).filter((field) => !['position_in_queue', 'waiting_for'].includes(field))
const withoutResults = (facility: string | undefined) =>
  queryBuilder.from(visible(facility).select(listed).as('inference_jobs'))

type Listed = Pick<InferenceJobRow, 'id' | 'status' | 'model' | 'model_version'>

export const inferenceJobs = ({ objects, needsServer, ...deps }: InferenceJobsDeps): Route[] => {
  const { database } = deps

  /** Where each stands now. */
  async function standing<Row extends Listed>(rows: readonly Row[]) {
    const isWaiting = await waitingForServer(
      database,
      rows.some(({ status }) => status === 'queued'),
    )
    return (await placed(database, rows)).map((row) => {
      const isQueued = row.status === 'queued' && needsServer(row.model)
      return { ...row, waiting_for: isQueued && isWaiting(row) ? ('server' as const) : null }
    })
  }

  async function diff(row: InferenceJobRow) {
    if (row.rerun_of === null || !hasResult(row)) return null
    const [before] = await rowsOf<InferenceJobRow>(
      database,
      visible(row.facility_id).where({ id: row.rerun_of, upload_id: row.upload_id }),
    )
    return before && hasResult(before) ? diffOf(objects, before, row) : null
  }

  return [
    route<{}, z.infer<typeof Query>>({
      method: 'GET',
      path,
      permission,
      query: Query,
      reads,
      answers: { 200: pageOf(InferenceJob) },
      run: async ({ query: { facility_id, upload_id, model, server_id, status, ...asked }, facility }) => {
        const filtered = matching(withoutResults(facility), { facility_id, upload_id, model, server_id, status })
        const { items, ...rest } = await page<InferenceJobRow>(database, filtered, asked, ['finished_at'])
        return { status: 200, body: { ...rest, items: await standing(items) } }
      },
    }),
    byIdRoute<InferenceJobRow>(deps, {
      ...about,
      shape: InferenceJobInFull,
      shown: async (row, isPresent) => {
        // Where it stood then, no event of its own tells.
        const [stood] = isPresent ? await standing([row]) : [{ ...row, position_in_queue: null, waiting_for: null }]
        return InferenceJobInFull.parse({ ...stood, path: hasResult(row) ? pathOf(row) : null, diff: await diff(row) })
      },
    }),
    historyRoute(deps, { ...about, shape: InferenceJob }),
    route<{ id: string }>({
      method: 'GET',
      path: `${path}/:id/result`,
      permission,
      params: Id,
      reads: ['inference_jobs'],
      answers: {
        200: z.record(z.string(), z.unknown()),
        304: z.null(),
        404: ProblemDocument,
        409: ProblemDocument,
        503: ProblemDocument,
      },
      run: async ({ params: { id }, facility, raw }) => {
        const { result, stored_result, status } = await one<InferenceJobRow>(database, visible(facility).where({ id }))
        if (!result && !stored_result) throw new Problem('not_ready', `There is no result: the job is ${status}`)
        const text = result ? JSON.stringify(result) : ''
        const tag = stored_result?.sha256 ?? createHash('sha256').update(text).digest('hex')
        const known = notModified(raw.headers, tag)
        if (known) return known
        const headers = { ...unchangedAs(tag), 'Content-Type': 'application/json' }
        const stream = async () => (stored_result ? stored(objects)(stored_result) : Readable.from([text]))
        return { status: 200, headers, stream }
      },
    }),
    route<{ id: string }>({
      method: 'GET',
      path: '/api/v1/uploads/:id/inference',
      permission,
      params: Id,
      reads: ['inference_jobs', 'uploads'],
      answers: {
        200: z.object({ items: z.array(z.object({ model: z.string(), results: z.array(InferenceResult) })) }),
        404: ProblemDocument,
      },
      run: async ({ params: { id: upload_id }, facility }) => {
        await one(database, visibleUploads(facility).where({ id: upload_id }).select('id'))
        const rows = await rowsOf<InferenceJobRow>(database, newestResults(upload_id))
        const models = [...new Set(rows.map(({ model }) => model))]
        const results = (model: string) => rows.filter((row) => row.model === model).map(shownResult)
        return { status: 200, body: { items: models.map((model) => ({ model, results: results(model) })) } }
      },
    }),
  ]
}

/** Of each model, the newest first. */
function newestResults(upload_id: string) {
  const age = 'row_number() over (partition by model order by finished_at desc, id) as age'
  const aged = queryBuilder('inference_jobs')
    .where({ upload_id, status: 'succeeded' })
    .select('*', queryBuilder.raw(age))
    .as('aged')
  return queryBuilder.select('*').from(aged).where('age', '<=', mostResults).orderBy(['model', 'age'])
}

/** Tells whether no healthy server has what a job asks for. */
async function waitingForServer(database: Database, isAsked: boolean): Promise<(job: Listed) => boolean> {
  const healthy = queryBuilder('gpu_servers').where({ status: 'enabled', health: 'up' }).select('models')
  const servers = isAsked ? await rowsOf<Pick<GpuServerRow, 'models'>>(database, healthy) : []
  return ({ model, model_version }) =>
    !servers.some(({ models }) =>
      models.some(
        ({ name, version }) =>
          name === model && (model_version === null || version === undefined || version === model_version),
      ),
    )
}
