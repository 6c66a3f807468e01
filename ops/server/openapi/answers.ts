import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi'
import { ProblemDocument, type Route } from '../../platform/route.ts'
import { answerHeaders } from './headers.ts'

export const isWrite = ({ method }: Pick<Route, 'method'>) => method !== 'GET'

/** Bytes or text rather than JSON: `.meta({ contentMediaType })` on a string says of which kind. */
const mediaTypeOf = (schema: z.ZodType) => z.globalRegistry.get(schema)?.['contentMediaType'] as string | undefined
const isText = (mediaType: string) => /^text\/|^application\/x-ndjson$/.test(mediaType)

const mediaTypesOf = ({ answers }: Route) => Object.values(answers).flatMap((schema) => mediaTypeOf(schema) ?? [])
/** Bytes at rest, of which a client may ask for a part. */
export const isBinary = (route: Route) => mediaTypesOf(route).some((mediaType) => !isText(mediaType))
const isExport = (route: Route) =>
  mediaTypesOf(route).some((mediaType) => isText(mediaType) && mediaType !== 'text/event-stream')

/**
 * The statuses of the problems that a route answers with whatever it does: the door's own and those of the command loop. What a route adds to them
 * stands in its `answers`.
 */
function problemsOf(route: Route): number[] {
  const takesBody = route.body !== undefined || route.multipart !== undefined || route.bytes !== undefined
  return [
    400,
    ...(route.permission === 'public' ? [] : [401, 403]),
    ...(route.params ? [404] : []),
    ...(isWrite(route) ? [404, 409, 412] : []),
    ...(takesBody ? [413, 415] : []),
    ...(isBinary(route) ? [416] : []),
    429,
    503,
  ]
}

/** Every answer of a route by its status; `default`: what nobody foresaw, as a problem too. */
export function answersOf(route: Route): ZodOpenApiResponsesObject {
  const problems = problemsOf(route).map((status) => [status, ProblemDocument] as const)
  const notModified = isBinary(route) ? { 304: z.null() } : {}
  const all = { ...Object.fromEntries(problems), ...notModified, ...route.answers }
  return {
    ...Object.fromEntries(Object.entries(all).map(([status, schema]) => [status, answerOf(route, +status, schema)])),
    default: answerOf(route, 500, ProblemDocument),
  }
}

/** By status, the same for every route: a component of the document. */
const problemAnswers = new Map<number, ZodOpenApiResponseObject>()

function problemAnswer(status: number): ZodOpenApiResponseObject {
  let answer = problemAnswers.get(status)
  if (!answer) {
    const headers = answerHeaders(status, { isWrite: false, isBinary: false, isExport: false })
    const content = { 'application/problem+json': { schema: ProblemDocument } }
    answer = { id: `Problem${status}`, description: describing(status), headers, content }
    problemAnswers.set(status, answer)
  }
  return answer
}

const describing = (status: number) => STATUS_CODES[status] ?? 'Answer'

function answerOf(route: Route, status: number, schema: z.ZodType): ZodOpenApiResponseObject {
  if ((schema as unknown) === ProblemDocument) return problemAnswer(status)
  const kind = { isWrite: isWrite(route), isBinary: isBinary(route), isExport: isExport(route) }
  const headers = answerHeaders(status, kind)
  const described = { description: describing(status), headers }
  if (schema instanceof z.ZodNull) return described
  const mediaType = mediaTypeOf(schema)
  // Only of bytes does the schema repeat what they are: clients are generated that take whatever does for a file.
  const shown = mediaType !== undefined && isText(mediaType) ? z.string() : schema
  return { ...described, content: { [mediaType ?? 'application/json']: { schema: shown } } }
}
