import { randomUUID } from 'node:crypto'
import type { Objects } from '../ops/platform/objects.ts'
import { Problem } from '../ops/platform/route.ts'
import { audioType, sniffBytes, withoutVideo } from './audioType.ts'
import { empty, type Taken } from './takenFile.ts'

/** A recording whose bytes are in the store. */
export type RecordingFile = Taken & { content_type: string }

export const noRecording = () =>
  new Problem('unsupported_media_type', 'This is no recording: send WAV, FLAC, MP3, AAC/M4A, Ogg, WebM or AIFF')

/**
 * Streams a recording to a key of its own below the prefix, as long as it is one: its first bytes decide. Nothing of what is refused stays.
 * @param prefix `uploads/<upload id>`: the key of an object leads to the stream that may name it
 */
export async function storeRecording(
  objects: Objects,
  prefix: string,
  { file_name, bytes }: { file_name: string; bytes: AsyncIterable<Buffer> },
): Promise<RecordingFile> {
  const [first, all] = await peek(bytes, sniffBytes)
  if (first.length === 0) throw empty()
  const content_type = await audioType(first)
  if (!content_type) throw noRecording()
  const object_key = `${prefix}/${randomUUID()}`
  const stored = await objects.put(object_key, withoutVideo(all, content_type, noRecording), content_type)
  return { object_key, file_name, content_type, ...stored }
}

/** The first bytes of a stream, and all of it. */
async function peek(
  bytes: AsyncIterable<Buffer>,
  wanted: number,
): Promise<[first: Buffer, all: AsyncIterable<Buffer>]> {
  const source = bytes[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let size = 0
  while (size < wanted) {
    const { value, done } = await source.next()
    if (done) break
    chunks.push(value)
    size += value.length
  }
  const first = Buffer.concat(chunks)
  async function* all() {
    if (first.length > 0) yield first
    yield* { [Symbol.asyncIterator]: () => source }
  }
  return [first, all()]
}
