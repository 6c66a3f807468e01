import type { Route } from '../../platform/route.ts'

/** `/api/v1/transcode-jobs/:id` → `/api/v1/transcode-jobs/{id}` */
export const templateOf = (path: string) => path.replace(/:(\w+)/g, '{$1}')

const camel = (segment: string) => segment.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The segments that say what it is about, neither `api` nor the version: `/api/v1/audit.csv` → `audit`, `csv`. */
const segmentsOf = (path: string) => path.replace(/^\/api(?:\/v\d+)?\//, '').split(/[/.]/)

/** The resource at the front of the path. */
export const tagOf = (path: string) => segmentsOf(path)[0]!

const onItem = { GET: 'get', PATCH: 'change', PUT: 'set', DELETE: 'delete', POST: 'post' } as const
const onCollection = { GET: 'list', POST: 'create', PATCH: 'change', PUT: 'set', DELETE: 'delete' } as const

/**
 * What clients made from the document call it: `facilities.list`, `facilities.get`, `facilities.deactivate`, `auth.sessions.delete`. It follows from
 * the method and the path alone, and from which paths go on with an id: the same for as long as those are.
 */
export function operationIdOf(
  { method, path }: Pick<Route, 'method' | 'path'>,
  routes: readonly Pick<Route, 'path'>[],
) {
  const segments = segmentsOf(path)
  const words = segments.filter((segment) => !segment.startsWith(':')).map(camel)
  const isItem = segments.at(-1)!.startsWith(':')
  const isCollection = routes.some((other) => other.path.startsWith(`${path}/:`)) || segments.length === 1
  if (isItem) words.push(onItem[method])
  else if (isCollection) words.push(onCollection[method])
  else if (method !== 'GET' && method !== 'POST') words.push(onCollection[method])
  return words.join('.')
}

/** `users.resetPassword` → `users: reset password` */
export function summaryOf(operationId: string): string {
  const words = operationId.split('.').map((word) => word.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
  return `${words.slice(0, -1).join(', ')}: ${words.at(-1)}`
}
