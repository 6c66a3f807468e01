import { setTimeout as delay } from 'node:timers/promises'
import { type Child, type Program, run } from './child.ts'

export type Log = (line: { level: 'info' | 'warn' | 'error'; msg: string; [k: string]: unknown }) => void

export interface Supervised {
  readonly name: string
  /** undefined while it is down and about to be started again. */
  pid(): number | undefined
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000
const STEADY_AFTER_MS = 10_000
const STOP_WITHIN_MS = 10_000

/**
 * Starts one server and resolves when it answers. From then on a server that ends by itself is started again, on the same port and
 * with the same data, after a pause that doubles from 50 ms to 5 s and falls back after a run of 10 s: clients simply reconnect.
 */
export async function supervise(program: Program, log: Log): Promise<Supervised> {
  const stopping = new AbortController()
  let child: Child | undefined = run(program)
  try {
    await child.ready()
  } catch (error) {
    await child.end(STOP_WITHIN_MS)
    throw error
  }
  const kept = keep(child)

  async function keep(first: Child): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let current = first
    let since = performance.now()
    for (;;) {
      const how = await current.exited
      child = undefined
      if (performance.now() - since > STEADY_AFTER_MS) pause = FIRST_PAUSE_MS
      if (stopping.signal.aborted) return
      log({ level: 'warn', msg: `${program.name} is down: ${how}; starting it again`, server: program.name })
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => {})
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      if (stopping.signal.aborted) return
      child = current = run(program)
      since = performance.now()
      try {
        await current.ready()
        log({ level: 'info', msg: `${program.name} answers again`, server: program.name, pid: current.pid })
      } catch (error) {
        if (!stopping.signal.aborted) log({ level: 'error', msg: (error as Error).message, server: program.name })
        await current.end(STOP_WITHIN_MS)
      }
    }
  }

  return {
    name: program.name,
    pid: () => child?.pid,
    async stop() {
      stopping.abort()
      await child?.end(STOP_WITHIN_MS)
      await kept
    },
  }
}
