import { setTimeout as delay } from 'node:timers/promises'
import { positions } from '../ops/platform/channels.ts'
import { connectAlone } from '../ops/platform/database.ts'
import type { Log } from '../ops/platform/log.ts'
import { Problem } from '../ops/platform/route.ts'

export interface Freshness {
  /** The live group's position, as far as this instance has heard. */
  position(): bigint | undefined
  stopped(): readonly string[]
  /** How long ago the position moved, as far as this instance has heard. */
  silentMs(): number
  /** Waits until the read models have passed the position; a 503 problem when they do not within `waitMs`. */
  waitFor(position: bigint, readModels: readonly string[], signal: AbortSignal): Promise<void>
}

const waitMs = 5000

const behind = (detail: string) => new Problem('read_model_behind', detail, { headers: { 'Retry-After': '1' } })

/** Listens to the projections' notifications on a connection of its own, made again when it breaks. */
export function listenForPositions({
  databaseUrl,
  log,
  signal,
}: {
  databaseUrl: string
  log: Log
  signal: AbortSignal
}): Freshness & { done: Promise<void> } {
  let current: bigint | undefined
  let stopped: readonly string[] = []
  let heardAt = Date.now()
  const waiters = new Set<() => void>()

  function heard(position: string | null, names: readonly string[]) {
    // Never backwards but after a lost connection, when Postgres itself may have gone back.
    current = position === null ? undefined : BigInt(position)
    stopped = names
    heardAt = Date.now()
    for (const wake of waiters) wake()
  }

  async function listen(onHeard: () => void) {
    let broken: (error: Error) => void = () => undefined
    const lost = new Promise<never>((_, reject) => (broken = reject))
    lost.catch(() => undefined)
    const client = await connectAlone(databaseUrl, broken)
    client.on('end', () => broken(new Error('The connection ended')))
    client.on('notification', ({ payload }) => {
      const told = JSON.parse(payload ?? '{}') as { position: string; stopped: string[] }
      heard(told.position, told.stopped)
    })
    const onAbort = () => broken(new Error('stopping'))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await client.query(`listen ${positions}`)
      const { rows } = await client.query<{ position: string | null; stopped: string[] | null }>(
        `select (select position from projection_groups where name = 'live'),
                (select array_agg(name) from projections where serving and state <> 'live') as stopped`,
      )
      heard(rows[0]!.position, rows[0]!.stopped ?? [])
      onHeard()
      await lost
    } finally {
      signal.removeEventListener('abort', onAbort)
      await client.end().catch(() => undefined)
    }
  }

  async function keepListening() {
    for (let failures = 0; !signal.aborted;) {
      await listen(() => (failures = 0)).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error }, 'not hearing from the projections; listening again')
      })
      await delay(Math.min(50 * 2 ** failures++, 1000), undefined, { signal }).catch(() => undefined)
    }
  }

  async function waitFor(position: bigint, readModels: readonly string[], request: AbortSignal) {
    const halted = () => {
      const name = readModels.find((name) => stopped.includes(name))
      return name === undefined ? undefined : behind(`The read model ${name} is stopped; see its status`)
    }
    const passed = () => current !== undefined && current >= position
    const fault = halted()
    if (fault) throw fault
    if (passed()) return
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer)
        waiters.delete(check)
        request.removeEventListener('abort', aborted)
        act()
      }
      const check = () => {
        // It may stop at the very event that is waited for.
        const fault = halted()
        if (fault) settle(() => reject(fault))
        else if (passed()) settle(resolve)
      }
      const aborted = () => settle(() => reject(new Error('The client went away')))
      const timer = setTimeout(
        () => settle(() => reject(behind(`The read model has not reached ${position} yet`))),
        waitMs,
      )
      waiters.add(check)
      request.addEventListener('abort', aborted, { once: true })
    })
  }

  return {
    position: () => current,
    stopped: () => stopped,
    silentMs: () => Date.now() - heardAt,
    waitFor,
    done: keepListening(),
  }
}
