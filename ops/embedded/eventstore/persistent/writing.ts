import { randomUUID } from 'node:crypto'
import type { NewEvent } from '../log/record.ts'
import type { Stores } from '../streams/cursors.ts'
import { metastreamOf } from '../streams/metadata.ts'
import type { Streams } from '../streams/streams.ts'

/** What a group needs to read and write. */
export interface Store extends Stores {
  streams: Streams
}

export function jsonEvent(type: string, data: string, metadata: object | undefined = undefined): NewEvent {
  return {
    id: randomUUID(),
    type,
    contentType: 'application/json',
    customMetadata: Buffer.from(metadata ? JSON.stringify(metadata) : ''),
    data: Buffer.from(data),
  }
}

/** Resolves when it is durable. The first event of a stream is preceded by the stream's `$maxCount`, if it has one. */
export async function appendOwn(
  { streams, heads }: Store,
  stream: string,
  event: NewEvent,
  maxCount?: number,
): Promise<void> {
  const limited =
    maxCount !== undefined && heads.head(metastreamOf(stream)).last < 0
      ? streams.append(metastreamOf(stream), 'any', [jsonEvent('$metadata', JSON.stringify({ $maxCount: maxCount }))])
      : undefined
  await Promise.all([limited, streams.append(stream, 'any', [event])])
}
