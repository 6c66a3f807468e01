import { inferenceJobs } from '../../../projections/inferenceJobs.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'
import { ofJob } from './uploads.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

export const listening = `inferenceJob-${id(13)}`
const inferenceGiven = { ...ofJob, facility_id: id(1), model: 'silero-vad', priority: 'high' }
export const inferenceRequested: Event = [listening, 'InferenceRequested', { ...inferenceGiven, requested_at: at }]
const inferenceStarted: Event = [
  listening,
  'InferenceStarted',
  { ...ofJob, attempt: 1, worker: 'w1', server_id: id(12), started_at: later },
]
const inferenceFailed: Event = [listening, 'InferenceFailed', { ...ofJob, reason: 'no sound', failed_at: later }]
const inferenceRow = {
  id: id(13),
  ...inferenceGiven,
  ...{ status: 'queued', model_version: null, params: null, rerun_of: null, server_id: null, attempt: 0 },
  ...{ error: null, result: null, stored_result: null, lineage: null },
  ...{ requested_at: at, started_at: null, finished_at: null },
}
const inferring = { ...inferenceRow, status: 'running', server_id: id(12), attempt: 1, started_at: later }
const listened = { input_sha256: 'ab', ffmpeg: ['-ac', '1'], output_sha256: 'cd' }
const inferenceCompleted = (found: object): Event => [
  listening,
  'InferenceCompleted',
  { ...ofJob, attempt: 1, model_version: '6', ...found, lineage: listened, completed_at: later },
]
const inferred = { ...inferring, status: 'succeeded', model_version: '6', lineage: listened, finished_at: later }
promise(inferenceJobs, 'shows a job that waits', [inferenceRequested], inferenceRow)
promise(inferenceJobs, 'shows where a job runs', [inferenceRequested, inferenceStarted], inferring)
promise(
  inferenceJobs,
  'shows why it waits again',
  [
    inferenceRequested,
    inferenceStarted,
    [
      listening,
      'InferenceAttemptFailed',
      { ...ofJob, attempt: 1, cause: 'server', reason: 'It answered 500', failed_at: at },
    ],
  ],
  { ...inferring, status: 'queued', error: 'It answered 500' },
)
promise(
  inferenceJobs,
  'shows that its worker went silent',
  [inferenceRequested, inferenceStarted, [listening, 'InferenceTimedOut', { ...ofJob, attempt: 1, timed_out_at: at }]],
  { ...inferring, status: 'queued', error: 'The worker went silent' },
)
promise(
  inferenceJobs,
  'shows what was found',
  [inferenceRequested, inferenceStarted, inferenceCompleted({ result: { segments: [] } })],
  { ...inferred, result: { segments: [] } },
)
promise(
  inferenceJobs,
  'shows where what was found lies',
  [
    inferenceRequested,
    inferenceStarted,
    inferenceCompleted({ stored_result: { object_key: 'k', size_bytes: 9, sha256: 'ef' } }),
  ],
  { ...inferred, stored_result: { object_key: 'k', size_bytes: 9, sha256: 'ef' } },
)
promise(inferenceJobs, 'shows why it failed', [inferenceRequested, inferenceStarted, inferenceFailed], {
  ...inferring,
  status: 'failed',
  error: 'no sound',
  finished_at: later,
})
promise(
  inferenceJobs,
  'shows that it was cancelled',
  [inferenceRequested, [listening, 'InferenceCancelled', { ...ofJob, cancelled_at: later }]],
  { ...inferenceRow, status: 'cancelled', finished_at: later },
)
promise(
  inferenceJobs,
  'shows that it waits once more, and what for',
  [
    [
      listening,
      'InferenceRequested',
      { ...inferenceGiven, model_version: '6', params: { threshold: 0.4 }, rerun_of: id(14), requested_at: at },
    ],
    inferenceFailed,
    [listening, 'InferenceRetried', { ...ofJob, model: 'silero-vad', priority: 'high', retried_at: later }],
  ],
  { ...inferenceRow, model_version: '6', params: { threshold: 0.4 }, rerun_of: id(14) },
)
