import { createHash } from 'node:crypto'
import { isLasting } from '../../domain/lasting.ts'
import type { RawEvent } from '../platform/rawEvents.ts'

/** What one link is made of. Positions are no part of it: another store gives the same events others. */
export type Chained = Pick<RawEvent, 'type' | 'stream' | 'revision' | 'id' | 'data' | 'metadata'>

/** What the first event is chained to. */
export const nothing = Buffer.alloc(32)

/**
 * The hash of an event and of all before it: SHA-256 of the hash before, and of type, stream, revision (decimal), id, data and metadata as they are
 * stored, each behind its length in bytes (32 bits, big-endian).
 */
export function link(before: Buffer, { type, stream, revision, id, data, metadata }: Chained): Buffer {
  const hash = createHash('sha256').update(before)
  const length = Buffer.alloc(4)
  for (const part of [type, stream, String(revision), id, data, metadata]) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest()
}

/** Goes along the log, from its first event or from wherever a chain ended; what does not last is passed over. */
export class Chain {
  /** How many events it holds. */
  length: number
  end: Buffer

  constructor(length = 0, end: Buffer = nothing) {
    this.length = length
    this.end = end
  }

  /** Whether the event is part of it, and so its end now. */
  add(event: Chained): boolean {
    if (!isLasting(event.stream, event.type)) return false
    this.end = link(this.end, event)
    this.length++
    return true
  }

  get head(): string {
    return this.end.toString('hex')
  }
}

export const nameOf = ({ type, revision, stream, id }: Pick<Chained, 'type' | 'revision' | 'stream' | 'id'>) =>
  `${type}, revision ${revision} of ${stream} (${id})`
