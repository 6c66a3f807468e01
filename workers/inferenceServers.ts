import type { ReadyModel, Server } from '../domain/gpuServer.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'
import { connectTo, hearGpuServers, wayTo } from './gpuServersHeard.ts'
import type { InferenceServer } from './inferenceProtocol.ts'

export interface Wanted {
  model: string
  /** Absent: any. */
  version?: string | undefined
}

/** A slot of a server. */
export interface Held {
  /** The server's. */
  id: string
  server: InferenceServer
  /** The version of the model that it has: the one that was wanted, or else its newest. Absent where it names none. */
  version?: string
  /** To be called once. `fault`: a ServerFault, which keeps others away for a while; `unused`: it was not asked, which says nothing of it. */
  release(outcome: 'ok' | 'fault' | 'unused'): void
}

export interface ServerFleet {
  /** The least loaded server that may be asked for this model now; one to be avoided only when no other has it. */
  pick(wanted: Wanted & { avoid: readonly string[] }): Held | undefined
  /** Resolves when a slot or a server may have become free, and with the signal. To be called in the same turn as the `pick` that found none. */
  changed(signal: AbortSignal): Promise<void>
  /** Whether any healthy server has it, busy or not. */
  anyFor(model: string, version?: string): boolean
  /** Each of them by its name, as this process uses it. */
  places(): { server: string; in_flight: number; is_ejected: boolean }[]
  /** Resolves once all servers were heard of. */
  ready: Promise<void>
  /** Resolves after the signal. */
  done: Promise<void>
}

export interface FleetOptions {
  store: EventStore
  log: Log
  /** ISO text, for the log. */
  now: () => string
  signal: AbortSignal
  /** Of each request to a server. */
  timeoutMs?: number
  /** How long a server is left alone after a fault: doubled with each further one, up to the most. */
  ejectedMs?: { first: number; most: number }
  /** Told of each fault, for somebody to look at the server. */
  onFault?: (id: string) => void
}

/** How a server is reached; one that it has moved away from ends with its last user. */
interface Way {
  connection: InferenceServer
  users: number
}

interface Place {
  id: string
  server: Server
  way: Way | undefined
  inUse: number
  /** Faults in a row. */
  faults: number
  /** Running while it is left alone. */
  ejection: NodeJS.Timeout | undefined
  /** Counts ejections: what was begun before one says nothing of the time after it. */
  era: number
  pickedAt: number
}

/**
 * The servers that inference jobs may use, kept true by the log. A server that fails a request is left alone for a second, twice as long after each
 * further fault, a minute at most; then one request at a time may try it, until one has gone well. Slots are counted within this process.
 */
export function followServers(options: FleetOptions): ServerFleet {
  const { store, log, now, signal, timeoutMs = 60_000, onFault } = options
  const { first, most } = options.ejectedMs ?? { first: 1000, most: 60_000 }
  const places = new Map<string, Place>()
  let waiting = new Set<() => void>()
  let picks = 0

  function tell() {
    const told = waiting
    waiting = new Set()
    for (const resolve of told) resolve()
  }

  const isHealthy = ({ server }: Place) => server.status === 'enabled' && server.health === 'up'
  const has = (place: Place, wanted: Wanted) => isHealthy(place) && newest(place.server.models, wanted) !== undefined
  /** One that has failed lately is tried by one request at a time. */
  const slotsOf = ({ server, faults }: Place) => (faults > 0 ? 1 : server.max_concurrency)
  const load = (place: Place) => place.inUse / slotsOf(place)

  function eject(place: Place) {
    const ms = Math.min(first * 2 ** place.faults, most)
    place.faults++
    place.era++
    const until = new Date(Date.parse(now()) + ms).toISOString()
    log.warn({ server: place.id, faults: place.faults, until }, 'a GPU server failed a request; it is left alone')
    clearTimeout(place.ejection)
    place.ejection = setTimeout(() => {
      place.ejection = undefined
      tell()
    }, ms)
  }

  function forgive(place: Place) {
    clearTimeout(place.ejection)
    place.ejection = undefined
    place.faults = 0
  }

  const closeUnused = ({ users, connection }: Way) => users === 0 && connection.close()

  function leave(place: Place) {
    const { way } = place
    place.way = undefined
    if (way) closeUnused(way)
  }

  function hold(place: Place, wanted: Wanted): Held | undefined {
    const { id, server } = place
    try {
      place.way ??= { connection: connectTo(store, id, server, timeoutMs), users: 0 }
    } catch (error) {
      log.error({ error, server: id }, 'the token of a GPU server cannot be opened')
      return undefined
    }
    const { way, era } = place
    const version = newest(server.models, wanted)?.version ?? wanted.version
    let isOver = false
    place.inUse++
    way.users++
    place.pickedAt = ++picks
    return {
      id,
      server: way.connection,
      ...(version !== undefined && { version }),
      release: (outcome) => {
        if (isOver) return
        isOver = true
        place.inUse--
        way.users--
        if (place.way !== way) closeUnused(way)
        if (outcome === 'fault') onFault?.(id)
        if (era === place.era) {
          if (outcome === 'fault') eject(place)
          else if (outcome === 'ok') forgive(place)
        }
        tell()
      },
    }
  }

  const done = hearGpuServers({
    ...{ store, log, signal },
    onHeard: ({ id, event, server }) => {
      const place: Place = places.get(id) ?? {
        ...{ id, server, way: undefined, inUse: 0, faults: 0, ejection: undefined, era: 0, pickedAt: 0 },
      }
      if (wayTo(place.server) !== wayTo(server)) {
        leave(place)
        place.era++
        forgive(place)
      }
      if (server.status === 'removed') leave(place)
      if (event.type === 'GpuServerRecovered') forgive(place)
      place.server = server
      places.set(id, place)
      tell()
    },
    onCaughtUp: () => caughtUp(),
  })
  let caughtUp: () => void = () => undefined
  const ready = new Promise<void>((resolve) => (caughtUp = resolve))
  const over = done.then(() => {
    for (const place of places.values()) {
      clearTimeout(place.ejection)
      leave(place)
    }
    tell()
  })

  return {
    pick: ({ avoid, ...wanted }) => {
      const able = [...places.values()].filter((place) => has(place, wanted) && !place.ejection)
      const others = able.filter(({ id }) => !avoid.includes(id))
      const free = (others.length > 0 ? others : able).filter((place) => place.inUse < slotsOf(place))
      // Of equal ones the one that was asked longest ago.
      free.sort((one, other) => load(one) - load(other) || one.pickedAt - other.pickedAt)
      for (const place of free) {
        const held = hold(place, wanted)
        if (held) return held
      }
      return undefined
    },
    changed: (until) =>
      new Promise((resolve) => {
        const end = () => {
          until.removeEventListener('abort', end)
          waiting.delete(end)
          resolve()
        }
        if (until.aborted || signal.aborted) return resolve()
        waiting.add(end)
        until.addEventListener('abort', end, { once: true })
      }),
    anyFor: (model, version) => [...places.values()].some((place) => has(place, { model, version })),
    places: () =>
      [...places.values()]
        .filter(({ server: { status } }) => status !== 'removed')
        .map(({ server, inUse, ejection }) => ({
          server: server.name,
          in_flight: inUse,
          is_ejected: ejection !== undefined,
        })),
    ready,
    done: over,
  }
}

/** The version of that model to be used; one that the server does not name may be the one that is wanted. */
function newest(models: readonly ReadyModel[], { model, version }: Wanted): ReadyModel | undefined {
  const ready = models.filter(
    (one) => one.name === model && (version === undefined || one.version === undefined || one.version === version),
  )
  return ready.sort((one, other) => Number(one.version) - Number(other.version)).at(-1)
}
