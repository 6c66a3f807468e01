import { splitStream } from '../../domain/decider.ts'
import type { Freshness } from '../../read-api/freshness.ts'
import type { ServerFleet } from '../../workers/inferenceServers.ts'
import type { Attempt, Task } from '../../workers/runner.ts'
import type { Database } from '../platform/database.ts'
import type { EventStore } from '../platform/eventStore.ts'
import { RevisionConflict } from '../platform/eventStoreErrors.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Objects } from '../platform/objects.ts'
import type { Passwords } from '../platform/passwords.ts'
import type { Connections } from './connections.ts'

const secs = (since: number) => (performance.now() - since) / 1000
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Counts what one process does over its connections. All of its parts use the same ones: what is remembered of a log goes by its store. */
export interface Measured {
  metrics: Metrics
  connections: Connections
  /** From then on how long it takes from an append until the read models have it. */
  watch(freshness: Freshness): void
}

export function measured(connections: Connections, metrics: Metrics): Measured {
  const visibility = watchingVisibility(metrics, connections.lifecycle.stopping)
  const store = measuredStore(connections.store, metrics, visibility.appended)
  const objects = measuredObjects(connections.objects, metrics)
  return { metrics, connections: { ...connections, store, objects }, watch: visibility.watch }
}

function measuredStore(store: EventStore, metrics: Metrics, onAppended: (position: bigint) => void): EventStore {
  const events = metrics.counter('events_appended_total', 'Events that are durable, by the category of their stream.', [
    'category',
  ])
  const conflicts = metrics.counter(
    'append_conflicts_total',
    'Appends that found their stream changed, and were decided again.',
    ['category'],
  )
  const took = metrics.histogram('append_duration_seconds', 'From an append to its answer.', [], buckets)
  const append: EventStore['append'] = async (stream, added, expected) => {
    const [category] = splitStream(stream)
    const began = performance.now()
    try {
      const done = await store.append(stream, added, expected)
      took.observe(secs(began))
      events.inc({ category }, added.length)
      onAppended(done.position)
      return done
    } catch (error) {
      if (error instanceof RevisionConflict) conflicts.inc({ category })
      throw error
    }
  }
  return { ...store, append }
}

function measuredObjects(objects: Objects, metrics: Metrics): Objects {
  const bytes = metrics.counter('object_bytes_stored_total', 'Bytes that were put into the object store.')
  return {
    ...objects,
    put: async (...what) => {
      const stored = await objects.put(...what)
      bytes.inc(stored.size_bytes)
      return stored
    },
  }
}

/** So many answers at a time are watched until they can be read. */
const mostWatched = 100

function watchingVisibility(metrics: Metrics, signal: AbortSignal) {
  const took = metrics.histogram(
    'append_visible_seconds',
    'From the answer to an append until the read models had it; of many at once a sample.',
    [],
    buckets,
  )
  let watching: Freshness | undefined
  let watched = 0
  return {
    watch: (freshness: Freshness) => void (watching = freshness),
    appended: (position: bigint) => {
      if (!watching || watched >= mostWatched) return
      watched++
      const began = performance.now()
      watching
        .waitFor(position, [], signal)
        // What is late, or never comes, took at least so long.
        .catch(() => undefined)
        .finally(() => {
          watched--
          if (!signal.aborted) took.observe(secs(began))
        })
    },
  }
}

/** Jobs that are open, by state, and since when the oldest is: as the read models have it. */
export function measureJobs(database: Database, metrics: Metrics): void {
  const of = ['kind', 'state'] as const
  const open = metrics.gauge('jobs_open', 'Jobs that wait or run.', of)
  const oldest = metrics.gauge('jobs_oldest_seconds', 'How long ago the oldest of them was asked for.', of)
  const ofKind = (kind: string) =>
    `select '${kind}' as kind, status, count(*)::int as jobs, extract(epoch from now() - min(requested_at))::float as secs
       from ${kind}_jobs where status in ('queued', 'running') group by status`
  metrics.beforeScrape(async () => {
    const asked = database.query<{ kind: string; status: string; jobs: number; secs: number }>(
      `${ofKind('transcode')} union all ${ofKind('inference')}`,
    )
    const found = await asked.then(({ rows }) => rows).catch(() => undefined)
    open.reset()
    oldest.reset()
    if (!found) return
    for (const kind of ['transcode', 'inference'])
      for (const state of ['queued', 'running']) {
        const row = found.find((one) => one.kind === kind && one.status === state)
        open.set({ kind, state }, row?.jobs ?? 0)
        oldest.set({ kind, state }, row?.secs ?? 0)
      }
  })
}

/** Counts the attempts of tasks of any kind by how they end: gives each with that added. */
export function attemptsIn(metrics: Metrics): <Job extends Attempt, T extends Task<Job>>(task: T & Task<Job>) => T {
  const ended = metrics.counter('job_attempts_total', 'Attempts at jobs that this process has ended, and how.', [
    'kind',
    'outcome',
  ])
  const took = metrics.histogram(
    'job_attempt_seconds',
    'How long those took that did the job.',
    ['kind'],
    [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800],
  )
  return (task) => {
    const { kind } = task
    return {
      ...task,
      perform: async (job, signal) => {
        const began = performance.now()
        await task.perform(job, signal)
        took.observe({ kind }, secs(began))
        ended.inc({ kind, outcome: 'done' })
      },
      failed: async (job, cause, reason) => {
        await task.failed(job, cause, reason)
        ended.inc({ kind, outcome: cause })
      },
      giveUp: async (job, reason) => {
        await task.giveUp(job, reason)
        ended.inc({ kind, outcome: 'given_up' })
      },
    } as typeof task
  }
}

/** What this process asks of which GPU server, and which ones it leaves alone for a while. */
export function measureFleet({ places }: Pick<ServerFleet, 'places'>, metrics: Metrics): void {
  const inFlight = metrics.gauge('gpu_requests_in_flight', 'Requests of this process to the server.', ['server'])
  const ejected = metrics.gauge('gpu_server_ejected', 'Whether this process leaves it alone after a fault.', ['server'])
  metrics.beforeScrape(() => {
    for (const gauge of [inFlight, ejected]) gauge.reset()
    for (const { server, in_flight, is_ejected } of places()) {
      inFlight.set({ server }, in_flight)
      ejected.set({ server }, is_ejected ? 1 : 0)
    }
    return Promise.resolve()
  })
}

/** Logins and other passwords that wait to be compared. */
export function measurePasswords({ waiting }: Pick<Passwords, 'waiting'>, metrics: Metrics): void {
  const queue = metrics.gauge('passwords_waiting', 'Passwords that wait to be compared or hashed.', [])
  metrics.beforeScrape(() => Promise.resolve(queue.set(waiting())))
}
