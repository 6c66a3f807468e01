import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../domain/refusal.ts'
import { ackWaitMs, type Bus, type Delivery } from '../ops/platform/bus.ts'
import type { Log } from '../ops/platform/log.ts'
import { spanned } from '../ops/platform/tracing.ts'
import { aliveSubject, type OpenJobs } from './openJobs.ts'

/** A failure that another attempt would meet again; its message is for the person who reads the job. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure'
}

/** There is nothing to try it with yet: the job stays as it is, and comes again after so many milliseconds. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
  readonly afterMs: number

  constructor(message: string, afterMs: number) {
    super(message)
    this.afterMs = afterMs
  }
}

/** `server`: another than the one that it was tried with may do better. `worker_stopped`: nobody's fault, and it does not count. */
export type Cause = 'fault' | 'server' | 'worker_stopped'

/** What the runner must know of one. */
export interface Attempt {
  id: string
  attempt: number
  /** Of the job's stream, once this attempt had begun. */
  revision: number
  /** Of the request that it came from. */
  origin?: { traceparent?: string }
}

/** One kind of job. The runner owns deliveries, heartbeats, back-off and attempts; the task owns what is done and what is recorded. */
export interface Task<Job extends Attempt> {
  kind: string
  /** Records the start of the next attempt; undefined when there is nothing left to do. Throws NotYet, also once the signal says so. */
  begin(id: string, signal: AbortSignal): Promise<Job | undefined>
  /** Does the work and records its completion. Must end soon after the signal. */
  perform(job: Job, signal: AbortSignal): Promise<void>
  /** Records an attempt that may be repeated. */
  failed(job: Job, cause: Cause, reason: string): Promise<void>
  /** What was at fault, and after how many milliseconds it is tried again; absent: the job, after longer each time. */
  blame?(job: Job, error: Error): { cause: Cause; afterMs: number } | undefined
  /** Records the end of the job. */
  giveUp(job: Job, reason: string): Promise<void>
}

export interface RunnerOptions {
  bus: Bus
  /** Tells which attempts were taken away: cancelled, timed out, or begun by another. */
  jobs: Pick<OpenJobs, 'watch'>
  slots: number
  log: Log
  signal: AbortSignal
}

const backoffMs = (attempt: number) => Math.min(1000 * 2 ** (attempt - 1), 60_000)

/** Works on jobs, `slots` at a time, until the signal; then hands over what is in hand and resolves. */
export async function runJobs<Job extends Attempt>(task: Task<Job>, options: RunnerOptions): Promise<void> {
  await Promise.all(Array.from({ length: options.slots }, () => slot(task, options)))
}

async function slot<Job extends Attempt>(task: Task<Job>, options: RunnerOptions): Promise<void> {
  const { bus, log, signal } = options
  while (!signal.aborted) {
    try {
      const delivery = await bus.next(task.kind, signal)
      if (delivery) await work(task, delivery, options)
    } catch (error) {
      if (signal.aborted) return
      log.warn({ error, kind: task.kind }, 'no jobs can be fetched right now')
      await delay(500, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function work<Job extends Attempt>(
  task: Task<Job>,
  delivery: Delivery,
  { bus, jobs, log, signal }: RunnerOptions,
) {
  const id = delivery.subject.split('.').at(-1)!
  const context = { kind: task.kind, job: id }
  const watch = jobs.watch(id)
  let job: Job | undefined
  const heartbeat = setInterval(() => {
    delivery.working()
    if (job) bus.tell(aliveSubject(task.kind, id), { attempt: job.attempt })
  }, ackWaitMs / 3)
  try {
    const begun = (job = await task.begin(id, signal))
    if (begun) {
      const { revision, attempt, origin } = begun
      watch.from(revision)
      const attributes = { 'xylolabs.job.id': id, 'xylolabs.job.attempt': attempt }
      const ending = AbortSignal.any([signal, watch.signal])
      await spanned(`${task.kind} attempt`, { parent: origin?.traceparent, attributes }, () =>
        task.perform(begun, ending),
      )
    }
  } catch (error) {
    const isTaken = watch.signal.aborted
    if (isTaken) log.info({ ...context }, 'a job was cancelled, or taken over by another worker')
    const failure = isTaken ? new Refusal('attempt-superseded', 'The job was taken from this worker') : (error as Error)
    await settle(task, delivery, job, failure, signal).catch((unrecorded: unknown) => {
      log.error(
        { ...context, error: unrecorded },
        'the outcome of a job could not be recorded; it will be delivered again',
      )
      delivery.again(5000)
    })
    const isExpected = failure instanceof Refusal || failure instanceof NotYet || signal.aborted
    if (!isExpected) log.warn({ ...context, error }, 'an attempt at a job failed')
    return
  } finally {
    clearInterval(heartbeat)
    watch.end()
  }
  delivery.ack()
}

async function settle<Job extends Attempt>(
  task: Task<Job>,
  delivery: Delivery,
  job: Job | undefined,
  error: Error,
  signal: AbortSignal,
): Promise<void> {
  // Superseded: whoever holds the job now will report; dispatch brings it back if nobody does.
  if (error instanceof Refusal) return delivery.ack()
  if (error instanceof NotYet) return delivery.again(error.afterMs)
  if (!job) return delivery.again(1000)
  if (error instanceof PermanentFailure) {
    await task.giveUp(job, error.message)
    return delivery.ack()
  }
  if (signal.aborted) {
    await task.failed(job, 'worker_stopped', 'The worker was stopped')
    return delivery.again(0)
  }
  const { cause, afterMs } = task.blame?.(job, error) ?? { cause: 'fault', afterMs: backoffMs(job.attempt) }
  await task.failed(job, cause, error.message)
  delivery.again(afterMs)
}
