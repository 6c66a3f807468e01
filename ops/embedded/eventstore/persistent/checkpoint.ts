import { StreamDeleted } from '../refusal.ts'
import { visible } from '../streams/cursors.ts'
import { checkpointStream } from './names.ts'
import { placeText } from './settings.ts'
import type { Settings } from './settings.ts'
import { appendOwn, jsonEvent } from './writing.ts'
import type { Store } from './writing.ts'

const KEPT = 5

/** The place up to which everything was dealt with, kept in a stream of its own. */
export class Checkpoint {
  readonly #store: Store
  readonly #stream: string
  readonly #settings: Settings
  readonly #text: (place: number) => string
  readonly #begin: number
  /** The place before the first one that is still to be dealt with. */
  readonly #reached: () => number
  /** As it is stored. */
  place: number | undefined
  #handled = 0
  #lastAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  /** Without one that is stored everything from `begin` on is still to be dealt with. */
  constructor(store: Store, source: string, key: string, settings: Settings, begin: number, reached: () => number) {
    this.#store = store
    this.#stream = checkpointStream(key)
    this.#settings = settings
    this.#text = (place) => JSON.stringify(placeText(source, place))
    this.#begin = begin
    this.#reached = reached
    this.place = storedPlace(store, this.#stream)
  }

  /** Where a group goes on that knows nothing else. */
  get next(): number {
    return this.place === undefined ? this.#begin : this.place + 1
  }

  /** So many more events were dealt with: time to write one? */
  handled(count: number): void {
    this.#handled += count
    const { minCheckpointCount, maxCheckpointCount, checkpointAfterMs } = this.#settings
    if (this.#writing || this.#handled === 0) return
    const left = this.#lastAt + checkpointAfterMs - performance.now()
    if (this.#handled >= maxCheckpointCount) this.#write()
    else if (this.#handled < minCheckpointCount || this.#timer) return
    else if (left <= 0) this.#write()
    else this.#timer = setTimeout(() => this.#write(), left).unref()
  }

  #write(): void {
    this.stopTimer()
    const place = this.#reached()
    if (this.#writing || place < this.next) return
    const handled = this.#handled
    this.#handled = 0
    const event = jsonEvent('$SubscriptionCheckpoint', this.#text(place))
    this.#writing = appendOwn(this.#store, this.#stream, event, KEPT).then(
      () => {
        this.place = place
        this.#lastAt = performance.now()
        this.#writing = undefined
        this.handled(0) // what came meanwhile
      },
      (error: Error) => {
        console.error(`${this.#stream} cannot be written: ${error.message}`)
        this.#handled += handled // tried again with the next event
        this.#writing = undefined
      },
    )
  }

  stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Writes what there is to write, however little. */
  async close(): Promise<void> {
    await this.#writing
    this.#write()
    await this.#writing
    this.stopTimer()
  }
}

function storedPlace(store: Store, stream: string): number | undefined {
  try {
    const seen = visible(store, stream)
    const event = seen && store.heads.stored(stream, seen.last)
    const [, place] = /(\d+)/.exec(event?.data.toString('utf8') ?? '') ?? []
    return place === undefined ? undefined : Number(place)
  } catch (error) {
    if (error instanceof StreamDeleted) return undefined
    throw error
  }
}
