import { filterOf } from '../streams/filter.ts'
import { Checkpoint } from './checkpoint.ts'
import type { GroupEntry } from './group.ts'
import { sizeOf } from './message.ts'
import type { Message } from './message.ts'
import { groupKey } from './names.ts'
import { Source } from './source.ts'
import type { Store } from './writing.ts'

const MAX_WAITING_BYTES = 16 * 1024 * 1024

/**
 * What was taken from the stream: waiting to be given out for the first time, or given out and still open. Every message is open from
 * when it is taken until it is acknowledged, skipped or durably parked, and the checkpoint stays before the first open one.
 */
export class Backlog {
  readonly source: Source
  readonly checkpoint: Checkpoint
  readonly #entry: GroupEntry
  /** By their places, ascending. */
  readonly #open = new Map<number, Message>()
  #waiting: Message[] = []
  #waitingBytes = 0

  /** Throws if the store has no such place to begin at. */
  constructor(store: Store, entry: GroupEntry) {
    const { stream, group, filter, begin, settings } = entry
    this.#entry = entry
    this.checkpoint = new Checkpoint(store, stream, groupKey(stream, group), settings, begin, () => this.#reached())
    this.source = new Source(store, stream, this.checkpoint.next, filter && filterOf(filter))
  }

  get waiting(): readonly Message[] {
    return this.#waiting
  }

  /** What is left of them once some were given out. */
  set waiting(messages: Message[]) {
    this.#waiting = messages
    this.#waitingBytes = messages.reduce((sum, message) => sum + sizeOf(message), 0)
  }

  /** How many more may be taken now, besides so many that are being parked: live, what the live buffer holds; behind, the history buffer. */
  room(parking: number): number {
    const { liveBufferSize, historyBufferSize, readBatchSize } = this.#entry.settings
    const size = this.source.dry ? Math.max(liveBufferSize, 1) : historyBufferSize
    if (this.#waitingBytes >= MAX_WAITING_BYTES) return 0
    return Math.min(readBatchSize, size - this.#waiting.length - parking)
  }

  /** Takes up to `count` more. */
  fill(count: number): void {
    const { messages, filtered } = this.source.take(count)
    for (const message of messages) this.#open.set(message.place, message)
    if (messages.length > 0) this.waiting = this.#waiting.concat(messages)
    if (filtered > 0) this.checkpoint.handled(filtered)
  }

  done({ place }: Message): void {
    this.#open.delete(place)
    this.checkpoint.handled(1)
  }

  /** Everything up to this place is done with. */
  #reached(): number {
    for (const { before } of this.#open.values()) return before
    return this.source.looked
  }
}
