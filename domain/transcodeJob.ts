import { jobDecisions, type JobStatus, mayReport } from './attempts.ts'
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
  /** The first of them is there, and can be played while the others are made. */
  | { type: 'TranscodeRenditionMade'; data: Attempt & { rendition: Rendition; made_at: string } }
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

export type State =
  | { status: 'unknown' }
  | {
      status: JobStatus
      upload_id: string
      facility_id: string
      formats: readonly Format[]
      bitrate: number
      attempt: number
      worker?: string
      failures: number
      /** What the attempt that runs has made so far. */
      made: readonly Format[]
      /** Of the attempt before, or of the job. */
      error?: string
      requested_at: string
      started_at?: string
      finished_at?: string
    }

export const initial: State = { status: 'unknown' }

export function evolve(state: State, event: Event): State {
  if (event.type === 'TranscodeRequested') return { status: 'queued', attempt: 0, failures: 0, made: [], ...event.data }
  if (state.status === 'unknown') return state
  const { error: _, ...rest } = state
  switch (event.type) {
    case 'TranscodeStarted': {
      const { attempt, worker, started_at } = event.data
      return { ...rest, status: 'running', attempt, worker, made: [], started_at }
    }
    case 'TranscodeRenditionMade':
      return { ...state, made: [...state.made, event.data.rendition.format] }
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
export function known(state: State): Known {
  if (state.status === 'unknown') throw new Refusal('transcode-job-unknown', 'No such transcode job')
  return state
}

export const request =
  (data: Extract<Event, { type: 'TranscodeRequested' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'TranscodeRequested', data }] : []

export const { start, attemptFailed, complete, fail, timeOut, cancel, retry } = jobDecisions<'Transcode', State, Event>(
  'Transcode',
  known,
)

/** Says it of the attempt that runs; once a format. */
export const renditionMade =
  (data: Omit<Extract<Event, { type: 'TranscodeRenditionMade' }>['data'], 'upload_id'>): Decision<State, Event> =>
  (state) => {
    const job = known(state)
    if (!mayReport(job, data.attempt, 'succeeded') || job.made.includes(data.rendition.format)) return []
    return [{ type: 'TranscodeRenditionMade', data: { upload_id: job.upload_id, ...data } }]
  }

export const history: Record<Event['type'], readonly Upcast[]> = {
  TranscodeRequested: [],
  TranscodeStarted: [],
  TranscodeRenditionMade: [],
  TranscodeAttemptFailed: [],
  TranscodeTimedOut: [],
  TranscodeCompleted: [],
  TranscodeFailed: [],
  TranscodeCancelled: [],
  TranscodeRetried: [],
}
