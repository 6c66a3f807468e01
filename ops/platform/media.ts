import type { IncomingHttpHeaders } from 'node:http'
import parseRange from 'range-parser'
import type { Readable } from 'node:stream'
import { isMissing, type Objects, type Stored } from './objects.ts'
import { type Answer, Problem } from './route.ts'

/** An object, and what its bytes must be. */
export interface Kept extends Stored {
  object_key: string
}

export interface Media extends Kept {
  content_type: string
  /** Offered as a download under this name. */
  file_name?: string
}

/** Where the bytes come from, all or `length` of them from `offset`: the store, or what has them nearer by. */
export type Source = (kept: Kept, range?: { offset: number; length: number }) => Promise<Readable>

/** So long a client is asked to wait for what an operator has to bring back. */
const retryMissingSecs = 3600

/** Straight from the store. A 503 problem where the store is there, and the object is not. */
export const stored =
  (objects: Pick<Objects, 'get'>) =>
  ({ object_key }: Pick<Kept, 'object_key'>, range?: Parameters<Source>[1]): Promise<Readable> =>
    objects.get(object_key, range).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      const problem = new Problem('object_missing', 'The bytes of this are not in the store; an operator was told', {
        headers: { 'Retry-After': String(retryMissingSecs) },
      })
      throw Object.assign(problem, { cause: error, object_key })
    })

/** The headers of what is the same for as long as its tag is. */
export const unchangedAs = (tag: string) => ({
  ETag: `"${tag}"`,
  'Cache-Control': 'private, max-age=0, must-revalidate',
})

/** 304 for who has what this tag (without quotes) is of. */
export function notModified(headers: IncomingHttpHeaders, tag: string): Answer | undefined {
  const known = headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''))
  return known?.some((one) => one === `"${tag}"` || one === '*')
    ? { status: 304, headers: unchangedAs(tag) }
    : undefined
}

/** An object as HTTP serves it: ETag = sha256, 304 for who has it, one Range (206, 416), If-Range; several ranges get all of it. */
export function serve(source: Source, media: Media, headers: IncomingHttpHeaders): Answer {
  const etag = `"${media.sha256}"`
  const unchanged = unchangedAs(media.sha256)
  const common: Record<string, string> = {
    ...unchanged,
    'Accept-Ranges': 'bytes',
    'Content-Type': media.content_type,
    ...(media.file_name !== undefined && { 'Content-Disposition': attachment(media.file_name) }),
  }
  const known = notModified(headers, media.sha256)
  if (known) return known

  const range = rangeOf(headers, etag, media.size_bytes)
  if (!range)
    return {
      status: 200,
      headers: { ...common, 'Content-Length': String(media.size_bytes) },
      stream: () => source(media),
    }
  const length = range.end - range.start + 1
  return {
    status: 206,
    headers: {
      ...common,
      'Content-Length': String(length),
      'Content-Range': `bytes ${range.start}-${range.end}/${media.size_bytes}`,
    },
    stream: () => source(media, { offset: range.start, length }),
  }
}

function rangeOf(headers: IncomingHttpHeaders, etag: string, size: number): { start: number; end: number } | undefined {
  const asked = headers.range
  const condition = headers['if-range']
  // A unit we do not know is as if nothing was asked for (RFC 9110, 14.2).
  if (asked === undefined || !/^bytes=/i.test(asked) || (condition !== undefined && condition !== etag))
    return undefined
  // The last so many bytes of fewer are all of them (14.1.3).
  const isAll = Number(/^bytes=\s*-(\d+)\s*$/i.exec(asked)?.[1]) > size
  const ranges = parseRange(size, isAll ? 'bytes=0-' : asked)
  if (ranges === -1)
    throw new Problem('range_not_satisfiable', `The file has ${size} bytes`, {
      headers: { 'Content-Range': `bytes */${size}` },
    })
  return ranges === -2 || ranges.type !== 'bytes' || ranges.length > 1 ? undefined : ranges[0]
}

/** RFC 6266: an ASCII fallback and the exact name. */
function attachment(name: string): string {
  const fallback = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${fallback}"; filename*=UTF-8''${exact}`
}
