import { setMaxListeners } from 'node:events'
import type { Log } from './log.ts'

export interface Lifecycle {
  /** Aborted when the stop begins: stop taking new work. */
  readonly stopping: AbortSignal
  /** What must be closed, last opened first. */
  onStop(name: string, close: () => Promise<unknown> | unknown): void
  stop(reason: string): Promise<void>
}

/** Closes everything in reverse order of opening, once, each step within what is left of the deadline. */
export function createLifecycle({ log, deadlineMs = 20_000 }: { log: Log; deadlineMs?: number }): Lifecycle {
  const controller = new AbortController()
  // Everything that runs listens to it: many listeners are no leak.
  setMaxListeners(0, controller.signal)
  const closers: { name: string; close: () => Promise<unknown> | unknown }[] = []
  let stopped: Promise<void> | undefined

  async function stopAll(reason: string) {
    log.info({ reason }, 'stopping')
    controller.abort()
    const deadline = Date.now() + deadlineMs
    for (const { name, close } of closers.reverse()) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error('took too long')), Math.max(deadline - Date.now(), 100))
      })
      try {
        await Promise.race([Promise.resolve().then(close), late])
      } catch (error) {
        log.error({ error, name }, 'did not stop cleanly')
      } finally {
        clearTimeout(timer)
      }
    }
    log.info('stopped')
  }

  return {
    stopping: controller.signal,
    onStop: (name, close) => closers.push({ name, close }),
    stop: (reason) => (stopped ??= stopAll(reason)),
  }
}
