import type { Decision, Upcast } from './decider.ts'

/**
 * Which failed jobs one command has tried again. Written before any of them is: the same command, repeated, goes on with these, whatever has failed
 * meanwhile. A stream a command.
 */
export const category = 'bulkRetry'

// These names and shapes are the storage format. Never edit one in place: see `history`.
export interface Event {
  type: 'FailedJobsChosen'
  data: {
    /** The category of their streams. */
    kind: string
    job_ids: readonly string[]
    chosen_at: string
  }
}

export type State = { status: 'unknown' } | { status: 'chosen'; job_ids: readonly string[] }

export const initial: State = { status: 'unknown' }

export const evolve = (_: State, { data: { job_ids } }: Event): State => ({ status: 'chosen', job_ids })

/** None where nothing was chosen. */
export const chosen = (state: State): readonly string[] => (state.status === 'chosen' ? state.job_ids : [])

export const choose =
  (data: Event['data']): Decision<State, Event> =>
  (state) =>
    state.status === 'unknown' ? [{ type: 'FailedJobsChosen', data }] : []

export const history: Record<Event['type'], readonly Upcast[]> = { FailedJobsChosen: [] }
