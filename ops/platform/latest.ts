import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from './log.ts'

/** The latest value of each id, on its way to where it is kept. */
export interface Latest<Value> {
  set(id: string, value: Value): void
  /** Writes what is left, and no more after that. */
  close(): Promise<void>
}

/** Beyond so many ids that could not be written yet, those that wait longest are forgotten. */
const mostWaiting = 200_000
const mostAtOnce = 5000

/**
 * Takes values without waiting for anything, and writes the latest of each id every so often, by `write`: what comes more often than that
 * costs no more. Values are kept while `mayPass` says of the error that writing them later may help; others are given up with a line in the log.
 */
export function writeLatest<Value>({
  what,
  everyMs,
  merge,
  write,
  mayPass,
  log,
}: {
  /** In words, for the log. */
  what: string
  everyMs: number
  merge: (before: Value, after: Value) => Value
  write: (values: readonly (readonly [id: string, value: Value])[]) => Promise<unknown>
  mayPass: (error: unknown) => boolean
  log: Log
}): Latest<Value> {
  let waiting = new Map<string, Value>()
  const closing = new AbortController()

  function set(id: string, value: Value) {
    const before = waiting.get(id)
    if (before === undefined && waiting.size >= mostWaiting) waiting.delete(waiting.keys().next().value!)
    waiting.set(id, before === undefined ? value : merge(before, value))
  }

  async function flush(): Promise<boolean> {
    const taken = [...waiting]
    waiting = new Map()
    for (let from = 0; from < taken.length; from += mostAtOnce)
      try {
        await write(taken.slice(from, from + mostAtOnce))
      } catch (error) {
        if (!mayPass(error)) {
          log.error({ error }, `gave up on writing ${what}`)
          continue
        }
        const since = waiting
        waiting = new Map()
        for (const [id, value] of taken.slice(from)) set(id, value)
        for (const [id, value] of since) set(id, value)
        return false
      }
    return true
  }

  async function keepWriting() {
    for (let wrote = true; ;) {
      await delay(everyMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
      if (closing.signal.aborted) break
      const before = wrote
      wrote = await flush()
      if (before && !wrote) log.warn(`cannot write ${what}; keeping the latest`)
    }
    if (!(await flush())) log.warn(`what is left of ${what} could not be written`)
  }
  const writing = keepWriting()

  return {
    set,
    close: () => {
      closing.abort()
      return writing
    },
  }
}
