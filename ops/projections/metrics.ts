import { setTimeout as delay } from 'node:timers/promises'
import { type Status, type StatusDeps, statusReader } from '../../read-api/projections.ts'
import type { Metrics } from '../platform/metrics.ts'
import { ProjectionStatus } from '../platform/shapes/projections.ts'

/**
 * Where every version of every read model stands, and whether the servers that know it answer. What cannot be learnt now is left out, never told
 * as it once was.
 * @param opened the connections, once there are any; servers that are waited for at the start are not up
 * @param waitMs for a server to answer; a scraper waits ten seconds, as it comes
 */
export function measureProjections(metrics: Metrics, opened: () => StatusDeps | undefined, waitMs = 2000): void {
  const up = metrics.gauge('server_up', 'Whether the server answered in time.', ['server'])
  const tell = projectionGauges(metrics)
  let look: ReturnType<typeof looking> | undefined
  metrics.beforeScrape(async () => {
    const deps = opened()
    if (deps) look ??= looking(deps, waitMs)
    const { postgres, eventStore, found } = look ? await look() : {}
    up.set({ server: 'postgres' }, postgres ? 1 : 0)
    up.set({ server: 'event_store' }, eventStore ? 1 : 0)
    tell(found ?? [])
  })
}

function projectionGauges(metrics: Metrics): (found: readonly Status[]) => void {
  const of = ['projection', 'version'] as const
  const gauge = (name: string, help: string) => metrics.gauge(`projection_${name}`, help, of)
  const state = metrics.gauge('projection_state', '1 for the state that the version is in.', [...of, 'state'])
  const serving = gauge('serving', 'Whether readers see this version.')
  const position = gauge('position', 'The position of the log that it has been folded to.')
  const events = gauge('lag_events', 'Events that it has not applied: counted up to 10000, of a build estimated.')
  const secs = gauge('lag_seconds', 'How long ago the first event happened that it has not applied.')
  const pace = gauge('events_per_second', 'While it is built: events folded a second.')

  return (found) => {
    for (const each of [state, serving, position, events, secs, pace]) each.reset()
    for (const one of found) {
      const labels = { projection: one.name, version: one.version }
      for (const each of ProjectionStatus.shape.state.options)
        state.set({ ...labels, state: each }, each === one.state ? 1 : 0)
      serving.set(labels, one.serving ? 1 : 0)
      if (one.position !== null) position.set(labels, Number(one.position))
      if (one.lag_events !== null) events.set(labels, one.lag_events)
      if (one.lag_secs !== null) secs.set(labels, one.lag_secs)
      if (one.events_per_sec !== null) pace.set(labels, one.events_per_sec)
    }
  }
}

/** Asks all at the same time. To count how far a read model is behind may take a little longer than to say that one is there. */
function looking({ database, store }: StatusDeps, waitMs: number) {
  const statuses = statusReader({ database, store })
  const headOf = patiently(waitMs, async () => ({ position: await store.head() }))
  const alive = patiently(waitMs, () => database.query('select 1'))
  const statusesOf = patiently(2.5 * waitMs, (head: Promise<bigint | undefined>) => statuses(head))
  return async () => {
    const head = headOf()
    const position = head.then((found) => (found ? found.position : Promise.reject(new Error('away'))))
    position.catch(() => undefined) // Where nobody asks with it, since the last question is still open.
    const [eventStore, postgres, found] = await Promise.all([head, alive(), statusesOf(position)])
    return { eventStore, postgres, found }
  }
}

/**
 * Undefined where no answer comes in time, or an error. What has not been answered yet is not asked again: questions to a silent server must
 * not pile up.
 */
function patiently<Args extends unknown[], T>(waitMs: number, ask: (...args: Args) => Promise<T>) {
  let asked: Promise<T | undefined> | undefined
  return async (...args: Args): Promise<T | undefined> => {
    asked ??= ask(...args)
      .catch(() => undefined)
      .finally(() => (asked = undefined))
    const cancel = new AbortController()
    const late = delay(waitMs, undefined, { signal: cancel.signal }).catch(() => undefined)
    return Promise.race([asked, late]).finally(() => cancel.abort())
  }
}
