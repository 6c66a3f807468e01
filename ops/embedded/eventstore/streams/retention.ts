import type { Index } from '../log/index.ts'
import { TOMBSTONE_REVISION } from '../log/record.ts'
import type { StoredEvent } from '../log/storedEvent.ts'
import type { Heads } from './heads.ts'
import { isMetastream, originalOf } from './metadata.ts'

/** Streams whose rule is remembered; scavenging many more than that only costs looking them up again. */
const REMEMBERED = 10_000

interface Rule {
  number: number
  last: number
  first: number
  createdAfter: number
  tombstoned: boolean
}

/**
 * Which events a scavenge keeps: those that can still be read from their streams, the last one of every stream (its revision must never
 * be given again), and tombstones.
 */
export class Retention {
  readonly #index: Index
  readonly #heads: Heads
  readonly #rules = new Map<string, Rule>()

  constructor(index: Index, heads: Heads) {
    this.#index = index
    this.#heads = heads
  }

  keeps({ stream, revision, created }: StoredEvent): boolean {
    if (revision === TOMBSTONE_REVISION) return true
    const rule = this.#rule(stream)
    if (rule.tombstoned) return false
    return revision >= rule.last || (revision >= rule.first && created >= rule.createdAfter)
  }

  /** What the index calls the stream. */
  numberOf(stream: string): number {
    return this.#rule(stream).number
  }

  #rule(stream: string): Rule {
    const known = this.#rules.get(stream)
    if (known) return known
    const entry = this.#index.stream(stream)
    if (!entry) throw new Error(`The index does not know the stream ${stream}`)
    const { maxCount, maxAgeMs, truncateBefore } = this.#heads.metadata(stream)
    const rule = {
      number: entry.number,
      last: entry.last,
      first: Math.max(truncateBefore, entry.last - maxCount + 1),
      createdAfter: Date.now() - maxAgeMs,
      tombstoned: isMetastream(stream) ? Boolean(this.#index.stream(originalOf(stream))?.tombstoned) : entry.tombstoned,
    }
    if (this.#rules.size >= REMEMBERED) this.#rules.clear()
    this.#rules.set(stream, rule)
    return rule
  }
}
