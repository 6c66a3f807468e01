import type { Row } from './fold.ts'

export interface Slot {
  /** Null: deleted, and still to be deleted from the table. */
  row: Row | null
  /** Differs from what the table holds. */
  dirty: boolean
  /** The checksum of what the table holds; undefined: it holds nothing. */
  stored: number | undefined
}

/** The rows of one table in two generations: what was not touched for a whole generation can be dropped at no cost. */
export class RowCache {
  #hot = new Map<string, Slot>()
  #old = new Map<string, Slot>()

  get size(): number {
    return this.#hot.size + this.#old.size
  }

  /** What is held of a row; it counts as touched. */
  find(id: string): Slot | undefined {
    const hot = this.#hot.get(id)
    if (hot) return hot
    const old = this.#old.get(id)
    if (!old) return undefined
    this.#old.delete(id)
    this.#hot.set(id, old)
    return old
  }

  /** A row that is not held, and that the table does not hold either. */
  add(id: string, row: Row | null): void {
    this.#hot.set(id, { row, dirty: true, stored: undefined })
  }

  loaded(row: Row, stored: number): void {
    this.#hot.set(row.id, { row, dirty: false, stored })
  }

  /** What was not touched since the last call leaves the cache. */
  rotate(): ReadonlyMap<string, Slot> {
    const leaving = this.#old
    this.#old = this.#hot
    this.#hot = new Map()
    return leaving
  }
}
