import { StreamDeleted } from '../refusal.ts'
import { visible } from '../streams/cursors.ts'
import { everyStream, LINK, resolve } from '../streams/links.ts'
import { BREATH } from '../subscriptions/following.ts'
import { metastreamOf, truncation } from '../streams/metadata.ts'
import { messageOf } from './message.ts'
import type { Message } from './message.ts'
import { parkedStream } from './names.ts'
import { appendOwn, jsonEvent } from './writing.ts'
import type { Store } from './writing.ts'

const MAX_REASON = 4096

/**
 * The messages that a group gave up on: links in a stream of its own. A replayed one stays there until it was dealt with, so that
 * a crash loses none; then the stream is truncated before the first that was not.
 */
export class Parked {
  readonly #store: Store
  readonly #stream: string
  /** Revisions before it were handed over to be replayed; those before `#until` are to be. */
  #next = 0
  #until = 0
  /** Handed over and not yet dealt with, ascending. */
  readonly #replaying = new Map<number, Message>()
  #truncating: Promise<void> | undefined

  constructor(store: Store, key: string) {
    this.#store = store
    this.#stream = parkedStream(key)
  }

  /** Resolves when it is durable. */
  park({ event }: Message, reason: string): Promise<void> {
    const metadata = { added: new Date().toISOString(), reason: reason.slice(0, MAX_REASON) }
    return appendOwn(this.#store, this.#stream, jsonEvent(LINK, `${event.revision}@${event.stream}`, metadata))
  }

  /** How many are there and not being replayed. */
  get count(): number {
    const range = this.#range()
    return range ? range.last + 1 - Math.max(range.first, this.#next) : 0
  }

  /** There are some to be replayed and not yet taken. */
  get waiting(): boolean {
    return this.#next < this.#until
  }

  /** Those that are parked now, or those of them whose revision in the parked stream is below `stopAt`. */
  replay(stopAt: number): void {
    const range = this.#range()
    if (range) this.#until = Math.max(this.#until, Math.min(stopAt, range.last + 1))
  }

  /** Some of those to be replayed, their retries reset. What a link points at may be gone: then there is nothing to replay. */
  take(count: number): Message[] {
    const messages: Message[] = []
    if (!this.waiting) return messages
    this.#next = Math.max(this.#next, this.#range()?.first ?? 0)
    for (let looked = 0; this.waiting && messages.length < count && looked < BREATH; looked++) {
      const place = this.#next++
      const link = this.#store.heads.stored(this.#stream, place)
      const event = link && resolve(this.#store, link, everyStream).event
      if (!event) continue
      const message = messageOf(event, place, place - 1, true)
      this.#replaying.set(place, message)
      messages.push(message)
    }
    if (this.#replaying.size === 0) this.#truncate()
    return messages
  }

  /** A replayed message was dealt with. */
  done({ place }: Message): void {
    this.#replaying.delete(place)
    this.#truncate()
  }

  /** Until the truncation under way is durable. */
  async close(): Promise<void> {
    await this.#truncating
  }

  #truncate(): void {
    if (!this.#truncating && this.#first() > this.#start()) this.#truncating = this.#truncateAll()
  }

  async #truncateAll(): Promise<void> {
    try {
      do {
        const event = truncation(this.#store.heads.head(this.#stream).metadata.document, this.#first())
        await this.#store.streams.append(metastreamOf(this.#stream), 'any', [event])
      } while (this.#first() > this.#start())
    } catch (error) {
      console.error(`${this.#stream} cannot be truncated: ${(error as Error).message}`)
    }
    this.#truncating = undefined // at once: whoever is done in between would be forgotten
  }

  /** Nothing needs to be truncated where nothing is. */
  #start(): number {
    return this.#range()?.first ?? Infinity
  }

  /** Of those that must stay. */
  #first(): number {
    for (const place of this.#replaying.keys()) return place
    return this.#next
  }

  #range(): { first: number; last: number } | undefined {
    try {
      return visible(this.#store, this.#stream)
    } catch (error) {
      if (error instanceof StreamDeleted) return undefined
      throw error
    }
  }
}
