import { expect } from 'chai'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(InferenceJob)

// What it has in common with transcode jobs is specified there: see `domain/attempts.ts`.
const at = '2026-11-26T09:00:00.000Z'
const upload_id = 'u1'
const data = { upload_id, facility_id: 'f1', model: 'silero-vad', priority: 'normal', requested_at: at } as const
const requested: InferenceJob.Event = { type: 'InferenceRequested', data }
const started = (attempt: number, server_id?: string): InferenceJob.Event => ({
  type: 'InferenceStarted',
  data: { upload_id, attempt, worker: 'w1', ...(server_id && { server_id }), started_at: at },
})
const attemptFailed = (attempt: number, cause: 'fault' | 'server' | 'worker_stopped'): InferenceJob.Event => ({
  type: 'InferenceAttemptFailed',
  data: { upload_id, attempt, cause, reason: 'it answered 500', failed_at: at },
})
const timedOut = (attempt: number): InferenceJob.Event => ({
  type: 'InferenceTimedOut',
  data: { upload_id, attempt, timed_out_at: at },
})
const completed: InferenceJob.Event = {
  type: 'InferenceCompleted',
  data: {
    upload_id,
    attempt: 1,
    model_version: '6',
    result: { segments: [] },
    lineage: { input_sha256: 'ab', ffmpeg: [], output_sha256: 'cd' },
    completed_at: at,
  },
}
const retried: InferenceJob.Event = { type: 'InferenceRetried', data: { upload_id, retried_at: at } }
const failed: InferenceJob.Event = { type: 'InferenceFailed', data: { upload_id, reason: 'no sound', failed_at: at } }

describe('an inference job', () => {
  it('is requested once', () => {
    given().when(InferenceJob.request(data)).then(requested)
    given(requested, started(1), completed).when(InferenceJob.request(data)).then()
  })
  it('is started at a server, or at none', () => {
    const start = (server_id?: string) =>
      InferenceJob.start({ attempt: 1, worker: 'w1', ...(server_id && { server_id }), started_at: at })
    given(requested).when(start('s1')).then(started(1, 's1'))
    given(requested).when(start()).then(started(1))
  })
  it('is completed with its result', () => {
    const { upload_id: _, ...result } = completed.data as Extract<
      InferenceJob.Event,
      { type: 'InferenceCompleted' }
    >['data']
    given(requested, started(1)).when(InferenceJob.complete(result)).then(completed)
    expect(stateAfter(requested, started(1), completed)).to.deep.include({
      model_version: '6',
      result: { segments: [] },
    })
  })

  const failedServers = (...events: InferenceJob.Event[]) => {
    const state = stateAfter(requested, ...events)
    return state.status === 'unknown' ? undefined : state.failed_servers
  }
  it('remembers the servers whose fault it was, each once', () =>
    expect(
      failedServers(
        ...[started(1, 's1'), attemptFailed(1, 'server'), started(2, 's2'), timedOut(2)],
        ...[started(3, 's1'), attemptFailed(3, 'server')],
      ),
    ).to.deep.equal(['s1', 's2']))
  it('holds nothing against a server whose fault it was not', () =>
    expect(
      failedServers(started(1, 's1'), attemptFailed(1, 'fault'), started(2, 's1'), attemptFailed(2, 'worker_stopped')),
    ).to.deep.equal([]))
  it('forgets them when it is retried', () =>
    expect(failedServers(started(1, 's1'), attemptFailed(1, 'server'), failed, retried)).to.deep.equal([]))
  it('says when it is retried where it waits, and shows no error any more', () => {
    const place = { model: 'silero-vad', priority: 'normal' } as const
    given(requested, started(1), failed)
      .when(InferenceJob.retry({ retried_at: at }))
      .then({ type: 'InferenceRetried', data: { upload_id, ...place, retried_at: at } })
    expect(stateAfter(requested, started(1), failed)).to.deep.include({ error: 'no sound', finished_at: at })
    expect(stateAfter(requested, started(1), failed, retried)).not.to.have.any.keys('error', 'finished_at')
  })
  it('counts what is a fault of the job or of a server, and no worker that was stopped', () =>
    expect(
      stateAfter(
        requested,
        ...(['fault', 'server', 'worker_stopped'] as const).flatMap((cause, i) => [
          started(i + 1, 's1'),
          attemptFailed(i + 1, cause),
        ]),
      ),
    ).to.include({ status: 'queued', failures: 2, attempt: 3 }))
})
