import { z } from 'zod'
import { createDocument, type oas31, type ZodOpenApiPathsObject } from 'zod-openapi'
import { type Route, route } from '../platform/route.ts'
import { tagOf, templateOf } from './openapi/naming.ts'
import { operationOf } from './openapi/operation.ts'
import { healthPaths } from './openapi/health.ts'

const path = '/api/openapi.json'

const info = {
  title: 'Xylolabs API',
  version: '1',
  license: { name: 'MIT', identifier: 'MIT' },
  description: [
    'A fleet of sound sensors: facilities own devices, devices upload recordings, recordings are transcoded and listened to.',
    'JSON in snake_case, ids are UUIDs, times are RFC 3339 in UTC. Unknown fields and parameters are refused.',
    'Errors are problem documents (RFC 9457) with a stable `code`, in this order: 401, 403, 400, 404, then 409 and 412.',
    'Every GET answers HEAD as well.',
  ].join('\n\n'),
}

const securitySchemes = {
  token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A person’s access token' },
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A device’s key' },
} as const

/** Where there is a route that such links are for. */
const linkScheme = {
  link: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'As in a playback URL, for what it was made for alone',
  },
} as const

const tags: Readonly<Record<string, string>> = {
  auth: 'Logging in, sessions, the own password',
  facilities: 'Places that own devices and people',
  users: 'People and their roles',
  'api-keys': 'What devices show to be let in',
  devices: 'Sensors',
  firmware: 'What sensors run, and how they come by it',
  uploads: 'Recordings',
  tags: 'What people mark recordings with',
  'transcode-jobs': 'Recordings on their way to the web',
  'inference-jobs': 'Models listening to recordings',
  live: 'What happens, as it happens',
  stats: 'How much there is',
  projections: 'Where the read models stand, and steering them',
  audit: 'Who did what',
  events: 'The log itself',
  system: 'Settings of the whole installation',
  openapi: 'This document',
  health: 'Whether it lives and is ready',
}

/** The document of these routes: from the very schemas that validate their requests and type their answers. */
export function openApiDocument(routes: readonly Route[]): oas31.OpenAPIObject {
  const paths: ZodOpenApiPathsObject = {}
  for (const one of routes)
    (paths[templateOf(one.path)] ??= {})[one.method.toLowerCase() as 'get'] = operationOf(one, routes)
  const used = [...new Set(routes.map((one) => tagOf(one.path))), 'health']
  return createDocument(
    {
      openapi: '3.1.1',
      info,
      servers: [{ url: '/', description: 'Where this document is' }],
      tags: used.map((name) => ({ name, description: tags[name] ?? `What is under /${name}` })),
      paths: { ...paths, ...healthPaths },
      components: { securitySchemes: { ...securitySchemes, ...(routes.some(({ signed }) => signed) && linkScheme) } },
    },
    { allowEmptySchema: { custom: true } },
  )
}

/** These routes, and the one that describes them and itself: made once, when it is first asked for. */
export function described(routes: readonly Route[]): Route[] {
  let document: oas31.OpenAPIObject | undefined
  const all = [...routes]
  all.push(
    route({
      method: 'GET',
      path,
      permission: 'public',
      answers: { 200: z.looseObject({ openapi: z.string() }) },
      run: async () => ({ status: 200, body: (document ??= openApiDocument(all)) }),
    }),
  )
  return all
}
