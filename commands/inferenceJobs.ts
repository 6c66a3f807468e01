import { z } from 'zod'
import * as InferenceJob from '../domain/inferenceJob.ts'
import * as Upload from '../domain/upload.ts'
import {
  errorsOf,
  Id,
  JsonObject,
  line,
  Problem,
  ProblemDocument,
  type Request,
  type Route,
  route,
  Uuid,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/inference.ts'
import { onlyOwn, workable } from './guards.ts'
import { load } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'
import { submitted } from './inferenceSlots.ts'
import { type FailedJobs, steering } from './jobSteering.ts'

const path = '/api/v1/inference-jobs'

/** A model that recordings can be listened to with. */
export interface Offered {
  name: string
  version: string
  needsServer: boolean
  params: z.ZodType
}

export interface InferenceJobsDeps extends Deps {
  models: readonly Offered[]
  failedJobs: FailedJobs
}

const Version = z.string().regex(/^[\w.:-]{1,100}$/, 'must be letters, digits and . : - _')

/** What may be asked of these models. */
const bodies = (models: readonly Offered[]) => {
  const model = z.enum(models.map(({ name }) => name))
  const model_version = Version.exactOptional().meta({ description: 'Absent: whichever the server has' })
  const { priority } = shapes.InferenceJob.shape
  const params = JsonObject.exactOptional()
  return {
    Asked: z.strictObject({ upload_id: Uuid, model, model_version, params, priority: priority.default('normal') }),
    Again: z.strictObject({ model, model_version: Version }),
  }
}

interface Wanted {
  model: string
  model_version?: string
  params?: Record<string, unknown>
}

const shown = (id: string, state: InferenceJob.State): z.infer<typeof shapes.InferenceJob> => {
  const job = InferenceJob.known(state)
  return {
    id,
    upload_id: job.upload_id,
    facility_id: job.facility_id,
    status: job.status,
    model: job.model,
    model_version: job.model_version ?? null,
    params: job.params ?? null,
    priority: job.priority,
    rerun_of: job.rerun_of ?? null,
    server_id: job.server_id ?? null,
    attempt: job.attempt,
    error: job.error ?? null,
    position_in_queue: null,
    waiting_for: null,
    requested_at: job.requested_at,
    started_at: job.started_at ?? null,
    finished_at: job.finished_at ?? null,
  }
}

export const inferenceJobs = ({ store, now, models, failedJobs }: InferenceJobsDeps): Route[] => {
  const { Asked, Again } = bodies(models)

  /** Refuses what no attempt could do. */
  function check({ model, model_version, params }: Wanted): void {
    const offered = models.find(({ name }) => name === model)!
    const invalid = (detail: string, errors: { path: string; message: string }[]) =>
      new Problem('invalid_request', detail, { errors })
    const isElsewhere = offered.needsServer || model_version === undefined || model_version === offered.version
    if (!isElsewhere) {
      const message = `must be ${offered.version}: this model needs no server, and has one version`
      throw invalid('There is no such version', [{ path: 'body.model_version', message }])
    }
    const parsed = offered.params.safeParse(params ?? {})
    if (!parsed.success) throw invalid(`${model} takes other parameters`, errorsOf('body.params', parsed.error))
  }

  /** The recording, to be listened to in the name of this caller. */
  async function recording(upload_id: string, { facility, intent }: Pick<Request<{}, {}, {}>, 'facility' | 'intent'>) {
    const { state, revision } = await load(store, Upload, upload_id)
    const upload = Upload.known(state)
    onlyOwn(upload.facility_id, facility)
    /** Whether it can be now: what was asked for before is answered whatever has become of it since. */
    const listenable = () => {
      workable(upload, intent, revision)
    }
    const { facility_id } = upload
    return { facility_id, listenable, intent: { ...aside(intent), facility_id } }
  }

  type Submitted = Awaited<ReturnType<typeof submitted>>

  const accepted = ({ id, outcome }: Submitted) =>
    answered(202, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

  const answers = { 202: shapes.InferenceJob, 404: ProblemDocument, 409: ProblemDocument }

  return [
    ...steering(
      { store, now, failedJobs },
      {
        path,
        permission: 'inference-job:steer',
        jobs: InferenceJob,
        shape: shapes.InferenceJob,
        shown,
        filter: { model: line(100).exactOptional(), server_id: Uuid.exactOptional() },
      },
    ),
    route<{}, {}, z.infer<typeof Asked>>({
      method: 'POST',
      path,
      permission: 'inference-job:create',
      body: Asked,
      answers,
      run: async ({ body: { upload_id, priority, ...wanted }, ...request }) => {
        check(wanted)
        const { facility_id, listenable, intent } = await recording(upload_id, request)
        const asked = () => ({ upload_id, facility_id, ...wanted, priority, requested_at: now() })
        return accepted(await submitted(store, { upload_id, model: wanted.model, intent, listenable, asked }))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Again>>({
      method: 'POST',
      path: '/api/v1/uploads/:id/inference/rerun',
      permission: 'inference-job:create',
      params: Id,
      body: Again,
      answers: { ...answers, 412: ProblemDocument },
      run: async ({ params: { id: upload_id }, body: wanted, ...request }) => {
        check(wanted)
        const { model } = wanted
        const { facility_id, listenable, intent } = await recording(upload_id, request)
        const asked: Parameters<typeof submitted>[1]['asked'] = (jobs) => {
          const last = jobs
            .filter(({ state }) => state.status === 'succeeded' && state.model === model)
            .reduce<(typeof jobs)[number] | undefined>((a, b) => (a && a.position > b.position ? a : b), undefined)
          if (!last) throw new Problem('nothing_to_compare', `${model} has found nothing in this recording yet`)
          return {
            ...{ upload_id, facility_id, ...wanted, rerun_of: last.id },
            ...(last.state.params && { params: last.state.params }),
            ...{ priority: 'normal', requested_at: now() },
          }
        }
        return accepted(await submitted(store, { upload_id, model, intent, listenable, asked }))
      },
    }),
  ]
}
