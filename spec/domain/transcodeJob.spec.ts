import { expect } from 'chai'
import { isExhausted, isOpen, maxAttempts } from '../../domain/attempts.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(TranscodeJob)

const at = '2026-11-24T09:00:00.000Z'
const later = '2026-11-24T11:00:00.000Z'
const upload_id = 'u1'
const data = { upload_id, facility_id: 'f1', formats: ['opus-webm'], bitrate: 96_000, requested_at: at } as const
const result = {
  renditions: [
    {
      format: 'opus-webm',
      codec: 'opus',
      bitrate: 96_000,
      size_bytes: 9,
      duration_ms: 1000,
      sha256: 'ab',
      object_key: 'k',
    },
  ],
  peaks: { object_key: 'p', samples_per_pixel: 256, length: 188 },
  completed_at: later,
} as const
const fault = { cause: 'fault', reason: 'ffmpeg: out of memory', failed_at: later } as const

const requested: TranscodeJob.Event = { type: 'TranscodeRequested', data }
const started = (attempt: number, worker = 'w1', started_at = at): TranscodeJob.Event => ({
  type: 'TranscodeStarted',
  data: { upload_id, attempt, worker, started_at },
})
const attemptFailed = (attempt: number, cause: 'fault' | 'worker_stopped' = 'fault'): TranscodeJob.Event => ({
  type: 'TranscodeAttemptFailed',
  data: { upload_id, attempt, ...fault, cause },
})
const timedOut = (attempt: number): TranscodeJob.Event => ({
  type: 'TranscodeTimedOut',
  data: { upload_id, attempt, timed_out_at: later },
})
const completed = (attempt: number): TranscodeJob.Event => ({
  type: 'TranscodeCompleted',
  data: { upload_id, attempt, ...result },
})
const failed: TranscodeJob.Event = {
  type: 'TranscodeFailed',
  data: { upload_id, reason: 'Gave up after 5 attempts', failed_at: later },
}
const cancelled: TranscodeJob.Event = { type: 'TranscodeCancelled', data: { upload_id, cancelled_at: later } }
const retried: TranscodeJob.Event = { type: 'TranscodeRetried', data: { upload_id, retried_at: later } }
const settled = { succeeded: completed(1), failed, cancelled }

/** `count` attempts that began and failed. */
const failures = (count: number, cause: 'fault' | 'worker_stopped' = 'fault') =>
  Array.from({ length: count }, (_, i) => [started(i + 1), attemptFailed(i + 1, cause)]).flat()

describe('a transcode job', () => {
  describe('is requested', () => {
    const request = TranscodeJob.request(data)
    it('once', () => given().when(request).then(requested))
    it('again, which adds nothing', () =>
      given(requested)
        .when(TranscodeJob.request({ ...data, bitrate: 64_000 }))
        .then())
    it('again while it runs, which adds nothing', () => given(requested, started(1)).when(request).then())
    for (const [status, event] of Object.entries(settled))
      it(`never again once ${status}`, () => given(requested, started(1), event).when(request).then())
  })

  describe('is started', () => {
    const start = (attempt: number, worker = 'w1', started_at = at) =>
      TranscodeJob.start({ attempt, worker, started_at })

    it('with the number of the attempt', () => given(requested).when(start(1)).then(started(1)))
    it('again by the worker that holds it, which adds nothing', () =>
      given(requested, started(1))
        .when(start(1, 'w1', later))
        .then())
    it('after an attempt that failed', () =>
      given(requested, started(1), attemptFailed(1)).when(start(2)).then(started(2)))
    it('over an attempt that went silent, which is timed out first', () =>
      given(requested, started(1))
        .when(start(2, 'w2', later))
        .then(timedOut(1), started(2, 'w2', later)))
    it('not as an attempt that another worker began', () =>
      given(requested, started(1)).when(start(1, 'w2')).refused('attempt-superseded'))
    it('not as an attempt that is over', () =>
      given(requested, started(1), attemptFailed(1)).when(start(1)).refused('attempt-superseded'))
    it('not as an earlier attempt', () =>
      given(requested, started(1), timedOut(1), started(2)).when(start(1)).refused('attempt-superseded'))
    for (const [status, event] of Object.entries(settled))
      it(`not once ${status}`, () => given(requested, started(1), event).when(start(2)).refused('attempt-superseded'))
    it('after it was retried, under a number never used before', () => {
      given(requested, started(1), failed, retried).when(start(1)).refused('attempt-superseded')
      given(requested, started(1), failed, retried).when(start(2)).then(started(2))
    })
    it('only when there is one', () => given().when(start(1)).refused('transcode-job-unknown'))
  })

  describe('has an attempt that failed', () => {
    const report = (attempt: number, cause: 'fault' | 'worker_stopped' = 'fault') =>
      TranscodeJob.attemptFailed({ attempt, ...fault, cause })

    it('once', () => given(requested, started(1)).when(report(1)).then(attemptFailed(1)))
    it('because its worker was stopped', () =>
      given(requested, started(1)).when(report(1, 'worker_stopped')).then(attemptFailed(1, 'worker_stopped')))
    it('reported again, which adds nothing', () =>
      given(requested, started(1), attemptFailed(1)).when(report(1)).then())
    it('never by a worker that was timed out', () =>
      given(requested, started(1), timedOut(1), started(2)).when(report(1)).refused('attempt-superseded'))
    it('never by an attempt that did not begin', () =>
      given(requested, started(1)).when(report(2)).refused('attempt-superseded'))
    for (const [status, event] of Object.entries(settled))
      it(`never once ${status}`, () =>
        given(requested, started(1), event).when(report(1)).refused('attempt-superseded'))
    it('only when there is a job', () => given().when(report(1)).refused('transcode-job-unknown'))
  })

  describe('is completed', () => {
    const complete = (attempt: number) => TranscodeJob.complete({ attempt, ...result })

    it('once', () => given(requested, started(1)).when(complete(1)).then(completed(1)))
    it('with its loudness where that was measured', () => {
      const measured = { attempt: 1, ...result, loudness: { integrated_lufs: -23, true_peak_dbtp: -1 } }
      given(requested, started(1))
        .when(TranscodeJob.complete(measured))
        .then({ type: 'TranscodeCompleted', data: { upload_id, ...measured } })
    })
    it('reported again, which adds nothing', () => given(requested, started(1), completed(1)).when(complete(1)).then())
    it('never by a worker that was timed out', () =>
      given(requested, started(1), timedOut(1), started(2)).when(complete(1)).refused('attempt-superseded'))
    it('never by a worker that was timed out, even before another has begun', () =>
      given(requested, started(1), timedOut(1)).when(complete(1)).refused('attempt-superseded'))
    it('never by an earlier attempt than the one that succeeded', () =>
      given(requested, started(1), timedOut(1), started(2), completed(2))
        .when(complete(1))
        .refused('attempt-superseded'))
    it('never before it began', () => given(requested).when(complete(1)).refused('attempt-superseded'))
    it('never once failed', () => given(requested, started(1), failed).when(complete(1)).refused('attempt-superseded'))
    it('never once cancelled', () =>
      given(requested, started(1), cancelled).when(complete(1)).refused('attempt-superseded'))
    it('only when there is one', () => given().when(complete(1)).refused('transcode-job-unknown'))
  })

  describe('fails', () => {
    const fail = TranscodeJob.fail({ reason: 'Gave up after 5 attempts', failed_at: later })
    it('while it runs', () => given(requested, started(1)).when(fail).then(failed))
    it('while it waits', () => given(requested, started(1), attemptFailed(1)).when(fail).then(failed))
    for (const [status, event] of Object.entries(settled))
      it(`not once ${status}, which adds nothing`, () => given(requested, started(1), event).when(fail).then())
    it('only when there is one', () => given().when(fail).refused('transcode-job-unknown'))
  })

  describe('is given up', () => {
    const exhausted = (...events: TranscodeJob.Event[]) => isExhausted(stateAfter(requested, ...events))

    it('after five attempts that failed', () => {
      expect(maxAttempts).to.equal(5)
      expect(exhausted()).to.be.false
      expect(exhausted(...failures(4))).to.be.false
      expect(exhausted(...failures(5))).to.be.true
    })
    it('when the fifth went silent', () => {
      expect(exhausted(...failures(3), started(4))).to.be.false
      expect(exhausted(...failures(4), started(5))).to.be.true
      expect(exhausted(...failures(4), started(5), timedOut(5))).to.be.true
    })
    it('never because its workers were stopped', () =>
      expect(exhausted(...failures(50, 'worker_stopped'), ...failures(4))).to.be.false)
    it('not before five more attempts once it was retried', () => {
      expect(exhausted(...failures(5), failed, retried)).to.be.false
      expect(exhausted(...failures(5), failed, retried, ...failures(4))).to.be.false
      expect(exhausted(...failures(5), failed, retried, ...failures(5))).to.be.true
    })
    it('not when there is none', () => expect(isExhausted(TranscodeJob.initial)).to.be.false)
  })

  describe('has a rendition that was made', () => {
    const made = { attempt: 1, rendition: result.renditions[0], made_at: later }
    const event: TranscodeJob.Event = { type: 'TranscodeRenditionMade', data: { upload_id, ...made } }
    const say = TranscodeJob.renditionMade(made)
    it('once a format', () => given(requested, started(1)).when(say).then(event))
    it('not by an attempt that is over', () =>
      given(requested, started(1), attemptFailed(1), started(2)).when(say).refused('attempt-superseded'))
    it('not once it was cancelled', () =>
      given(requested, started(1), cancelled).when(say).refused('attempt-superseded'))
    it('anew by the next attempt', () => {
      const again = { ...made, attempt: 2 }
      given(requested, started(1), event, attemptFailed(1), started(2))
        .when(TranscodeJob.renditionMade(again))
        .then({ ...event, data: { upload_id, ...again } })
    })
  })

  describe('times out', () => {
    const timeOut = (attempt: number) => TranscodeJob.timeOut({ attempt, timed_out_at: later })
    it('and waits for the next attempt', () => given(requested, started(1)).when(timeOut(1)).then(timedOut(1)))
    it('and fails, when that was the last', () =>
      given(requested, ...failures(4), started(5))
        .when(timeOut(5))
        .then(timedOut(5), {
          type: 'TranscodeFailed',
          data: { upload_id, reason: 'Gave up after 5 attempts: the last worker went silent', failed_at: later },
        }))
    it('not as an attempt that is over, which adds nothing', () =>
      given(requested, started(1), attemptFailed(1), started(2)).when(timeOut(1)).then())
    for (const [status, event] of Object.entries(settled))
      it(`not once ${status}, which adds nothing`, () => given(requested, started(1), event).when(timeOut(1)).then())
  })

  describe('is cancelled', () => {
    const cancel = TranscodeJob.cancel({ cancelled_at: later })
    it('while it waits', () => given(requested).when(cancel).then(cancelled))
    it('while it runs', () => given(requested, started(1)).when(cancel).then(cancelled))
    for (const status of ['succeeded', 'failed'] as const)
      it(`not once ${status}`, () => given(requested, started(1), settled[status]).when(cancel).refused('job-over'))
    it('only when there is one', () => given().when(cancel).refused('transcode-job-unknown'))
  })

  describe('is retried', () => {
    const retry = TranscodeJob.retry({ retried_at: later })
    it('once failed', () => given(requested, started(1), failed).when(retry).then(retried))
    it('once cancelled', () => given(requested, cancelled).when(retry).then(retried))
    it('not while it is open, which adds nothing', () => given(requested, started(1)).when(retry).then())
    it('not once it has succeeded', () => given(requested, started(1), completed(1)).when(retry).refused('job-over'))
    it('only when there is one', () => given().when(retry).refused('transcode-job-unknown'))
  })

  it('is open while it waits or runs, and never after its one end', () => {
    const open = (...events: TranscodeJob.Event[]) => isOpen(stateAfter(...events))
    expect(open()).to.be.false
    expect(open(requested)).to.be.true
    expect(open(requested, started(1))).to.be.true
    expect(open(requested, started(1), attemptFailed(1))).to.be.true
    expect(open(requested, started(1), timedOut(1))).to.be.true
    for (const event of Object.values(settled)) expect(open(requested, started(1), event), event.type).to.be.false
    expect(open(requested, started(1), failed, retried)).to.be.true
  })

  it('is what its events say', () => {
    const asked = {
      upload_id,
      facility_id: 'f1',
      formats: ['opus-webm'],
      bitrate: 96_000,
      requested_at: at,
    }
    expect(stateAfter(requested)).to.deep.equal({ status: 'queued', attempt: 0, failures: 0, made: [], ...asked })
    expect(stateAfter(requested, started(1), attemptFailed(1), started(2, 'w2'))).to.deep.equal({
      status: 'running',
      attempt: 2,
      failures: 1,
      made: [],
      worker: 'w2',
      started_at: at,
      ...asked,
    })
    const [error, finished_at] = ['Gave up after 5 attempts', later]
    const over = { attempt: 1, failures: 0, made: [], worker: 'w1', started_at: at, ...asked }
    expect(stateAfter(requested, started(1), failed)).to.deep.equal({ status: 'failed', error, finished_at, ...over })
    expect(stateAfter(requested, started(1), failed, retried)).to.deep.equal({ status: 'queued', ...over })
    expect(stateAfter(started(1), completed(1), failed, retried)).to.deep.equal({ status: 'unknown' })
  })
})
