import { z } from 'zod'
import type { ZodOpenApiOperationObject, ZodOpenApiParameters } from 'zod-openapi'
import { access, type Permission } from '../../../domain/access.ts'
import type { Route } from '../../platform/route.ts'
import { answersOf, isBinary, isWrite } from './answers.ts'
import { requestHeaders } from './headers.ts'
import { operationIdOf, summaryOf, tagOf } from './naming.ts'

/** One route as an operation of the document. */
export function operationOf(route: Route, routes: readonly Route[]): ZodOpenApiOperationObject {
  const operationId = operationIdOf(route, routes)
  const requestBody = bodyOf(route)
  return {
    operationId,
    summary: summaryOf(operationId),
    description: whoMay(route.permission),
    tags: [tagOf(route.path)],
    security: securityOf(route),
    requestParams: parametersOf(route),
    ...(requestBody && { requestBody }),
    responses: answersOf(route),
    ...(route.permission !== 'public' && { 'x-permission': route.permission }),
  }
}

const grantOf = (permission: string) => access[permission as Permission] as Readonly<Record<string, string>>

function whoMay(permission: string): string {
  if (permission === 'public') return 'For everyone.'
  const { key, ...roles } = grantOf(permission)
  const people = Object.entries(roles).map(([role, reach]) => `${role} (${reach})`)
  return `For ${[...people, ...(key === undefined ? [] : [`API keys with the scope ${key}`])].join(', ')}.`
}

function securityOf({ permission, signed }: Route): Record<string, string[]>[] {
  if (permission === 'public') return []
  const { key, ...roles } = grantOf(permission)
  return [
    ...(Object.keys(roles).length > 0 ? [{ token: [] }] : []),
    ...(key === undefined ? [] : [{ key: [] }]),
    ...(signed ? [{ link: [] }] : []),
  ]
}

function parametersOf(route: Route): ZodOpenApiParameters {
  const { idempotencyKey, ifMatch, readAfter, range, ifRange, ifNoneMatch } = requestHeaders
  const header = z.object({
    ...route.headers?.shape,
    ...(route.method === 'POST' && !route.exempt && { 'Idempotency-Key': idempotencyKey }),
    ...(isWrite(route) && { 'If-Match': ifMatch }),
    ...(route.reads && { 'Read-After': readAfter }),
    ...(isBinary(route) && { Range: range, 'If-Range': ifRange, 'If-None-Match': ifNoneMatch }),
  })
  return {
    ...(route.params && { path: route.params as z.ZodObject }),
    ...(route.query && { query: route.query as z.ZodObject }),
    header,
  }
}

/** The bytes of a form's file, in the field `file`. */
const file = z.string().meta({ description: 'The file', contentMediaType: 'application/octet-stream' })

function bodyOf({ body, multipart, bytes }: Route): ZodOpenApiOperationObject['requestBody'] {
  if (bytes !== undefined) return { required: true, content: { [bytes]: { schema: file } } }
  if (multipart) {
    const schema = (multipart as z.ZodObject).extend({ file })
    return { required: true, content: { 'multipart/form-data': { schema } } }
  }
  if (!body) return undefined
  const required = !body.safeParse({}).success
  return { required, content: { 'application/json': { schema: body } } }
}
