import type { IncomingHttpHeaders } from 'node:http'
import parseRange from 'range-parser'
import type { Objects } from '../ops/platform/objects.ts'
import { type Answer, Problem } from '../ops/platform/route.ts'

export interface Media {
  object_key: string
  size_bytes: number
  sha256: string
  content_type: string
  /** Offered as a download under this name. */
  file_name?: string
}

/** An object as HTTP serves it: ETag = sha256, 304 for who has it, one Range (206, 416), If-Range; several ranges get all of it. */
export function serve(objects: Objects, media: Media, headers: IncomingHttpHeaders): Answer {
  const etag = `"${media.sha256}"`
  const unchanged = { ETag: etag, 'Cache-Control': 'private, max-age=0, must-revalidate' }
  const common: Record<string, string> = {
    ...unchanged,
    'Accept-Ranges': 'bytes',
    'Content-Type': media.content_type,
    ...(media.file_name !== undefined && { 'Content-Disposition': attachment(media.file_name) }),
  }
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (known?.includes(etag) || known?.includes('*')) return { status: 304, headers: unchanged }

  const range = rangeOf(headers, etag, media.size_bytes)
  if (!range)
    return {
      status: 200,
      headers: { ...common, 'Content-Length': String(media.size_bytes) },
      stream: () => objects.get(media.object_key),
    }
  const length = range.end - range.start + 1
  return {
    status: 206,
    headers: {
      ...common,
      'Content-Length': String(length),
      'Content-Range': `bytes ${range.start}-${range.end}/${media.size_bytes}`,
    },
    stream: () => objects.get(media.object_key, { offset: range.start, length }),
  }
}

function rangeOf(headers: IncomingHttpHeaders, etag: string, size: number): { start: number; end: number } | undefined {
  const asked = headers.range
  const condition = headers['if-range']
  // A unit we do not know is as if nothing was asked for (RFC 9110, 14.2).
  if (asked === undefined || !/^bytes=/i.test(asked) || (condition !== undefined && condition !== etag))
    return undefined
  const ranges = parseRange(size, asked)
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
