import { setTimeout as delay } from 'node:timers/promises'
import type { Bus } from '../ops/platform/bus.ts'
import type { Log } from '../ops/platform/log.ts'
import { goneAfterMs, type OpenJobs } from './openJobs.ts'

export interface DispatchDeps {
  jobs: OpenJobs
  bus: Bus
  log: Log
  signal: AbortSignal
  /** So many jobs of one facility, in each of its lanes, wait in JetStream at once; the rest wait in the log. */
  share?: number
  reconcileEveryMs?: number
  /** A worker that was not heard of for so long has lost what it had in hand. */
  goneMs?: number
}

/** So many are sent before the first answer is waited for. */
const atOnce = 64

/** What is open in one lane of a facility: not yet in JetStream, and waiting there. Who runs is in neither. */
interface Queue {
  unpublished: Waiting
  waiting: Set<string>
}

/**
 * Keeps messages in JetStream for the open jobs of the log: of each facility the most urgent, of these the oldest, and one of each in turn, so
 * that nobody waits behind all that another one has asked for. The log is the truth: what JetStream has lost is published
 * again. Several instances may do the same; a subject holds one message.
 */
export async function runDispatch(
  kind: string,
  { jobs, bus, log, signal, share = 16, reconcileEveryMs = 2000, goneMs = goneAfterMs }: DispatchDeps,
): Promise<void> {
  const queues = new Map<string, Queue>()
  const keyOf = new Map<string, string>()
  let filling: Promise<void> | undefined
  let isDirty = false

  function queueOf(key: string): Queue {
    let queue = queues.get(key)
    if (!queue) queues.set(key, (queue = { unpublished: waitingByUrgency(), waiting: new Set() }))
    return queue
  }

  function place(id: string) {
    const job = jobs.jobs.get(id)
    const key = job ? `${job.facility_id}/${job.lane}` : keyOf.get(id)
    if (key === undefined) return
    const queue = queueOf(key)
    if (!job || job.running) {
      queue.unpublished.delete(id)
      queue.waiting.delete(id)
    }
    // A message that a failed attempt leaves behind is still there; were it not, reconciling would tell.
    else if (keyOf.has(id)) queue.waiting.add(id)
    else queue.unpublished.add(id, job.urgency)
    if (job) keyOf.set(id, key)
    else keyOf.delete(id)
    if (queue.unpublished.isEmpty() && queue.waiting.size === 0) queues.delete(key)
  }

  /** One of each, then the next of each, until all have their share, or so many that they are sent first. */
  function take(): { id: string; queue: Queue }[] {
    const taken: { id: string; queue: Queue }[] = []
    for (let isMore = true; isMore && taken.length < atOnce;) {
      isMore = false
      for (const queue of queues.values()) {
        const id = queue.unpublished.first()
        if (id === undefined || queue.waiting.size >= share || taken.length >= atOnce) continue
        queue.unpublished.delete(id)
        queue.waiting.add(id)
        taken.push({ id, queue })
        isMore = true
      }
    }
    return taken
  }

  /** In the order in which they were taken: JetStream keeps what one connection sends in order. */
  async function fillOnce() {
    for (let taken = take(); taken.length > 0 && !signal.aborted; taken = take()) {
      const sent = await Promise.allSettled(
        taken.map(async ({ id }) => {
          const job = jobs.jobs.get(id)
          if (job && !job.running) await publish(id, job.opened)
        }),
      )
      const failed = sent.flatMap((one, i) =>
        one.status === 'rejected' ? [{ ...taken[i]!, error: one.reason as Error }] : [],
      )
      for (const { id, queue } of failed.toReversed()) {
        queue.waiting.delete(id)
        putBack(queue.unpublished, [id])
      }
      if (failed.length > 0) throw failed[0]!.error
    }
  }

  const putBack = (unpublished: Waiting, ids: readonly string[]) => {
    for (const id of ids.toReversed()) {
      const job = jobs.jobs.get(id)
      if (job) unpublished.putBack(id, job.urgency)
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

interface Waiting {
  add(id: string, urgency: number): void
  /** In front of all others that are as urgent: it is older. */
  putBack(id: string, urgency: number): void
  delete(id: string): void
  /** Of the most urgent the oldest. */
  first(): string | undefined
  isEmpty(): boolean
}

function waitingByUrgency(): Waiting {
  const byUrgency = new Map<number, Set<string>>()
  const most = () => [...byUrgency.keys()].reduce((most, urgency) => Math.max(most, urgency), -Infinity)
  return {
    add: (id, urgency) => void byUrgency.set(urgency, (byUrgency.get(urgency) ?? new Set()).add(id)),
    putBack: (id, urgency) => void byUrgency.set(urgency, new Set([id, ...(byUrgency.get(urgency) ?? [])])),
    delete: (id) => {
      for (const [urgency, ids] of byUrgency) if (ids.delete(id) && ids.size === 0) byUrgency.delete(urgency)
    },
    first: () => byUrgency.get(most())?.values().next().value,
    isEmpty: () => byUrgency.size === 0,
  }
}
