export interface Place {
  stream: string
  revision: number
  position: number
}

const GENERATION = 50_000

/** Where the last 50,000 to 100,000 event ids were written. Two generations: forgetting the oldest costs nothing. */
export class RecentIds {
  #young = new Map<string, Place>()
  #old = new Map<string, Place>()

  add(id: string, place: Place): void {
    this.#young.set(id, place)
    if (this.#young.size < GENERATION) return
    this.#old = this.#young
    this.#young = new Map()
  }

  get(id: string): Place | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }
}
