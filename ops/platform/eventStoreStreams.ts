import type { Readable } from 'node:stream'
import { ErrorType } from '@eventstore/db-client'
import { errorType } from './eventStoreErrors.ts'

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

/**
 * Iterates over a read, and lets go of it when the loop is left early. Throws `onSilence()` when nothing comes for so long although it is
 * waited for: a server that is silent would be waited for for ever. A loop that takes its time is no silence.
 */
export async function* until<Item>(
  read: Readable & { cancel(): Promise<void> },
  { silenceMs, onSilence }: { silenceMs: number; onSilence: () => Error },
): AsyncGenerator<Item> {
  let waitingSince: number | undefined
  // To cancel what is over resets its http2 stream, and a server that is sent many of those ends the connection.
  let isOver = false
  // One timer for all items: there are tens of thousands a second.
  const timer = setInterval(() => {
    if (waitingSince !== undefined && performance.now() - waitingSince >= silenceMs) read.destroy(onSilence())
  }, silenceMs / 4)
  try {
    waitingSince = performance.now()
    for await (const item of read.iterator({ destroyOnReturn: false })) {
      waitingSince = undefined
      yield item as Item
      waitingSince = performance.now()
    }
    isOver = true
  } catch (error) {
    isOver = errorType(error) === ErrorType.STREAM_NOT_FOUND
    throw error
  } finally {
    clearInterval(timer)
    await letGo(read, isOver ? () => Promise.resolve() : () => read.cancel())
  }
}

/** So many items are given at once, if there are so many; reading pauses when there are several times as many. */
const gatheredItems = 500
const pausedAt = 4 * gatheredItems

/**
 * Arrays of what a read has brought, each chunk looked at as it comes: to wait for each would cost more than what is done with it. Throws what
 * the stream broke on, or `onSilence()` when nothing comes for so long although it is waited for. To let go of it is the caller's.
 * @param take adds what is in a chunk
 */
export async function* gathered<Chunk, Item>(
  stream: Readable,
  take: (chunk: Chunk, into: Item[]) => void,
  { silenceMs, onSilence }: { silenceMs: number; onSilence: () => Error },
): AsyncGenerator<Item[]> {
  let items: Item[] = []
  let ended: Error | 'well' | undefined
  let wake: () => void = () => undefined
  const end = (how: Error | 'well') => {
    ended ??= how
    wake()
  }
  let heardAt = performance.now()
  const hear = (chunk: Chunk) => {
    heardAt = performance.now()
    try {
      take(chunk, items)
    } catch (error) {
      end(error as Error)
    }
    if (items.length >= pausedAt) stream.pause()
    if (items.length >= gatheredItems) wake()
  }
  stream.on('data', hear)
  stream.on('end', () => end('well')).on('error', end)
  stream.on('close', () => end(new Error('The connection was closed')))
  try {
    for (;;) {
      if (items.length < gatheredItems && ended === undefined) {
        const waitingSince = performance.now()
        stream.resume()
        await arrivedOrLate(new Promise((resolve) => (wake = resolve)), silenceMs)
        // What is passed over is no silence.
        const isSilent = performance.now() - Math.max(waitingSince, heardAt) >= silenceMs
        if (isSilent && items.length === 0 && ended === undefined) throw onSilence()
        if (items.length === 0) continue
      }
      const batch = items
      items = []
      if (batch.length > 0) yield batch
      else if (ended === 'well') return
      else if (ended) throw ended
    }
  } finally {
    stream.off('data', hear)
  }
}

/** Until it has arrived, but no longer than that. */
async function arrivedOrLate(arrived: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    // A loop that took its time has not yet looked at what has come meanwhile.
    timer = setTimeout(() => setImmediate(resolve), ms)
  })
  try {
    await Promise.race([arrived, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What a subscription emits when the server says how far it has looked. */
export const checkpoint = 'checkpoint'

export interface BatchOptions {
  signal: AbortSignal
  batchSize: number
  /** Called when everything there was is received and yielded, and the consumer asks for more. */
  onCaughtUp?: (() => void) | undefined
  /** Called when everything that came before a checkpoint is yielded, and the consumer asks for more. */
  onEmptied?: (() => void) | undefined
}

/** Arrays of all that a subscription has buffered, until it ends or the signal comes; throws what it broke on. */
export async function* batches<Item>(
  stream: Readable,
  { signal, batchSize, onCaughtUp, onEmptied }: BatchOptions,
): AsyncGenerator<Item[]> {
  let wake: () => void = () => undefined
  let ended: Error | 'ended' | undefined
  let caughtUp = false
  const end = (reason: Error | 'ended') => {
    ended ??= reason
    wake()
  }
  const onAbort = () => end('ended')
  signal.addEventListener('abort', onAbort, { once: true })
  stream.on('readable', () => wake())
  stream.on('error', end)
  stream.on('end', () => end('ended')).on('close', () => end('ended'))
  // The client says so when it has received everything, which may still wait in its buffer.
  stream.on('caughtUp', () => {
    caughtUp = true
    wake()
  })
  stream.on(checkpoint, () => wake())
  const read = () => stream.read() as Item | null
  try {
    while (!signal.aborted) {
      const batch: Item[] = []
      for (let item = read(); item !== null; item = read()) if (batch.push(item) >= batchSize) break
      if (batch.length > 0) {
        yield batch
        continue
      }
      if (ended === 'ended') return
      if (ended) throw ended
      // What a broken one had still to give is lost, and not before the checkpoint.
      if (!stream.destroyed) onEmptied?.()
      if (caughtUp) {
        caughtUp = false
        onCaughtUp?.()
      }
      // Whoever was called may have given the signal.
      if (signal.aborted) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
