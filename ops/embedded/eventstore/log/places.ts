import { crc32 } from 'node:zlib'

/** Noted records lie at least this far apart in the file. */
const APART = 16 * 1024
const ENTRY = 12
const MAGIC = Buffer.from('XYLOPLCS')
/** magic (8) · entries u32 · end position u48 · 6 zero bytes · crc32 u32 of entries and trailer */
const TRAILER = 28

/**
 * Where the records of a scavenged segment lie: positions were kept and bytes were dropped, so that a file offset no longer follows
 * from a position. One record in 16 KiB is noted, the rest is found by walking from there. Stored behind the records:
 *
 *   (position u48 · file offset u48)* · trailer
 */
export class Places {
  readonly #positions: number[]
  readonly #offsets: number[]
  /** The file offset behind the last record. */
  readonly dataEnd: number
  /** The position behind the segment. */
  readonly end: number

  constructor(positions: number[], offsets: number[], dataEnd: number, end: number) {
    this.#positions = positions
    this.#offsets = offsets
    this.dataEnd = dataEnd
    this.end = end
  }

  /** The file offset of the last noted record that does not lie behind `position`; `first` if there is none. */
  atOrBefore(position: number, first: number): number {
    let low = 0
    let high = this.#positions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#positions[middle]! <= position) low = middle + 1
      else high = middle
    }
    return low === 0 ? first : this.#offsets[low - 1]!
  }

  toBytes(): Buffer {
    const count = this.#positions.length
    const bytes = Buffer.alloc(count * ENTRY + TRAILER)
    for (let i = 0; i < count; i++) {
      bytes.writeUIntLE(this.#positions[i]!, i * ENTRY, 6)
      bytes.writeUIntLE(this.#offsets[i]!, i * ENTRY + 6, 6)
    }
    const at = count * ENTRY
    MAGIC.copy(bytes, at)
    bytes.writeUInt32LE(count, at + 8)
    bytes.writeUIntLE(this.end, at + 12, 6)
    bytes.writeUInt32LE(crc32(bytes.subarray(0, at + 24)), at + 24)
    return bytes
  }

  /** From a whole file of `size` bytes, by way of `read`; undefined if it has no places at its end, or damaged ones. */
  static read(size: number, read: (offset: number, length: number) => Buffer): Places | undefined {
    if (size < TRAILER) return undefined
    const trailer = read(size - TRAILER, TRAILER)
    if (!trailer.subarray(0, 8).equals(MAGIC)) return undefined
    const count = trailer.readUInt32LE(8)
    const dataEnd = size - TRAILER - count * ENTRY
    if (dataEnd < 0) return undefined
    const bytes = read(dataEnd, count * ENTRY + TRAILER)
    if (crc32(bytes.subarray(0, bytes.length - 4)) !== trailer.readUInt32LE(24)) return undefined
    const positions: number[] = []
    const offsets: number[] = []
    for (let at = 0; at < count * ENTRY; at += ENTRY) {
      positions.push(bytes.readUIntLE(at, 6))
      offsets.push(bytes.readUIntLE(at + 6, 6))
    }
    return new Places(positions, offsets, dataEnd, trailer.readUIntLE(12, 6))
  }
}

/** Gathers the places while the records are written. */
export class PlacesWriter {
  readonly #positions: number[] = []
  readonly #offsets: number[] = []
  #noted = -Infinity

  note(position: number, offset: number): void {
    if (offset - this.#noted < APART) return
    this.#noted = offset
    this.#positions.push(position)
    this.#offsets.push(offset)
  }

  finish(dataEnd: number, end: number): Places {
    return new Places(this.#positions, this.#offsets, dataEnd, end)
  }
}
