import { randomUUID } from 'node:crypto'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import * as Refusals from '../domain/refusals.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'
import { networkOf } from '../ops/platform/network.ts'
import type { Caller, Intent, Route } from '../ops/platform/route.ts'
import { handle } from './handle.ts'
import { actorOf, aside, correlationOf, type Deps, systemIntent } from './http.ts'

type Written = Exclude<Refusals.Event, { type: 'RefusalsLeftOut' }>

export interface RefusalRecorder {
  /** Returns at once, and never fails: what cannot be written is only logged. */
  record(event: Written, intent: Pick<Intent, 'actor' | 'correlation_id'> & { facility_id?: string }): void
  /** Writes what is left. */
  close(): Promise<void>
}

export interface RefusalLimits {
  /** Of each type and facility, in each period; of more only the number is written, at its end. */
  most: number
  periodSecs: number
}

/** What is counted together: whoever floods one facility's trail hides nothing of another's. */
interface Kind {
  type: Written['type']
  facility_id?: string
}
const keyOf = ({ type, facility_id = '' }: Kind) => `${type} ${facility_id}`

const usualLimits: RefusalLimits = { most: 60, periodSecs: 60 }
const retention = { maxCount: 50_000, maxAgeSecs: 90 * 24 * 3600 }

/** Refusals as events, beside the answers: a flood of them is no flood of appends. */
export function recordRefusals(
  { store, now, log }: Deps & { log: Log },
  { most, periodSecs }: RefusalLimits = usualLimits,
): RefusalRecorder {
  const budget = new RateLimiterMemory({ points: most, duration: periodSecs })
  const leftOut = new Map<string, { count: number; kind: Kind; timer: NodeJS.Timeout }>()
  const writing = new Set<Promise<void>>()
  const kept = new Map<string, Promise<void>>()

  /** Each day's stream is told once how much of it stays. */
  function bounded(day: string): Promise<void> {
    const stream = `${Refusals.category}-${day}`
    let telling = kept.get(stream)
    if (!telling) {
      kept.clear()
      telling = store.keepOnly(stream, retention)
      telling.catch(() => kept.delete(stream))
      kept.set(stream, telling)
    }
    return telling
  }

  function write(event: Refusals.Event, intent: Intent): void {
    const day = Refusals.dayOf(now())
    const written = bounded(day)
      .then(() => handle(store, Refusals, day, Refusals.record(event), aside(intent)))
      .then(
        () => undefined,
        (error: unknown) => log.warn({ error: (error as Error).message, refusal: event.type }, 'not written'),
      )
    writing.add(written)
    void written.finally(() => writing.delete(written))
  }

  function countOut(kind: Kind): void {
    const key = keyOf(kind)
    const known = leftOut.get(key)
    if (known) known.count++
    else leftOut.set(key, { count: 1, kind, timer: setTimeout(() => sayLeftOut(key), periodSecs * 1000).unref() })
  }

  function sayLeftOut(key: string): void {
    const { count, kind, timer } = leftOut.get(key)!
    clearTimeout(timer)
    leftOut.delete(key)
    const { type, ...where } = kind
    const data = { refused: type, count, left_out_at: now() }
    write({ type: 'RefusalsLeftOut', data }, { ...systemIntent('refusals', randomUUID()), ...where })
  }

  return {
    record: (event, about) => {
      const id = randomUUID()
      const { facility_id } = about
      const kind = { type: event.type, ...(facility_id !== undefined && { facility_id }) }
      budget.consume(keyOf(kind)).then(
        () => write(event, { ...about, id, hash: id }),
        () => countOut(kind),
      )
    },
    close: async () => {
      for (const key of [...leftOut.keys()]) sayLeftOut(key)
      await Promise.all(writing)
    },
  }
}

/** Writes down who was let in and had no right to what they asked for. */
export const accessRefusals =
  (refusals: RefusalRecorder, store: EventStore, now: () => string) =>
  ({ route, caller, address, requestId }: { route: Route; caller: Caller; address: string; requestId: string }) => {
    const data = {
      ...{ method: route.method, path: route.path, permission: route.permission },
      address: addressDigest(store, address),
      refused_at: now(),
    }
    refusals.record(
      { type: 'AccessRefused', data },
      {
        actor: actorOf(caller),
        correlation_id: correlationOf(requestId),
        ...('facility_id' in caller && caller.facility_id !== undefined && { facility_id: caller.facility_id }),
      },
    )
  }

/** Equal for all addresses of one network, and no address. */
export const addressDigest = (store: EventStore, address: string) =>
  store.sealing.digest(`address\0${networkOf(address)}`)
