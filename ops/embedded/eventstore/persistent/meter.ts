const MEASURED_EVERY_MS = 1000
const REMEMBERED = 1000

/** Counts, and says at what rate: measured when it is asked and a second has passed, so it needs no timer. */
export class Meter {
  total = 0
  #measured = 0
  #measuredAt = performance.now()
  #perSecond = 0

  measure(): { averagePerSecond: number; totalItems: number; countSinceLastMeasurement: number } {
    const elapsed = performance.now() - this.#measuredAt
    const since = this.total - this.#measured
    if (elapsed >= MEASURED_EVERY_MS) {
      this.#perSecond = Math.round((since * 1000) / elapsed)
      this.#measured = this.total
      this.#measuredAt = performance.now()
    }
    return { averagePerSecond: this.#perSecond, totalItems: this.total, countSinceLastMeasurement: since }
  }
}

/** How long the last thousand messages took from being given to being answered, in milliseconds. */
export class Latencies {
  readonly #ring: number[] = []
  #next = 0

  add(ms: number): void {
    this.#ring[this.#next] = ms
    this.#next = (this.#next + 1) % REMEMBERED
  }

  observed(): { key: string; value: number }[] {
    const sorted = this.#ring.toSorted((a, b) => a - b)
    const sum = sorted.reduce((total, ms) => total + ms, 0)
    const at = (share: number) => sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0
    const shares = { 'Quintile 1': 0.2, 'Quintile 2': 0.4, 'Quintile 3': 0.6, 'Quintile 4': 0.8, 'Quintile 5': 1 }
    const tails = { '90%': 0.9, '95%': 0.95, '99%': 0.99, '99.5%': 0.995, '99.9%': 0.999, Highest: 1 }
    return [
      { key: 'Mean', value: Math.round(sum / Math.max(sorted.length, 1)) },
      { key: 'Median', value: at(0.5) },
      { key: 'Fastest', value: at(0) },
      ...Object.entries({ ...shares, ...tails }).map(([key, share]) => ({ key, value: at(share) })),
    ]
  }
}
