import type { EventStore } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'

/** Events are counted no further than this: beyond it, "at least". */
export const countedEvents = 10_000

/** What the log has after a position. */
export interface Lag {
  events: number
  /** When the first of them happened; undefined where none of them says so. */
  since: string | undefined
}

interface Counted extends Lag {
  through: bigint | undefined
}

/**
 * Counts the events after positions, round by round. What one round has counted from a position, the next one only goes on from: a
 * version that stands still costs nothing. Throws where the event store is away.
 */
export class LagCounter {
  readonly #store: Pick<EventStore, 'readAll'>
  #before = new Map<string, Promise<Counted>>()
  #now = new Map<string, Promise<Counted>>()

  constructor(store: Pick<EventStore, 'readAll'>) {
    this.#store = store
  }

  /** Positions that were not asked for in the last round are forgotten. */
  nextRound(): void {
    this.#before = this.#now
    this.#now = new Map()
  }

  /** @param most no more than so many are looked for, but for the batch they come in */
  after(position: bigint | undefined, most = countedEvents): Promise<Lag> {
    const key = `${position} ${most}`
    const lag = this.#now.get(key) ?? this.#count(this.#before.get(key), position, most)
    this.#now.set(key, lag)
    return lag
  }

  async #count(earlier: Promise<Counted> | undefined, position: bigint | undefined, most: number): Promise<Counted> {
    const known = await earlier?.catch(() => undefined)
    let { events, since, through } = known ?? { events: 0, since: undefined, through: position }
    if (events >= most) return { events, since, through }
    for await (const batch of this.#store.readAll(through)) {
      since ??= batch.map(({ data }) => timeOf(data)).find((time) => time !== undefined)
      events = Math.min(events + batch.length, countedEvents)
      through = batch.at(-1)!.position
      if (events >= most) break
    }
    return { events, since, through }
  }
}
