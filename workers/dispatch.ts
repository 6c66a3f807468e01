import { setTimeout as delay } from 'node:timers/promises'
import { splitStream } from '../domain/decider.ts'
import type { Bus } from '../ops/platform/bus.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'

/** How a kind of job reads in the log: which events open one and which end it. */
export interface JobKind {
  kind: string
  category: string
  opens: ReadonlySet<string>
  ends: ReadonlySet<string>
}

export const transcodes: JobKind = {
  kind: 'transcode',
  category: 'transcodeJob',
  opens: new Set(['TranscodeRequested', 'TranscodeRetried']),
  ends: new Set(['TranscodeCompleted', 'TranscodeFailed', 'TranscodeCancelled']),
}

/** So many messages wait in JetStream at once; the rest wait in the log. */
const windowSize = 1000
const reconcileEveryMs = 2000

/**
 * Keeps a message in JetStream for every open job of the log, oldest first, up to the window. The log is the truth: what
 * JetStream has lost is published again. Several instances may do the same; a subject holds one message.
 */
export async function runDispatch(
  { kind, category, opens, ends }: JobKind,
  { store, bus, log, signal }: { store: EventStore; bus: Bus; log: Log; signal: AbortSignal },
): Promise<void> {
  /** Open jobs in the order they were asked for, each with how often it was opened. */
  const open = new Map<string, number>()
  const published = new Set<string>()
  let caughtUp = false

  function apply({ stream, type, revision }: Recorded) {
    const id = splitStream(stream)[1]
    if (opens.has(type)) open.set(id, revision)
    if (ends.has(type)) {
      open.delete(id)
      published.delete(id)
    }
  }

  async function fill() {
    if (!caughtUp) return
    for (const [id, opened] of open) {
      if (published.size >= windowSize) return
      if (published.has(id)) continue
      await bus.publish(`jobs.${kind}.${id}`, `${id}:${opened}:${Date.now()}`)
      published.add(id)
    }
  }

  /** Forgets what JetStream no longer has, so that it is published again. */
  async function reconcile() {
    while (!signal.aborted) {
      await delay(reconcileEveryMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      try {
        const waiting = await bus.waiting(kind)
        for (const id of published) if (!waiting.has(`jobs.${kind}.${id}`)) published.delete(id)
        await fill()
      } catch (error) {
        log.warn({ error, kind }, 'JetStream is away; jobs wait in the log')
      }
    }
  }

  async function follow() {
    const onCaughtUp = () => {
      caughtUp = true
      void fill().catch((error: unknown) => log.warn({ error, kind }, 'could not publish; reconciling will'))
    }
    for await (const events of store.follow({ prefixes: [`${category}-`], signal, onCaughtUp })) {
      events.forEach(apply)
      await fill().catch((error: unknown) => log.warn({ error, kind }, 'could not publish; reconciling will'))
    }
  }

  await Promise.all([follow(), reconcile()])
}
