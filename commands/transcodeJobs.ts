import { z } from 'zod'
import type { Decision } from '../domain/decider.ts'
import * as Settings from '../domain/settings.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import { Id, Problem, ProblemDocument, type Request, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { onlyOwn, within } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'

const path = '/api/v1/transcode-jobs'

const formats = {
  'opus-webm': 'opus-webm',
  webm: 'opus-webm',
  'aac-mp4': 'aac-mp4',
  mp4: 'aac-mp4',
} as const satisfies Record<string, TranscodeJob.Format>

/** What is not said is as the settings have it. */
const Wanted = z.strictObject({
  format: z.enum(Object.keys(formats) as [keyof typeof formats]).exactOptional(),
  bitrate: shapes.settingValues.transcode_bitrate.exactOptional(),
})

/** At most so many in one request: the caller waits for all of them. */
export const mostRetried = 1000

const Filter = { facility_id: Uuid.exactOptional(), upload_id: Uuid.exactOptional() }
const Failed = z.strictObject({
  count: z.int().min(1).max(mostRetried).meta({ description: 'How many failed jobs the caller expects to match' }),
  ...Filter,
})

export interface FailedJobs {
  facility_id?: string
  upload_id?: string
}

const shown = (id: string, state: TranscodeJob.State): z.infer<typeof shapes.TranscodeJob> => {
  const job = TranscodeJob.known(state)
  return {
    id,
    upload_id: job.upload_id,
    facility_id: job.facility_id,
    status: job.status,
    formats: [...job.formats],
    bitrate: job.bitrate,
    attempt: job.attempt,
    error: job.error ?? null,
    position_in_queue: null,
    requested_at: job.requested_at,
    started_at: job.started_at ?? null,
    finished_at: job.finished_at ?? null,
  }
}

const accepted = (id: string, outcome: Outcome<TranscodeJob.State>) =>
  answered(202, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

export interface SteeringDeps extends Deps {
  /** What the environment says of settings. */
  fixed: Settings.State
  /** The ids of failed jobs as the read model has them, oldest first, at most so many: candidates, of which the streams decide. */
  failedJobs: (matching: FailedJobs, limit: number) => Promise<string[]>
}

export const transcodeJobs = ({ store, now, fixed, failedJobs }: SteeringDeps): Route[] => {
  /** The facility of a job that the caller may steer. */
  async function facilityOf(id: string, own: string | undefined): Promise<string> {
    const { facility_id } = TranscodeJob.known((await load(store, TranscodeJob, id)).state)
    onlyOwn(facility_id, own)
    return facility_id
  }

  type Decided = Decision<TranscodeJob.State, TranscodeJob.Event>

  async function steered({ params: { id }, intent, facility }: Request<{ id: string }, {}, {}>, decision: Decided) {
    const facility_id = await facilityOf(id, facility)
    return handle(store, TranscodeJob, id, within(facility, decision), { ...intent, facility_id })
  }

  /** What a recording of this facility becomes, as the settings are now. */
  async function settingsOf(facility_id: string) {
    const [facility, system] = await Promise.all([facility_id, 'system'].map((id) => load(store, Settings, id)))
    const layers = { environment: fixed, facility: facility!.state, system: system!.state }
    return {
      formats: Settings.effective('transcode_formats', layers).value,
      bitrate: Settings.effective('transcode_bitrate', layers).value,
    }
  }

  /** The state of those that have failed, as their streams have it. */
  async function failed(matching: FailedJobs, own: string | undefined) {
    const ids = await failedJobs(matching, mostRetried + 1)
    const found = await Promise.all(ids.map(async (id) => ({ id, state: (await load(store, TranscodeJob, id)).state })))
    return found.filter(
      ({ state }) => state.status === 'failed' && (own === undefined || state.facility_id === own),
    ) as { id: string; state: Exclude<TranscodeJob.State, { status: 'unknown' }> }[]
  }

  const answers = { 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument }

  return [
    route<{}, {}, z.infer<typeof Failed>>({
      method: 'POST',
      path: `${path}/retry-failed`,
      permission: 'transcode-job:steer',
      body: Failed,
      answers: {
        202: z.object({ count: z.int(), ids: z.array(z.uuid()) }),
        404: ProblemDocument,
        409: ProblemDocument,
      },
      run: async ({ body: { count, ...matching }, intent, facility }) => {
        const facility_id = matching.facility_id ?? facility
        if (facility_id !== undefined) onlyOwn(facility_id, facility)
        const jobs = await failed({ ...matching, ...(facility_id !== undefined && { facility_id }) }, facility)
        if (jobs.length !== count) {
          const many = jobs.length > mostRetried ? `more than ${mostRetried}` : String(jobs.length)
          throw new Problem('count_differs', `${many} failed jobs match, not ${count}; nothing was retried`)
        }
        const retry = TranscodeJob.retry({ retried_at: now() })
        const position = { last: 0n }
        for (const { id, state } of jobs) {
          const about = { ...aside(intent), facility_id: state.facility_id }
          const outcome = await handle(store, TranscodeJob, id, within(facility, retry), about)
          if (outcome.position > position.last) position.last = outcome.position
        }
        const ids = jobs.map(({ id }) => id)
        return { status: 202, body: { count: ids.length, ids }, headers: { 'Event-Position': String(position.last) } }
      },
    }),
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/retry`,
      permission: 'transcode-job:steer',
      params: Id,
      body: z.strictObject({}),
      answers: { 202: shapes.TranscodeJob, ...answers },
      run: async (request) => {
        const outcome = await steered(request, TranscodeJob.retry({ retried_at: now() }))
        return answered(202, outcome, shown(request.params.id, outcome.state))
      },
    }),
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/cancel`,
      permission: 'transcode-job:steer',
      params: Id,
      body: z.strictObject({}),
      answers: { 200: shapes.TranscodeJob, ...answers },
      run: async (request) => {
        const outcome = await steered(request, TranscodeJob.cancel({ cancelled_at: now() }))
        return answered(200, outcome, shown(request.params.id, outcome.state))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Wanted>>({
      method: 'POST',
      path: '/api/v1/uploads/:id/transcode',
      permission: 'transcode-job:steer',
      params: Id,
      body: Wanted,
      answers: { 202: shapes.TranscodeJob, ...answers },
      run: async ({ params: { id: upload_id }, body: { format, bitrate }, intent, facility }) => {
        const { state, revision } = await load(store, Upload, upload_id)
        const upload = Upload.known(state)
        onlyOwn(upload.facility_id, facility)
        const id = derivedId('transcode-job', intent.id)
        const done = await replay(store, TranscodeJob, id, intent)
        if (done) return accepted(id, done)
        Upload.kept(upload)
        if (intent.expected_revision !== undefined && intent.expected_revision !== revision)
          throw new Problem('revision_conflict', `The revision of the upload is ${revision} by now`)
        if (upload.status === 'rejected')
          throw new Problem('upload_rejected', `This recording was rejected: ${upload.reason ?? 'it is no sound'}`)
        const { facility_id } = upload
        const usual = await settingsOf(facility_id)
        const asked = TranscodeJob.request({
          upload_id,
          facility_id,
          formats: format === undefined ? usual.formats : [formats[format]],
          bitrate: bitrate ?? usual.bitrate,
          requested_at: now(),
        })
        return accepted(id, await handle(store, TranscodeJob, id, asked, { ...aside(intent), facility_id }))
      },
    }),
  ]
}
