import type { Readable } from 'node:stream'

/**
 * Ends a read or a subscription of the client. Destroying it is not enough: its gRPC call then waits for ever for a
 * reader, and `dispose()` for the call. It is cancelled, and whatever it still has is thrown away.
 */
export async function letGo(stream: Readable, cancel: () => Promise<void>): Promise<void> {
  stream.removeAllListeners('readable')
  stream.on('error', () => undefined)
  await cancel().catch(() => undefined)
  stream.resume()
}

/** Iterates over a read of the client, and lets go of it when the loop is left early. */
export async function* until<Item>(read: Readable & { cancel(): Promise<void> }): AsyncGenerator<Item> {
  try {
    for await (const item of read.iterator({ destroyOnReturn: false })) yield item as Item
  } finally {
    await letGo(read, () => read.cancel())
  }
}

/** Turns the client's object stream into arrays of all that is buffered, without a listener per event. */
export class BatchSource<Item> {
  #wake: () => void = () => undefined
  #ended: Error | 'ended' | undefined
  #caughtUp = false
  readonly #stream: Readable
  readonly #onCaughtUp: () => void

  readonly #batchSize: number

  constructor(stream: Readable, options: { signal: AbortSignal; batchSize: number; onCaughtUp?: () => void }) {
    this.#stream = stream
    this.#batchSize = options.batchSize
    this.#onCaughtUp = options.onCaughtUp ?? (() => undefined)
    // The client says so when it has received everything, which may still wait in its buffer.
    stream.on('caughtUp', () => {
      this.#caughtUp = true
      this.#wake()
    })
    const end = (reason: Error | 'ended') => {
      this.#ended ??= reason
      this.#wake()
    }
    stream.on('readable', () => this.#wake())
    stream.on('error', end)
    stream.on('end', () => end('ended')).on('close', () => end('ended'))
    options.signal.addEventListener('abort', () => end('ended'), { once: true })
  }

  #read = () => this.#stream.read() as Item | null

  async next(): Promise<Item[] | undefined> {
    for (;;) {
      if (this.#ended) {
        if (this.#ended === 'ended') return undefined
        throw this.#ended
      }
      const batch: Item[] = []
      for (let event = this.#read(); event !== null; event = this.#read())
        if (batch.push(event) >= this.#batchSize) break
      if (batch.length > 0) return batch
      if (this.#caughtUp) {
        this.#caughtUp = false
        this.#onCaughtUp()
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
