import type { EventStore, Recorded } from '../../ops/platform/eventStore.ts'
import type { Checkpoint } from './apply.ts'

/** The log from a checkpoint on, followed for as long as the subscription holds: what comes while nobody asks is there for whoever asks next. */
export class Feed {
  /** Where the group stands; moved by whoever applies what comes. */
  readonly checkpoint: Checkpoint
  readonly #batches: AsyncGenerator<Recorded[]>
  readonly #over = new AbortController()
  #next: Promise<IteratorResult<Recorded[]>> | undefined
  #isBroken = false

  /** @param onBroken called each time that the subscription breaks, or cannot be made again */
  constructor(store: EventStore, checkpoint: Checkpoint, onBroken: (error: Error) => void) {
    this.checkpoint = checkpoint
    this.#batches = store.follow({
      after: checkpoint.position,
      signal: this.#over.signal,
      onBroken: (error) => {
        this.#isBroken = true
        onBroken(error)
      },
    })
  }

  /** What answers next may be another log. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** The next events; undefined once the signal is given, or once it has broken. */
  async next(signal: AbortSignal): Promise<readonly Recorded[] | undefined> {
    if (signal.aborted) return undefined
    this.#next ??= this.#batches.next()
    let stop: () => void = () => undefined
    const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)))
    signal.addEventListener('abort', stop, { once: true })
    try {
      const come = await Promise.race([this.#next, stopped])
      if (!come) return undefined
      this.#next = undefined
      return come.done || this.#isBroken ? undefined : come.value
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  async close(): Promise<void> {
    this.#over.abort()
    await this.#next?.catch(() => undefined)
    await this.#batches.return(undefined)
  }
}
