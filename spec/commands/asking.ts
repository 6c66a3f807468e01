import { problemOf } from '../../commands/http.ts'
import type { Caller, Route } from '../../ops/platform/route.ts'

/** What one of these routes answers to somebody the door has let in: the status, or the code of the problem. */
export async function ask(routes: Route[], [method, path]: [string, string], asked: object, caller: Caller) {
  const route = routes.find((one) => one.method === method && one.path === path)!
  const actor = { kind: 'user', id: 'id' in caller ? caller.id : '' } as const
  const [id, correlation_id] = [crypto.randomUUID(), crypto.randomUUID()]
  const facility = 'facility_id' in caller ? caller.facility_id : undefined
  const request = {
    ...{ caller, facility, address: '', raw: { headers: {} } },
    intent: { id, hash: id, actor, correlation_id },
  }
  return route.run({ ...request, ...asked } as never).then(
    ({ status }) => String(status),
    (error: unknown) => problemOf(error).code,
  )
}
