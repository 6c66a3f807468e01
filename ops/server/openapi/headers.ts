import { z } from 'zod'

const revision = '"3"'
const position = '4711'

/** What a request may say beside its path, query and body; by the name that HTTP has for it. */
export const requestHeaders = {
  idempotencyKey: z.string().min(1).max(255).optional().meta({
    description:
      'The same key again, by the same caller on the same path, answers as the first time and changes nothing',
  }),
  ifMatch: z.string().optional().meta({
    description: 'The revision, as in ETag, that the resource must still have; 412 otherwise',
    example: revision,
  }),
  readAfter: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional()
    .meta({
      description: 'An Event-Position: answers once the read models it depends on have come so far',
      example: position,
    }),
  range: z.string().optional().meta({ description: 'One range of bytes', example: 'bytes=0-1023' }),
  ifRange: z.string().optional().meta({ description: 'The ETag that Range is about; all of it otherwise' }),
  ifNoneMatch: z
    .string()
    .optional()
    .meta({ description: 'The ETag of what the client has; 304 when it is still that' }),
}

const text = (description: string, example?: string) =>
  z
    .string()
    .optional()
    .meta({ description, ...(example !== undefined && { example }) })

const every = { 'X-Request-Id': text('Finds the request in our log; one of the caller’s own is kept') }

/** By status and kind of route, the headers an answer may have. */
export function answerHeaders(status: number, kind: { isWrite: boolean; isBinary: boolean }): z.ZodObject {
  const isGood = status < 300
  return z.object({
    ...every,
    ...(isGood && kind.isWrite && { ETag: text('The revision of the resource', revision) }),
    ...(isGood && kind.isWrite && { 'Event-Position': text('Where the log is after it: for Read-After', position) }),
    ...(status === 201 && { Location: text('Where the resource is') }),
    ...((isGood || status === 304) && kind.isBinary && { ETag: text('The SHA-256 of the bytes, quoted') }),
    ...(isGood &&
      kind.isBinary && { 'Accept-Ranges': text('bytes'), 'Content-Disposition': text('Its name as a file') }),
    ...((status === 206 || status === 416) && {
      'Content-Range': text('Which bytes of how many', 'bytes 0-1023/4096'),
    }),
    ...(status === 401 && { 'WWW-Authenticate': text('Which credentials are wanted', 'Bearer') }),
    ...((status === 429 || status === 503) && { 'Retry-After': text('After how many seconds to try again', '2') }),
  })
}
