import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { handle } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import * as GpuServer from '../domain/gpuServer.ts'
import type { Log } from '../ops/platform/log.ts'
import { keyOf, lookAt, type ProbeDeps } from './gpuProbe.ts'
import { hearGpuServers, wayTo } from './gpuServersHeard.ts'

export interface HealthOptions extends ProbeDeps {
  everyMs: number
  /** The first look after one that went wrong; each further one waits twice as long, up to `everyMs`. */
  soonMs?: number
  /** ISO text. */
  now: () => string
  /** Calls the listener with the id of a server that has failed somebody, until the signal. */
  onFaults: (listener: (id: string) => void, signal: AbortSignal) => void
  log: Log
  signal: AbortSignal
}

/** A server went down so recently that it counts as flapping. */
const flappingMs = 10 * 60_000
const mostSuccesses = 5

interface Watched {
  id: string
  server: GpuServer.Server
  timer?: NodeJS.Timeout
  /** Looks in a row that found it down, and that found it up. */
  failures: number
  successes: number
  /** Models that were not ready at the last look, and had been before. */
  missed: ReadonlySet<string>
  /** When it went down lately, in milliseconds. */
  downs: Set<number>
  looking: boolean
  /** To be looked at again as soon as that is over. */
  again: boolean
}

/**
 * Looks at every server of the log now and again, and records what has changed. A new one, one that moved and one that failed somebody is looked at
 * at once. One that was up is down after two looks in a row, and a model that was ready is not ready any more after two. One that was down is up
 * after one look; one that has gone down n times in the last ten minutes, after n, five at most. Call it in one instance at a time: see `leading.ts`.
 */
export async function watchGpuServers(options: HealthOptions): Promise<void> {
  const { store, everyMs, soonMs = Math.min(1000, everyMs), now, onFaults, log, signal } = options
  const watched = new Map<string, Watched>()
  const looks = new Set<Promise<void>>()
  // Each look ends with it, and there may be many at a time.
  setMaxListeners(0, signal)

  function lookIn(one: Watched, ms: number) {
    clearTimeout(one.timer)
    if (signal.aborted || one.server.status === 'removed') return
    one.timer = setTimeout(() => {
      const look = lookOnce(one)
      looks.add(look)
      void look.finally(() => looks.delete(look))
    }, ms)
  }

  async function lookOnce(one: Watched) {
    if (one.looking) {
      one.again = true
      return
    }
    one.looking = true
    one.again = false
    let nextMs = everyMs
    try {
      const { id, server } = one
      const found = await lookAt(options, id, server, signal)
      if (wayTo(one.server) === wayTo(server)) nextMs = await judge(one, found)
      else one.again = true
    } catch (error) {
      if (!signal.aborted) log.warn({ error, server: one.id }, 'what was seen of a GPU server could not be recorded')
    } finally {
      one.looking = false
    }
    lookIn(one, one.again ? 0 : nextMs)
  }

  /** Records what is certain by now; returns in how many milliseconds to look again. */
  async function judge(one: Watched, found: GpuServer.Found): Promise<number> {
    const { server } = one
    const soon = (times: number) => Math.min(everyMs, soonMs * 2 ** (times - 1))
    if (found.health === 'down') {
      one.failures++
      one.successes = 0
      if (server.health !== 'up' || one.failures >= 2) await record(one, found)
      return soon(one.failures)
    }
    one.failures = 0
    one.successes++
    const isDown = server.health === 'down'
    if (isDown && one.successes < successesOf(one)) return soon(1)
    const ready = new Set(found.models.map(keyOf))
    const missing = server.models.filter((model) => !ready.has(keyOf(model)))
    const spared = missing.filter((model) => !one.missed.has(keyOf(model)))
    one.missed = new Set(missing.map(keyOf))
    const models = [...found.models, ...spared].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    await record(one, { health: 'up', models })
    return spared.length > 0 ? soon(1) : everyMs
  }

  function successesOf(one: Watched): number {
    const since = Date.parse(now()) - flappingMs
    one.downs = new Set([...one.downs].filter((at) => at > since))
    return Math.min(Math.max(one.downs.size, 1), mostSuccesses)
  }

  async function record(one: Watched, found: GpuServer.Found) {
    const { id, server } = one
    const observed = GpuServer.observe({ found, url: server.url, at: now() })
    const { state } = await handle(store, GpuServer, id, observed, systemIntent('gpu_health', id, randomUUID()))
    if (state.status !== 'unknown' && wayTo(state) === wayTo(one.server)) one.server = state
  }

  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  onFaults((id) => {
    const one = watched.get(id)
    // Looked at soon anyway where it has failed already.
    if (one && one.failures === 0) lookIn(one, 0)
  }, signal)
  await Promise.all([
    ended,
    hearGpuServers({
      ...{ store, log, signal },
      onHeard: ({ id, event, server, isNews }) => {
        const known = watched.get(id)
        const one: Watched = known ?? {
          ...{
            id,
            server,
            failures: 0,
            successes: 0,
            missed: new Set(),
            downs: new Set(),
            looking: false,
            again: false,
          },
        }
        const moved = !known || wayTo(known.server) !== wayTo(server)
        one.server = server
        if (moved) Object.assign(one, { failures: 0, successes: 0, missed: new Set() })
        if (event.type === 'GpuServerWentDown') one.downs.add(Date.parse(event.data.went_down_at))
        watched.set(id, one)
        if (server.status === 'removed') clearTimeout(one.timer)
        else if (isNews && (moved || event.type === 'GpuServerEnabled')) lookIn(one, 0)
      },
      onCaughtUp: () => {
        for (const one of watched.values()) if (!one.timer) lookIn(one, 0)
      },
    }),
  ])
  for (const { timer } of watched.values()) clearTimeout(timer)
  await Promise.all(looks)
}
