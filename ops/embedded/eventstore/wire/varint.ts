export class MalformedMessage extends Error {}

export const VARINT = 0
const FIXED64 = 1
export const BYTES = 2
const FIXED32 = 5

/** Bytes that `value` (0 ≤ value < 2^53) takes as a varint. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/** Writes `value` (0 ≤ value < 2^53) at `at`; returns the offset behind it. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  while (rest >= 0x80000000) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest >= 128) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** Reads varints and length-delimited fields, refusing to run past the end. */
export class Reader {
  readonly bytes: Buffer
  at: number
  readonly end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** Exact below 2^53; above that the nearest double, which is all that "as many as there are" needs. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) break
      const byte = this.bytes[this.at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new MalformedMessage('A varint does not end')
  }

  bigint(): bigint {
    const start = this.at
    this.varint()
    let value = 0n
    for (let i = this.at - 1; i >= start; i--) value = (value << 7n) | BigInt(this.bytes[i]! & 127)
    return BigInt.asIntN(64, value)
  }

  slice(): Buffer {
    const length = this.varint()
    if (length > this.end - this.at) throw new MalformedMessage('A field is longer than its message')
    return this.bytes.subarray(this.at, (this.at += length))
  }

  skip(type: number): void {
    if (type === VARINT) this.varint()
    else if (type === BYTES) this.slice()
    else if (type === FIXED64) this.at += 8
    else if (type === FIXED32) this.at += 4
    else throw new MalformedMessage(`Wire type ${type} is not served`)
    if (this.at > this.end) throw new MalformedMessage('A field is longer than its message')
  }
}
