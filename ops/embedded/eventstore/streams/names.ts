import { isUtf8 } from 'node:buffer'
import { MAX_STREAM_NAME } from '../log/index.ts'
import { invalid } from '../refusal.ts'
import { isMetastream, originalOf } from './metadata.ts'

/** Metadata can be set of every stream that there can be. */
export const isTooLong = (stream: string): boolean =>
  Buffer.byteLength(isMetastream(stream) ? originalOf(stream) : stream) > MAX_STREAM_NAME

/** The name that a request gives; throws a refusal where no stream can have it. */
export function streamNameOf(identifier: { streamName?: Buffer | undefined } | undefined): string {
  const name = identifier?.streamName
  if (!name?.length) throw invalid('A stream has a name')
  if (!isUtf8(name)) throw invalid("A stream's name is text in UTF-8")
  const stream = name.toString('utf8')
  if (isTooLong(stream)) throw invalid(`A stream's name is at most ${MAX_STREAM_NAME} bytes long`)
  return stream
}
