import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as Upload from '../domain/upload.ts'
import { load } from '../commands/handle.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { isMissing, type Objects } from '../ops/platform/objects.ts'
import { PermanentFailure } from './runner.ts'

/** The recording of a job, as long as it is there; a permanent failure once it was deleted. It may have been rejected. */
export async function recordingOf(store: EventStore, upload_id: string): Promise<Upload.Recording> {
  const upload = Upload.known((await load(store, Upload, upload_id)).state)
  if (upload.status !== 'rejected' && Upload.isDeleted(upload)) throw new PermanentFailure('The upload was deleted')
  return upload
}

/** Its bytes as a file of this directory; gives the path. Throws when they are not those that came in. */
export async function fetchOriginal(
  objects: Objects,
  upload: Upload.Recording,
  directory: string,
  signal: AbortSignal,
): Promise<string> {
  const input = join(directory, 'input')
  const source = await objects.get(upload.object_key).catch((error: unknown) => {
    throw isMissing(error) ? new PermanentFailure('The stored recording is missing') : notStored('fetched from', error)
  })
  const hash = createHash('sha256')
  let fetched = 0
  async function* hashed(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk)
      fetched += chunk.length
      yield chunk
    }
  }
  await pipeline(source, hashed, createWriteStream(input), { signal }).catch((error: unknown) => {
    throw notStored('fetched from', error)
  })
  if (fetched !== upload.size_bytes)
    throw new Error(`Only ${fetched} of ${upload.size_bytes} bytes came from the store`)
  // A verdict on what is not the recording would cost the recording.
  if (hash.digest('hex') !== upload.sha256) throw new Error('Other bytes came from the store than were put there')
  return input
}

/** Puts what a job has made; a store that is away is tried again. */
export const putting =
  (objects: Objects): Objects['put'] =>
  (...put) =>
    objects.put(...put).catch((error: unknown) => {
      throw notStored('put into', error)
    })

export async function* chunks(text: string) {
  yield Buffer.from(text)
}

const notStored = (how: string, cause: unknown) =>
  new Error(`The recording could not be ${how} the store; it is tried again`, { cause })
