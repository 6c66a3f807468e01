import { z } from 'zod'
import * as Settings from '../domain/settings.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import { Id, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/recordings.ts'
import { settingValues } from '../ops/platform/shapes/settings.ts'
import { onlyOwn, workable } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, aside, type Deps } from './http.ts'
import { type FailedJobs, steering } from './jobSteering.ts'

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
  bitrate: settingValues.transcode_bitrate.exactOptional(),
})

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
  failedJobs: FailedJobs
}

export const transcodeJobs = ({ store, now, fixed, failedJobs }: SteeringDeps): Route[] => {
  /** What a recording of this facility becomes, as the settings are now. */
  async function settingsOf(facility_id: string) {
    const [facility, system] = await Promise.all([facility_id, 'system'].map((id) => load(store, Settings, id)))
    const layers = { environment: fixed, facility: facility!.state, system: system!.state }
    return {
      formats: Settings.effective('transcode_formats', layers).value,
      bitrate: Settings.effective('transcode_bitrate', layers).value,
    }
  }

  return [
    ...steering(
      { store, now, failedJobs },
      { path, permission: 'transcode-job:steer', jobs: TranscodeJob, shape: shapes.TranscodeJob, shown },
    ),
    route<{ id: string }, {}, z.infer<typeof Wanted>>({
      method: 'POST',
      path: '/api/v1/uploads/:id/transcode',
      permission: 'transcode-job:steer',
      params: Id,
      body: Wanted,
      answers: { 202: shapes.TranscodeJob, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id: upload_id }, body: { format, bitrate }, intent, facility }) => {
        const { state, revision } = await load(store, Upload, upload_id)
        const upload = Upload.known(state)
        onlyOwn(upload.facility_id, facility)
        const id = derivedId('transcode-job', intent.id)
        const done = await replay(store, TranscodeJob, id, intent)
        if (done) return accepted(id, done)
        workable(upload, intent, revision)
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
