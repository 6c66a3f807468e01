import type { AnyEvent, Decision } from './decider.ts'
import { Refusal } from './refusal.ts'

// What every kind of job has in common: it waits, is tried by one worker at a time, and ends once.
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

/** `attempt` counts starts and never goes down, so that late results lose; `failures` counts since the last retry. */
export interface Attempts {
  status: JobStatus
  attempt: number
  failures: number
  worker?: string
}

export const maxAttempts = 5

/** Nothing was recorded yet. */
type Unknown = { status: 'unknown' }

export const isOpen = ({ status }: { status: string }) => status === 'queued' || status === 'running'

/** No further attempt: too many have failed, the one that went silent included. */
export const isExhausted = (job: Attempts | Unknown) =>
  job.status !== 'unknown' && job.failures + (job.status === 'running' ? 1 : 0) >= maxAttempts

/**
 * Attempts are fenced: only the one that runs now may report. False when this very report was made before; throws when
 * another attempt holds the job, or none.
 */
export function mayReport({ attempt, status }: Attempts, reporting: number, settled: JobStatus): boolean {
  if (attempt === reporting && status === 'running') return true
  if (attempt === reporting && status === settled) return false
  throw superseded(`Attempt ${reporting} no longer holds this job`)
}

/** What beginning an attempt takes: nothing when this worker holds it already, or timing out one that went silent. */
function beginning(job: Attempts, by: { attempt: number; worker: string }): 'again' | 'first' | 'over-silent' {
  const { status, attempt, worker } = job
  if (status === 'running' && attempt === by.attempt && worker === by.worker) return 'again'
  if (!isOpen(job) || attempt >= by.attempt) throw superseded(`The job is ${status}, at attempt ${attempt}`)
  return status === 'queued' ? 'first' : 'over-silent'
}

const superseded = (message: string) => new Refusal('attempt-superseded', message)

/** Whether there is anything to cancel. */
function mayCancel({ status }: Attempts): boolean {
  if (status === 'queued' || status === 'running') return true
  if (status === 'cancelled') return false
  throw new Refusal(
    'job-over',
    `There is nothing to cancel: the job ${status === 'failed' ? 'failed' : 'has succeeded'}`,
  )
}

/** Whether it has to be opened again. */
function mayRetry({ status }: Attempts): boolean {
  if (status === 'succeeded') throw new Refusal('job-over', 'There is nothing to retry: the job has succeeded')
  return status === 'failed' || status === 'cancelled'
}

/** Why a job ends that has failed too often. */
export const gaveUp = `Gave up after ${maxAttempts} attempts`

/** What an event of this kind of job says, without whose job it is. */
type DataOf<Event extends AnyEvent, Type extends string> = Omit<Extract<Event, { type: Type }>['data'], 'upload_id'>

/**
 * What is decided of a job of either kind, whose events are called `<Kind>Started` and so on.
 * @param known throws where there is no such job
 */
export function jobDecisions<Kind extends string, State, Event extends AnyEvent>(
  kind: Kind,
  known: (state: State) => Attempts & { upload_id: string },
) {
  const event = (what: string, { upload_id }: { upload_id: string }, data: object) =>
    ({ type: `${kind}${what}`, data: { upload_id, ...data } }) as unknown as Event
  const decided =
    (decide: (job: Attempts & { upload_id: string }) => readonly Event[]): Decision<State, Event> =>
    (state) =>
      decide(known(state))

  return {
    /** A job whose worker went silent is delivered again while it still says `running`: that attempt is timed out first. */
    start: (data: DataOf<Event, `${Kind}Started`> & { attempt: number; worker: string; started_at: string }) =>
      decided((job) => {
        const how = beginning(job, data)
        if (how === 'again') return []
        const started = event('Started', job, data)
        if (how === 'first') return [started]
        return [event('TimedOut', job, { attempt: job.attempt, timed_out_at: data.started_at }), started]
      }),
    attemptFailed: (data: DataOf<Event, `${Kind}AttemptFailed`> & { attempt: number }) =>
      decided((job) => (mayReport(job, data.attempt, 'queued') ? [event('AttemptFailed', job, data)] : [])),
    complete: (data: DataOf<Event, `${Kind}Completed`> & { attempt: number }) =>
      decided((job) => (mayReport(job, data.attempt, 'succeeded') ? [event('Completed', job, data)] : [])),
    /** Ends the job; with an attempt, only in the name of the one that runs now. */
    fail: (data: DataOf<Event, `${Kind}Failed`>, attempt?: number) =>
      decided((job) => {
        const holds = attempt === undefined ? isOpen(job) : mayReport(job, attempt, 'failed')
        return holds ? [event('Failed', job, data)] : []
      }),
    /** The worker that has gone silent loses its attempt; the job waits for the next, or ends when that was the last. */
    timeOut: (data: DataOf<Event, `${Kind}TimedOut`> & { attempt: number; timed_out_at: string }) =>
      decided((job) => {
        if (job.status !== 'running' || job.attempt !== data.attempt) return []
        const timedOut = event('TimedOut', job, data)
        if (!isExhausted(job)) return [timedOut]
        const reason = `${gaveUp}: the last worker went silent`
        return [timedOut, event('Failed', job, { reason, failed_at: data.timed_out_at })]
      }),
    cancel: (data: DataOf<Event, `${Kind}Cancelled`>) =>
      decided((job) => (mayCancel(job) ? [event('Cancelled', job, data)] : [])),
    /** Once more, with as many attempts as at first. */
    retry: (data: DataOf<Event, `${Kind}Retried`>) =>
      decided((job) => (mayRetry(job) ? [event('Retried', job, data)] : [])),
  }
}
