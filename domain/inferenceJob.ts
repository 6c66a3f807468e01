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
  /** With what its place in the queue follows from, for those who keep only what is open; absent in the first of them. */
  | {
      type: 'InferenceRetried'
      data: Of & { model?: string; model_version?: string; priority?: Priority; retried_at: string }
    }

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
      /** Of the attempt before, or of the job. */
      error?: string
      requested_at: string
      started_at?: string
      finished_at?: string
      /** Servers that failed it since it was last opened: others are asked first. */
      failed_servers: readonly string[]
      result?: Json
      stored_result?: StoredResult
    }

export const initial: State = { status: 'unknown' }

export type Known = Exclude<State, { status: 'unknown' }>

function afterFailure(
  { server_id, worker: _, ...state }: Known,
  { error, isServers, counts }: { error: string; isServers: boolean; counts: boolean },
): State {
  const failed_servers =
    isServers && server_id !== undefined ? [...new Set([...state.failed_servers, server_id])] : state.failed_servers
  return { ...state, status: 'queued', failures: state.failures + (counts ? 1 : 0), failed_servers, error }
}

export function evolve(state: State, event: Event): State {
  if (event.type === 'InferenceRequested') {
    return { status: 'queued', attempt: 0, failures: 0, failed_servers: [], ...event.data }
  }
  if (state.status === 'unknown') return state
  switch (event.type) {
    case 'InferenceStarted': {
      const { server_id: _, error: __, ...rest } = state
      const { attempt, worker, server_id, started_at } = event.data
      return { ...rest, status: 'running', attempt, worker, started_at, ...(server_id !== undefined && { server_id }) }
    }
    case 'InferenceAttemptFailed': {
      const { cause, reason } = event.data
      return afterFailure(state, {
        error: reason,
        isServers: cause === 'server',
        counts: cause !== 'worker_stopped',
      })
    }
    case 'InferenceTimedOut':
      return afterFailure(state, { error: 'The worker went silent', isServers: true, counts: true })
    case 'InferenceCompleted': {
      const { result, stored_result, model_version, completed_at } = event.data
      return {
        ...state,
        status: 'succeeded',
        model_version,
        finished_at: completed_at,
        ...(result !== undefined && { result }),
        ...(stored_result !== undefined && { stored_result }),
      }
    }
    case 'InferenceFailed':
      return { ...state, status: 'failed', error: event.data.reason, finished_at: event.data.failed_at }
    case 'InferenceCancelled':
      return { ...state, status: 'cancelled', finished_at: event.data.cancelled_at }
    case 'InferenceRetried': {
      const { error: _, finished_at: __, ...again } = state
      return { ...again, status: 'queued', failures: 0, failed_servers: [] }
    }
  }
}

export function known(state: State): Known {
  if (state.status === 'unknown') throw new Refusal('inference-job-unknown', 'No such inference job')
  return state
}

/** What the id of a job follows from: of each recording there is one that each model does by itself, and others, by their number. */
export const slots = {
  automatic: ({ upload_id, model }: { upload_id: string; model: string }) =>
    ['inference-job', upload_id, 'automatic', model] as const,
  numbered: ({ upload_id }: { upload_id: string }, number: number) =>
    ['inference-job', upload_id, String(number)] as const,
}

export const request =
  (data: Extract<Event, { type: 'InferenceRequested' }>['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'InferenceRequested', data }] : []

const decisions = jobDecisions<'Inference', State, Event>('Inference', known)

export const { start, attemptFailed, complete, fail, timeOut, cancel } = decisions

/** Once more, in the same place of the queue. */
export const retry =
  (data: { retried_at: string }): Decision<State, Event> =>
  (state) => {
    const { model, model_version, priority } = known(state)
    const wanted = model_version !== undefined && { model_version }
    return decisions.retry({ model, ...wanted, priority, ...data })(state)
  }

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
