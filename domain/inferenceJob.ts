import { jobDecisions, type JobStatus } from './attempts.ts'
import type { Decision, Json, Upcast } from './decider.ts'
import { Refusal } from './refusal.ts'

// One model listening to one recording.
export const category = 'inferenceJob'

/** Among the waiting jobs of a facility the higher goes first. */
export type Priority = 'low' | 'normal' | 'high'

/** Where a result came from, so that anybody can say again what was done. */
export interface Lineage {
  /** Of the recording that was listened to. */
  input_sha256: string
  /** What ffmpeg was given to make samples of it, without paths. */
  ffmpeg: readonly string[]
  /** Of the result as JSON. */
  output_sha256: string
}

/** A result that is too large for an event lies in the store. */
export interface StoredResult {
  object_key: string
  size_bytes: number
  sha256: string
}

/** `upload_id` is in every event: a reader of one event knows whose row it changes, without a look-up. */
type Of = { upload_id: string }
type Attempt = Of & { attempt: number }

// These names and shapes are the storage format. Never edit one in place: see `history`.
export type Event =
  | {
      type: 'InferenceRequested'
      data: Of & {
        facility_id: string
        model: string
        /** Absent: whichever the server has. */
        model_version?: string
        params?: Json
        priority: Priority
        /** The job whose result this one is compared with. */
        rerun_of?: string
        requested_at: string
      }
    }
  /** Without `server_id` the worker does it by itself. */
  | { type: 'InferenceStarted'; data: Attempt & { worker: string; server_id?: string; started_at: string } }
  | {
      type: 'InferenceAttemptFailed'
      /** `server`: it is the server's fault; `worker_stopped`: nobody's, and it does not count. */
      data: Attempt & { cause: 'fault' | 'server' | 'worker_stopped'; reason: string; failed_at: string }
    }
  | { type: 'InferenceTimedOut'; data: Attempt & { timed_out_at: string } }
  | {
      type: 'InferenceCompleted'
      data: Attempt & {
        model_version: string
        result?: Json
        stored_result?: StoredResult
        lineage: Lineage
        completed_at: string
      }
    }
  | { type: 'InferenceFailed'; data: Of & { reason: string; failed_at: string } }
  | { type: 'InferenceCancelled'; data: Of & { cancelled_at: string } }
  | { type: 'InferenceRetried'; data: Of & { retried_at: string } }

export type State =
  | { status: 'unknown' }
  | {
      status: JobStatus
      upload_id: string
      facility_id: string
      model: string
      model_version?: string
      params?: Json
      priority: Priority
      rerun_of?: string
      attempt: number
      failures: number
      worker?: string
      server_id?: string
      /** Servers that failed it since it was last opened: others are asked first. */
      failed_servers: readonly string[]
      result?: Json
      stored_result?: StoredResult
    }

export const initial: State = { status: 'unknown' }

type Known = Exclude<State, { status: 'unknown' }>

function afterFailure({ server_id, worker: _, ...state }: Known, isServers: boolean, counts: boolean): State {
  const failed_servers =
    isServers && server_id !== undefined ? [...new Set([...state.failed_servers, server_id])] : state.failed_servers
  return { ...state, status: 'queued', failures: state.failures + (counts ? 1 : 0), failed_servers }
}

export function evolve(state: State, event: Event): State {
  if (event.type === 'InferenceRequested') {
    const { requested_at: _, ...asked } = event.data
    return { status: 'queued', attempt: 0, failures: 0, failed_servers: [], ...asked }
  }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'InferenceStarted': {
      const { server_id: _, ...rest } = state
      const { attempt, worker, server_id } = event.data
      return { ...rest, status: 'running', attempt, worker, ...(server_id !== undefined && { server_id }) }
    }
    case 'InferenceAttemptFailed':
      return afterFailure(state, event.data.cause === 'server', event.data.cause !== 'worker_stopped')
    case 'InferenceTimedOut':
      return afterFailure(state, true, true)
    case 'InferenceCompleted': {
      const { result, stored_result, model_version } = event.data
      return {
        ...state,
        status: 'succeeded',
        model_version,
        ...(result !== undefined && { result }),
        ...(stored_result !== undefined && { stored_result }),
      }
    }
    case 'InferenceFailed':
      return { ...state, status: 'failed' }
    case 'InferenceCancelled':
      return { ...state, status: 'cancelled' }
    case 'InferenceRetried':
      return { ...state, status: 'queued', failures: 0, failed_servers: [] }
  }
}

export function known(state: State): Known {
  if (state.status === 'unknown') throw new Refusal('inference-job-unknown', 'No such inference job')
  return state
}

export const request =
  (data: Extract<Event, { type: 'InferenceRequested' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'InferenceRequested', data }] : []

export const { start, attemptFailed, complete, fail, timeOut, cancel, retry } = jobDecisions<'Inference', State, Event>(
  'Inference',
  known,
)

export const history: Record<Event['type'], readonly Upcast[]> = {
  InferenceRequested: [],
  InferenceStarted: [],
  InferenceAttemptFailed: [],
  InferenceTimedOut: [],
  InferenceCompleted: [],
  InferenceFailed: [],
  InferenceCancelled: [],
  InferenceRetried: [],
}
