import { allBackwards, AllCursor, StreamCursor, visible } from '../streams/cursors.ts'
import type { Cursor, Stores } from '../streams/cursors.ts'
import type { Filter } from '../streams/filter.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import { StreamDeleted } from '../refusal.ts'
import { BREATH } from '../subscriptions/following.ts'
import { messageOf } from './message.ts'
import type { Message } from './message.ts'
import { ALL, isOwn } from './names.ts'
import type { Start } from './settings.ts'

/**
 * Where a group's events come from: a stream, whose places are revisions, or $all, whose places are positions. A group on $all is
 * not given what persistent subscriptions write about themselves: a checkpoint that had to be acknowledged would cause the next one.
 */
export class Source {
  readonly #stores: Stores
  readonly #stream: string
  readonly #filter: Filter | undefined
  readonly #cursor: Cursor
  #events: Generator<StoredEvent> | undefined
  /** The place of the last event looked at; one less than the first place where there was none. */
  looked: number
  /** Nothing was left when it was last asked. */
  dry = false
  /** How far the log had got then. */
  #dryAt = -1

  /** From the event at `from` on. */
  constructor(stores: Stores, stream: string, from: number, filter: Filter | undefined) {
    this.#stores = stores
    this.#stream = stream
    this.#filter = filter
    this.#cursor = stream === ALL ? new AllCursor(stores, from) : new StreamCursor(stores, stream, from)
    this.looked = from - 1
  }

  /** Up to `count` messages, and how many events the filter kept back meanwhile. */
  take(count: number): { messages: Message[]; filtered: number } {
    const messages: Message[] = []
    let filtered = 0
    const { flushed } = this.#stores.log
    if (this.dry && flushed === this.#dryAt) return { messages, filtered }
    this.dry = false
    for (let looked = 0; messages.length < count && looked < BREATH; looked++) {
      const event = this.#next()
      if (!event) {
        this.dry = true
        this.#dryAt = flushed
        break
      }
      const place = this.#stream === ALL ? event.position : event.revision
      const own = this.#stream === ALL && isOwn(event.stream)
      if (!own && (this.#filter?.accepts(event) ?? true)) messages.push(messageOf(event, place, this.looked, false))
      else if (!own) filtered++
      this.looked = place
    }
    return { messages, filtered }
  }

  /** What the last generator still has, then what came since. */
  #next(): StoredEvent | undefined {
    try {
      for (let fresh = 0; fresh < 2; fresh++) {
        const { value, done } = this.#events?.next() ?? { done: true }
        if (!done) return value
        this.#events = fresh === 0 ? this.#cursor.upToNow() : undefined
      }
    } catch (error) {
      this.#events = undefined
      if (!(error instanceof StreamDeleted)) throw error
    }
    return undefined
  }

  /** The place of the last event there is; -1 if there is none. */
  lastKnown(): number {
    if (this.#stream !== ALL) return lastRevision(this.#stores, this.#stream)
    let looked = 0
    for (const event of allBackwards(this.#stores, Infinity))
      if (!isOwn(event.stream) || ++looked > BREATH) return event.position
    return -1
  }
}

export function lastRevision(stores: Stores, stream: string): number {
  try {
    return visible(stores, stream)?.last ?? -1
  } catch (error) {
    if (error instanceof StreamDeleted) return -1
    throw error
  }
}

/** The place that a start means now. */
export function placeOf(stores: Stores, stream: string, start: Start): number {
  if (start === 'start') return 0
  if (start !== 'end') return start
  return stream === ALL ? stores.log.flushed : lastRevision(stores, stream) + 1
}
