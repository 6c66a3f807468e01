import type { Decision, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

export const category = 'transcodeJob'

export type Format = 'opus-webm' | 'aac-mp4'

export interface Rendition {
  format: Format
  codec: string
  /** bits per second asked of the encoder */
  bitrate: number
  size_bytes: number
  duration_ms: number
  sha256: string
  object_key: string
}

export interface Peaks {
  object_key: string
  samples_per_pixel: number
  length: number
}

/** Integrated loudness after EBU R128, and the true peak; absent where it was not measured. */
export interface Loudness {
  integrated_lufs: number
  true_peak_dbtp: number
}

/** `upload_id` is in every event: a reader of one event knows whose row it changes, without a look-up. */
type Of = { upload_id: string }
type Attempt = Of & { attempt: number }

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'TranscodeRequested'
      data: Of & { facility_id: string; formats: readonly Format[]; bitrate: number; requested_at: string }
    }
  | { type: 'TranscodeStarted'; data: Attempt & { worker: string; started_at: string } }
  | {
      type: 'TranscodeAttemptFailed'
      /** A worker that was stopped hands its job over: that is no fault of the job, and does not count. */
      data: Attempt & { cause: 'fault' | 'worker_stopped'; reason: string; failed_at: string }
    }
  | { type: 'TranscodeTimedOut'; data: Attempt & { timed_out_at: string } }
  | {
      type: 'TranscodeCompleted'
      data: Attempt & { renditions: readonly Rendition[]; peaks: Peaks; loudness?: Loudness; completed_at: string }
    }
  | { type: 'TranscodeFailed'; data: Of & { reason: string; failed_at: string } }
  | { type: 'TranscodeCancelled'; data: Of & { cancelled_at: string } }
  | { type: 'TranscodeRetried'; data: Of & { retried_at: string } }

/** `attempt` counts starts and never goes down, so that late results lose; `failures` counts since the last retry. */
export type State =
  | { status: 'unknown' }
  | {
      status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
      upload_id: string
      facility_id: string
      formats: readonly Format[]
      bitrate: number
      attempt: number
      worker?: string
      failures: number
      /** Of the attempt before, or of the job. */
      error?: string
      requested_at: string
      started_at?: string
      finished_at?: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'TranscodeRequested') return { status: 'queued', attempt: 0, failures: 0, ...event.data }
  if (state.status === 'unknown') return state
  const { error: _, ...rest } = state
  switch (event.type) {
    case 'TranscodeStarted': {
      const { attempt, worker, started_at } = event.data
      return { ...rest, status: 'running', attempt, worker, started_at }
    }
    case 'TranscodeAttemptFailed': {
      const { cause, reason } = event.data
      return { ...rest, status: 'queued', failures: state.failures + (cause === 'fault' ? 1 : 0), error: reason }
    }
    case 'TranscodeTimedOut':
      return { ...rest, status: 'queued', failures: state.failures + 1, error: 'The worker went silent' }
    case 'TranscodeCompleted':
      return { ...rest, status: 'succeeded', finished_at: event.data.completed_at }
    case 'TranscodeFailed':
      return { ...rest, status: 'failed', error: event.data.reason, finished_at: event.data.failed_at }
    case 'TranscodeCancelled':
      return { ...state, status: 'cancelled', finished_at: event.data.cancelled_at }
    case 'TranscodeRetried': {
      const { finished_at: __, ...again } = rest
      return { ...again, status: 'queued', failures: 0 }
    }
  }
}

type Known = Exclude<State, { status: 'unknown' }>
type Data<T extends Event['type']> = Omit<Extract<Event, { type: T }>['data'], 'upload_id'>

export const maxAttempts = 5

export function known(state: State): Known {
  if (state.status === 'unknown') throw new Refusal('transcode-job-unknown', 'No such transcode job')
  return state
}

/** No further attempt: too many have failed, the one that went silent included. */
export const isExhausted = (state: State) =>
  state.status !== 'unknown' && state.failures + (state.status === 'running' ? 1 : 0) >= maxAttempts

export const isOpen = (state: State) => state.status === 'queued' || state.status === 'running'

/** Attempts are fenced: only the one that runs now may report. `settled`: this very report was made before. */
function reporting(state: State, attempt: number, settled: Known['status']): Known | undefined {
  const job = known(state)
  if (job.attempt === attempt && job.status === 'running') return job
  if (job.attempt === attempt && job.status === settled) return undefined
  throw new Refusal('attempt-superseded', `Attempt ${attempt} no longer holds this job`)
}

export const request =
  (data: Extract<Event, { type: 'TranscodeRequested' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'TranscodeRequested', data }] : []

/** A job whose worker went silent is delivered again while it still says `running`: that attempt is timed out first. */
export const start =
  (data: Data<'TranscodeStarted'>): Decision<State, Event> =>
  (state) => {
    const { upload_id, status, attempt, worker } = known(state)
    if (status === 'running' && attempt === data.attempt && worker === data.worker) return []
    if (!isOpen(state) || attempt >= data.attempt)
      throw new Refusal('attempt-superseded', `The job is ${status}, at attempt ${attempt}`)
    const started: Event = { type: 'TranscodeStarted', data: { upload_id, ...data } }
    if (status === 'queued') return [started]
    return [{ type: 'TranscodeTimedOut', data: { upload_id, attempt, timed_out_at: data.started_at } }, started]
  }

export const attemptFailed =
  (data: Data<'TranscodeAttemptFailed'>): Decision<State, Event> =>
  (state) => {
    const job = reporting(state, data.attempt, 'queued')
    return job ? [{ type: 'TranscodeAttemptFailed', data: { upload_id: job.upload_id, ...data } }] : []
  }

export const complete =
  (data: Data<'TranscodeCompleted'>): Decision<State, Event> =>
  (state) => {
    const job = reporting(state, data.attempt, 'succeeded')
    return job ? [{ type: 'TranscodeCompleted', data: { upload_id: job.upload_id, ...data } }] : []
  }

/** Ends the job; with an attempt, only in the name of the one that runs now. */
export const fail =
  (data: Data<'TranscodeFailed'>, attempt?: number): Decision<State, Event> =>
  (state) => {
    const { upload_id } = known(state)
    const holds = attempt === undefined ? isOpen(state) : reporting(state, attempt, 'failed') !== undefined
    return holds ? [{ type: 'TranscodeFailed', data: { upload_id, ...data } }] : []
  }

/** The worker that has gone silent loses its attempt; the job waits for the next, or ends when that was the last. */
export const timeOut =
  (data: Data<'TranscodeTimedOut'>): Decision<State, Event> =>
  (state) => {
    const { upload_id, status, attempt } = known(state)
    if (status !== 'running' || attempt !== data.attempt) return []
    const timedOut: Event = { type: 'TranscodeTimedOut', data: { upload_id, ...data } }
    if (!isExhausted(state)) return [timedOut]
    const reason = `Gave up after ${maxAttempts} attempts: the last worker went silent`
    return [timedOut, { type: 'TranscodeFailed', data: { upload_id, reason, failed_at: data.timed_out_at } }]
  }

export const cancel =
  (data: Data<'TranscodeCancelled'>): Decision<State, Event> =>
  (state) => {
    const { upload_id, status } = known(state)
    if (isOpen(state)) return [{ type: 'TranscodeCancelled', data: { upload_id, ...data } }]
    if (status === 'cancelled') return []
    throw new Refusal(
      'job-over',
      `There is nothing to cancel: the job ${status === 'failed' ? 'failed' : 'has succeeded'}`,
    )
  }

/** Once more, with as many attempts as at first. */
export const retry =
  (data: Data<'TranscodeRetried'>): Decision<State, Event> =>
  (state) => {
    const { upload_id, status } = known(state)
    if (isOpen(state)) return []
    if (status === 'succeeded') throw new Refusal('job-over', 'There is nothing to retry: the job has succeeded')
    return [{ type: 'TranscodeRetried', data: { upload_id, ...data } }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  TranscodeRequested: [],
  TranscodeStarted: [],
  TranscodeAttemptFailed: [],
  TranscodeTimedOut: [],
  TranscodeCompleted: [],
  TranscodeFailed: [],
  TranscodeCancelled: [],
  TranscodeRetried: [],
}
