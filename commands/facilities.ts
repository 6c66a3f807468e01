import { z } from 'zod'
import * as Facility from '../domain/facility.ts'
import { Id, line, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/facilities.ts'
import { onlyOwn } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'
import { reserve } from './reserve.ts'

const timezone = z.string().refine((name) => Intl.supportedValuesOf('timeZone').includes(name) || name === 'UTC', {
  message: 'must be an IANA time zone, like Asia/Seoul',
})
const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{1,30}$/, 'must be 2 to 31 letters, digits and dashes')

const Registration = z.strictObject({
  name: line(200),
  code,
  timezone: timezone.exactOptional(),
  address: line(500).exactOptional(),
})
const Change = z.strictObject({
  name: line(200).exactOptional(),
  timezone: timezone.exactOptional(),
  address: line(500).exactOptional(),
})

const path = '/api/v1/facilities'
const shown = (id: string, state: Facility.State): z.infer<typeof shapes.Facility> => {
  const { registered_at, name, code, status, ...rest } = Facility.known(state)
  return {
    id,
    name,
    code,
    timezone: rest.timezone ?? null,
    address: rest.address ?? null,
    status,
    created_at: registered_at,
  }
}

const created = (id: string, outcome: Outcome<Facility.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

export const facilities = ({ store, now }: Deps): Route[] => [
  route<{}, {}, z.infer<typeof Registration>>({
    method: 'POST',
    path,
    permission: 'facility:create',
    body: Registration,
    answers: { 201: shapes.Facility, 400: ProblemDocument, 409: ProblemDocument },
    run: async ({ body, intent }) => {
      const id = derivedId('facility', intent.id)
      const about = { ...intent, facility_id: id }
      const done = await replay(store, Facility, id, intent)
      if (done) return created(id, done)
      const register = Facility.register({ ...body, registered_at: now() })
      register((await load(store, Facility, id)).state)
      await reserve(store, { kind: 'facilityCode', name: body.code, owner_id: id, at: now() }, about)
      return created(id, await handle(store, Facility, id, register, about))
    },
  }),
  route<{ id: string }, {}, z.infer<typeof Change>>({
    method: 'PATCH',
    path: `${path}/:id`,
    permission: 'facility:change',
    params: Id,
    body: Change,
    answers: { 200: shapes.Facility, 404: ProblemDocument, 412: ProblemDocument },
    run: async ({ params: { id }, body, intent, facility }) => {
      onlyOwn(id, facility)
      const outcome = await handle(store, Facility, id, Facility.change({ ...body, at: now() }), {
        ...intent,
        facility_id: id,
      })
      return answered(200, outcome, shown(id, outcome.state))
    },
  }),
  ...(['deactivate', 'reactivate'] as const).map((verb) =>
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/${verb}`,
      permission: 'facility:deactivate',
      params: Id,
      body: z.strictObject({}),
      answers: { 200: shapes.Facility, 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent }) => {
        const at = now()
        const decision =
          verb === 'deactivate'
            ? Facility.deactivate({ deactivated_at: at })
            : Facility.reactivate({ reactivated_at: at })
        const outcome = await handle(store, Facility, id, decision, { ...intent, facility_id: id })
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
  ),
]
