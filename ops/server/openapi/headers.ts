import { z } from 'zod'

const revision = '"3"'
const position = '4711'

/** What a request may say beside its path, query and body; by the name that HTTP has for it. */
export const requestHeaders = {
  idempotencyKey: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({
      description:
        'The same key again, by the same caller on the same path, answers as the first time and changes nothing',
      param: { id: 'IdempotencyKey' },
    }),
  ifMatch: z
    .string()
    .optional()
    .meta({
      description: 'The revision, as in ETag, that the resource must still have; 412 otherwise',
      example: revision,
      param: { id: 'IfMatch' },
    }),
  readAfter: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional()
    .meta({
      description: 'An Event-Position: answers once the read models it depends on have come so far',
      example: position,
      param: { id: 'ReadAfter' },
    }),
  range: z
    .string()
    .optional()
    .meta({ description: 'One range of bytes', example: 'bytes=0-1023', param: { id: 'Range' } }),
  ifRange: z
    .string()
    .optional()
    .meta({ description: 'The ETag that Range is about; all of it otherwise', param: { id: 'IfRange' } }),
  ifNoneMatch: z
    .string()
    .optional()
    .meta({ description: 'The ETag of what the client has; 304 when it is still that', param: { id: 'IfNoneMatch' } }),
}

/** @param id under which the document has it once for all answers */
const text = (id: string, description: string, example?: string) =>
  z
    .string()
    .optional()
    .meta({ description, ...(example !== undefined && { example }), header: { id } })

const headers = {
  requestId: text('RequestId', 'Finds the request in our log; one of the caller’s own is kept'),
  revision: text('Revision', 'The revision of the resource', revision),
  eventPosition: text('EventPosition', 'Where the log is after it: for Read-After', position),
  location: text('Location', 'Where the resource is'),
  digest: text('Digest', 'The SHA-256 of the bytes, quoted'),
  ranges: text('AcceptRanges', 'bytes'),
  disposition: text('ContentDisposition', 'Its name as a file'),
  range: text('ContentRange', 'Which bytes of how many', 'bytes 0-1023/4096'),
  challenge: text('WwwAuthenticate', 'Which credentials are wanted', 'Bearer'),
  retryAfter: text('RetryAfter', 'After how many seconds to try again', '2'),
}

/** By status and kind of route, the headers an answer may have. */
export function answerHeaders(
  status: number,
  { isWrite, isBinary, isExport }: { isWrite: boolean; isBinary: boolean; isExport: boolean },
) {
  const isGood = status < 300
  return z.object({
    'X-Request-Id': headers.requestId,
    ...(isGood && isWrite && { ETag: headers.revision, 'Event-Position': headers.eventPosition }),
    ...(status === 201 && { Location: headers.location }),
    ...((isGood || status === 304) && isBinary && { ETag: headers.digest }),
    ...(isGood && isBinary && { 'Accept-Ranges': headers.ranges }),
    ...(isGood && (isBinary || isExport) && { 'Content-Disposition': headers.disposition }),
    ...((status === 206 || status === 416) && { 'Content-Range': headers.range }),
    ...(status === 401 && { 'WWW-Authenticate': headers.challenge }),
    ...((status === 429 || status === 503) && { 'Retry-After': headers.retryAfter }),
  })
}
