import { transcodeJobs } from '../../../projections/transcodeJobs.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'
import {
  asked,
  job,
  jobCancelled,
  jobCompleted,
  jobFailed,
  jobRequested,
  jobRetried,
  jobStarted,
  ofJob,
} from './uploads.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const jobRow = {
  id: id(7),
  ...ofJob,
  ...asked,
  status: 'queued',
  attempt: 0,
  error: null,
  requested_at: at,
  started_at: null,
  finished_at: null,
}
const running = { ...jobRow, status: 'running', attempt: 1, started_at: later }
const attemptFailed: Event = [
  job,
  'TranscodeAttemptFailed',
  { ...ofJob, attempt: 1, cause: 'fault', reason: 'out of memory', failed_at: later },
]
const timedOut: Event = [job, 'TranscodeTimedOut', { ...ofJob, attempt: 1, timed_out_at: later }]
const secondStart: Event = [job, 'TranscodeStarted', { ...ofJob, attempt: 2, worker: 'w2', started_at: later }]
promise(transcodeJobs, 'shows a job that waits', [jobRequested], jobRow)
promise(transcodeJobs, 'shows a job that runs', [jobRequested, jobStarted], running)
promise(transcodeJobs, 'shows why it waits again', [jobRequested, jobStarted, attemptFailed], {
  ...running,
  status: 'queued',
  error: 'out of memory',
})
promise(transcodeJobs, 'shows that its worker went silent', [jobRequested, jobStarted, timedOut], {
  ...running,
  status: 'queued',
  error: 'The worker went silent',
})
promise(transcodeJobs, 'shows no error once it runs again', [jobRequested, jobStarted, timedOut, secondStart], {
  ...running,
  attempt: 2,
})
promise(transcodeJobs, 'shows that it succeeded', [jobRequested, jobStarted, jobCompleted], {
  ...running,
  status: 'succeeded',
  finished_at: later,
})
promise(transcodeJobs, 'shows why it failed', [jobRequested, jobStarted, jobFailed], {
  ...running,
  status: 'failed',
  error: 'Gave up',
  finished_at: later,
})
promise(transcodeJobs, 'shows that it was cancelled', [jobRequested, jobCancelled], {
  ...jobRow,
  status: 'cancelled',
  finished_at: later,
})
promise(transcodeJobs, 'shows that it waits once more', [jobRequested, jobStarted, jobFailed, jobRetried], {
  ...running,
  status: 'queued',
})
