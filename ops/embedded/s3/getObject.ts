import { type Context, type Handler, S3Error } from './s3rver.ts'
import type { ObjectStore } from './store.ts'

interface Range {
  readonly start: number
  readonly end: number
}

/** GET and HEAD of an object: whole, a range, or 304 / 412 by its ETag. */
export const getObject: Handler = async (context: Context<ObjectStore>) => {
  const { bucket, key } = context.params
  const found = await context.store.openObject(bucket, key)
  if (!found) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  let streaming = false
  try {
    const { metadata, size, handle } = found
    const etag = String(metadata.etag)
    if (context.headers['if-match'] && !names(context.headers['if-match'], etag)) {
      throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
        Condition: 'If-Match',
      })
    }
    context.set('Accept-Ranges', 'bytes')
    context.set('Content-Type', 'binary/octet-stream')
    for (const [name, value] of Object.entries(metadata))
      if (name !== 'content-length') context.set(name, String(value))
    if (unchanged(context.headers, etag, new Date(String(metadata['last-modified'])))) {
      context.status = 304
      return
    }
    const range = rangeOf(context.headers.range, size)
    context.status = range ? 206 : 200
    if (range) context.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
    if (context.method !== 'HEAD') {
      context.body = handle.createReadStream(range ?? { start: 0 })
      streaming = true
    }
    // After the body, which would reset the type and drop the length of a stream.
    context.set('Content-Type', String(metadata['content-type'] ?? 'binary/octet-stream'))
    context.length = range ? range.end - range.start + 1 : size
  } finally {
    if (!streaming) await found.handle.close()
  }
}

/** Throws InvalidRange when nothing of it exists; several ranges, and what is not a range, mean the whole object. */
export function rangeOf(header: string | undefined, size: number): Range | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start > end) {
    throw new S3Error('InvalidRange', 'The requested range is not satisfiable', {
      RangeRequested: header,
      ActualObjectSize: size,
    })
  }
  return { start, end }
}

const names = (list: string, etag: string) =>
  list === '*' ||
  list.split(',').some((one) => one.trim().replace(/^W\//, '').replaceAll('"', '') === etag.replaceAll('"', ''))

function unchanged(headers: Context['headers'], etag: string, modified: Date): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers
  return tags ? names(tags, etag) : since !== undefined && new Date(since) >= modified
}
