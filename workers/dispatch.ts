import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '../ops/platform/bus.ts'
import type { Log } from '../ops/platform/log.ts'
import { goneAfterMs, type OpenJobs } from './openJobs.ts'

export interface DispatchDeps {
  jobs: OpenJobs
  bus: Bus
  log: Log
  signal: AbortSignal
  /** So many jobs of one facility wait in JetStream at once; the rest wait in the log. */
  share?: number
  reconcileEveryMs?: number
  /** A worker that was not heard of for so long has lost what it had in hand. */
  goneMs?: number
}

/** What is open of one facility, oldest first: not yet in JetStream, and waiting there. Who runs is in neither. */
interface Queue {
  unpublished: Set<string>
  waiting: Set<string>
}

/**
 * Keeps messages in JetStream for the open jobs of the log: of each facility the oldest, and one of each facility in turn, so
 * that nobody waits behind all that another one has asked for. The log is the truth: what JetStream has lost is published
 * again. Several instances may do the same; a subject holds one message.
 */
export async function runDispatch(
  kind: string,
  { jobs, bus, log, signal, share = 16, reconcileEveryMs = 2000, goneMs = goneAfterMs }: DispatchDeps,
): Promise<void> {
  const queues = new Map<string, Queue>()
  const facilityOf = new Map<string, string>()
  let filling: Promise<void> | undefined
  let isDirty = false

  function queueOf(facility: string): Queue {
    let queue = queues.get(facility)
    if (!queue) queues.set(facility, (queue = { unpublished: new Set(), waiting: new Set() }))
    return queue
  }

  function place(id: string) {
    const job = jobs.jobs.get(id)
    const facility = job?.facility_id ?? facilityOf.get(id)
    if (facility === undefined) return
    const queue = queueOf(facility)
    if (!job || job.running) {
      queue.unpublished.delete(id)
      queue.waiting.delete(id)
    }
    // A message that a failed attempt leaves behind is still there; were it not, reconciling would tell.
    else if (facilityOf.has(id)) queue.waiting.add(id)
    else queue.unpublished.add(id)
    if (job) facilityOf.set(id, facility)
    else facilityOf.delete(id)
    if (queue.unpublished.size + queue.waiting.size === 0) queues.delete(facility)
  }

  /** One of each facility, then the next of each, until all have their share. */
  async function fillOnce() {
    for (let isMore = true; isMore && !signal.aborted;) {
      isMore = false
      for (const { unpublished, waiting } of [...queues.values()]) {
        const [id] = unpublished
        if (id === undefined || waiting.size >= share) continue
        unpublished.delete(id)
        waiting.add(id)
        try {
          const job = jobs.jobs.get(id)
          if (job && !job.running) await publish(id, job.opened)
        } catch (error) {
          waiting.delete(id)
          if (jobs.jobs.has(id)) putBack(unpublished, [id])
          throw error
        }
        isMore = true
      }
    }
  }

  const publish = (id: string, opened: number) => bus.publish(`jobs.${kind}.${id}`, `${id}:${opened}:${Date.now()}`)

  /** One at a time; what changes meanwhile is seen to right after. */
  function fill(): Promise<void> {
    if (!jobs.isCaughtUp()) return Promise.resolve()
    isDirty = true
    filling ??= (async () => {
      try {
        while (isDirty) {
          isDirty = false
          await fillOnce()
        }
      } finally {
        filling = undefined
      }
    })()
    return filling
  }
  const tryToFill = () =>
    void fill().catch((error: unknown) => log.warn({ error, kind }, 'could not publish; reconciling will'))

  /** Publishes again what JetStream no longer has, but for what a living worker has in hand. */
  async function reconcile() {
    if (!jobs.isCaughtUp()) return
    const there = await bus.waiting(kind)
    const isMissing = (id: string) => !there.has(`jobs.${kind}.${id}`)
    for (const { unpublished, waiting } of queues.values()) {
      const lost = [...waiting].filter(isMissing)
      for (const id of lost) waiting.delete(id)
      putBack(unpublished, lost)
    }
    for (const { id, running, opened } of jobs.jobs.values())
      if (running && isMissing(id) && jobs.silentMs(id) > goneMs) await publish(id, opened)
    await fill()
  }

  jobs.onChange((id) => {
    if (id !== undefined) place(id)
    tryToFill()
  })
  for (const id of jobs.jobs.keys()) place(id)
  tryToFill()
  while (!signal.aborted) {
    await delay(reconcileEveryMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    await reconcile().catch((error: unknown) => log.warn({ error, kind }, 'JetStream is away; jobs wait in the log'))
  }
}

/** In front of all others: they are the oldest. */
function putBack(unpublished: Set<string>, ids: readonly string[]) {
  if (ids.length === 0) return
  const behind = [...unpublished]
  unpublished.clear()
  for (const id of [...ids, ...behind]) unpublished.add(id)
}
