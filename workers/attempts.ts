import { handle, lastSeen, load } from '../commands/handle.ts'
import { originOf, systemIntent } from '../commands/http.ts'
import { type Attempts, gaveUp, isExhausted, isOpen } from '../domain/attempts.ts'
import type { AnyEvent, Decider, Decision } from '../domain/decider.ts'
import { Refusal } from '../domain/refusal.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { traceHeaders } from '../ops/platform/tracing.ts'
import type { Reaped } from './reaper.ts'
import type { Attempt, Cause } from './runner.ts'

type Unknown = { status: 'unknown' }

/** A kind of job, and what is decided of each. */
interface Jobs<State, Event extends AnyEvent> extends Decider<State, Event> {
  start(data: { attempt: number; worker: string; server_id?: string; started_at: string }): Decision<State, Event>
  attemptFailed(data: { attempt: number; cause: Cause; reason: string; failed_at: string }): Decision<State, Event>
  fail(data: { reason: string; failed_at: string }, attempt?: number): Decision<State, Event>
  timeOut(data: { attempt: number; timed_out_at: string }): Decision<State, Event>
}

/** An attempt, and what its events inherit of the request it came from. */
export interface Begun extends Attempt {
  origin: ReturnType<typeof originOf>
}

export interface AttemptsDeps {
  store: EventStore
  /** Names this worker in the log. */
  worker: string
  /** ISO text. */
  now: () => string
}

/** What a worker writes to the streams of one kind of job, in the name of its attempts. */
export function attemptsAt<State extends (Attempts & object) | Unknown, Event extends AnyEvent>(
  kind: string,
  jobs: Jobs<State, Event>,
  { store, worker, now }: AttemptsDeps,
) {
  type Known = Exclude<State, Unknown>

  const intent = ({ id, attempt, origin }: Omit<Begun, 'revision'>, step: string) => ({
    ...systemIntent(kind, id, String(attempt), worker, step),
    ...origin,
    ...traceHeaders(),
  })

  /** What the next attempt would be of; undefined when there is none: the job is over, or is ended here since too many have failed. */
  async function next(id: string): Promise<(Omit<Begun, 'revision'> & { state: Known }) | undefined> {
    const last = lastSeen(store, jobs, id)
    const { state, origin } = last && isStartable(last.state) ? last : await load(store, jobs, id)
    if (state.status === 'unknown' || !isOpen(state)) return undefined
    const job = { id, attempt: (state as Known).attempt + 1, origin: originOf(origin!) }
    if (!isExhausted(state)) return { ...job, state: state as Known }
    await end(job, gaveUp)
    return undefined
  }

  /** Ends the job before the attempt has begun. */
  async function end(job: Omit<Begun, 'revision'>, reason: string): Promise<void> {
    await handle(store, jobs, job.id, jobs.fail({ reason, failed_at: now() }), intent(job, 'end'))
  }

  const isStartable = (state: State) => state.status === 'queued' && !isExhausted(state)

  /** Records that the attempt begins, or the one after those that others have begun meanwhile; gives which, and the revision of that. */
  async function start(
    job: Omit<Begun, 'revision'>,
    at: { server_id?: string } = {},
  ): Promise<{ attempt: number; revision: number }> {
    const { attempt } = job
    const started = jobs.start({ attempt, worker, ...at, started_at: now() })
    try {
      return { attempt, revision: (await handle(store, jobs, job.id, started, intent(job, 'start'))).revision }
    } catch (error) {
      const { state } = await load(store, jobs, job.id)
      const isNext = error instanceof Refusal && isStartable(state) && (state as Known).attempt >= attempt
      if (!isNext) throw error
      return start({ ...job, attempt: (state as Known).attempt + 1 }, at)
    }
  }

  async function failed(job: Begun, cause: Cause, reason: string): Promise<void> {
    const decision = jobs.attemptFailed({ attempt: job.attempt, cause, reason, failed_at: now() })
    await handle(store, jobs, job.id, decision, intent(job, 'failed'))
  }

  async function giveUp(job: Begun, reason: string): Promise<void> {
    const decision = jobs.fail({ reason, failed_at: now() }, job.attempt)
    await handle(store, jobs, job.id, decision, intent(job, 'give-up'))
  }

  const timeOut: Reaped['timeOut'] = async (id, attempt) => {
    const { origin } = await load(store, jobs, id)
    const about = { ...systemIntent('reaper', id, String(attempt)), ...(origin && originOf(origin)) }
    await handle(store, jobs, id, jobs.timeOut({ attempt, timed_out_at: now() }), about)
  }

  const complete = (job: Begun, decision: Decision<State, Event>) =>
    handle(store, jobs, job.id, decision, intent(job, 'complete'))

  return { intent, next, end, start, failed, giveUp, timeOut, complete }
}

/** So long what was told to stop may take to clean up after itself; what hangs is left behind. */
const cleaningMs = 2000

/** Does the work within so many milliseconds, or says that it took too long; ends soon after the signal, whatever the work waits for. */
export async function within<T>(
  limitMs: number,
  what: string,
  stopped: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(limitMs)
  const signal = AbortSignal.any([stopped, limit])
  let hangs: ReturnType<typeof setTimeout> | undefined
  const leftBehind = new Promise<never>((_, reject) => {
    const wait = () => (hangs = setTimeout(() => reject(signal.reason as Error), cleaningMs))
    if (signal.aborted) wait()
    else signal.addEventListener('abort', wait, { once: true })
  })
  leftBehind.catch(() => undefined) // When the work was quicker.
  try {
    return await Promise.race([work(signal), leftBehind])
  } catch (error) {
    if (!limit.aborted || stopped.aborted) throw error
    throw new Error(`${what} took longer than ${Math.round(limitMs / 1000)} s`, { cause: error })
  } finally {
    clearTimeout(hangs)
  }
}
