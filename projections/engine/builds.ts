import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../ops/platform/log.ts'

/** Builds versions, named `<projection>@<version>`, somewhere else; resolves when it has ended well. */
export type Build = (versions: readonly string[], signal: AbortSignal) => Promise<void>

/** One build at a time, begun again with growing pauses when it dies. */
export class Builds {
  readonly #build: Build
  readonly #log: Log
  readonly #signal: AbortSignal
  #running: Promise<void> | undefined
  #failures = 0
  /** Called when a build has ended, however it ended. */
  onEnd: () => void = () => undefined

  constructor(build: Build, log: Log, signal: AbortSignal) {
    this.#build = build
    this.#log = log
    this.#signal = signal
  }

  /** Begins, unless one is under way: `onEnd` is the time to ask again. False when these are left for then. */
  ensure(versions: readonly string[]): boolean {
    if (versions.length === 0) return true
    if (this.#running) return false
    this.#running = this.#run(versions).finally(() => {
      this.#running = undefined
      this.onEnd()
    })
    return true
  }

  /** When the one under way has ended. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(versions: readonly string[]): Promise<void> {
    try {
      if (this.#failures > 0)
        await delay(Math.min(200 * 2 ** this.#failures, 10_000), undefined, { signal: this.#signal })
      this.#log.info({ versions }, 'building read models')
      await this.#build(versions, this.#signal)
      this.#failures = 0
    } catch (error) {
      if (this.#signal.aborted) return
      this.#failures++
      this.#log.error({ error, versions }, 'the build of read models ended; it begins again')
    }
  }
}
