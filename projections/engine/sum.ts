const carriedAt = 2 ** 52

/** An exact sum of many numbers below 2^32, of either sign: a big integer for each of them would cost more than what is summed. */
export class Sum {
  #carried = 0n
  #rest = 0

  add(value: number): void {
    this.#rest += value
    if (Math.abs(this.#rest) >= carriedAt) this.#carry()
  }

  /** Decimal text. */
  toString(): string {
    this.#carry()
    return String(this.#carried)
  }

  #carry(): void {
    this.#carried += BigInt(this.#rest)
    this.#rest = 0
  }
}
