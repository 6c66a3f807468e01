import { z } from 'zod'
import * as Device from '../domain/device.ts'
import { Id, line, Problem, ProblemDocument, type Route, route, Uuid } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/devices.ts'
import { activeFacility, onlyOwn, within } from './guards.ts'
import { derivedId, handle, load, type Outcome, replay } from './handle.ts'
import { answered, type Deps } from './http.ts'
import { reserve } from './reserve.ts'

const Registration = z.strictObject({ facility_id: Uuid, name: line(200), serial: line(100), model: line(100) })
const Change = z.strictObject({
  name: line(200).exactOptional(),
  facility_id: Uuid.exactOptional().meta({ description: 'Where it moves to; for a super_admin' }),
})

const path = '/api/v1/devices'
const shown = (id: string, state: Device.State): z.infer<typeof shapes.Device> => {
  const { registered_at, ...device } = Device.known(state)
  return { id, ...device, created_at: registered_at }
}

const created = (id: string, outcome: Outcome<Device.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

export const devices = ({ store, now }: Deps): Route[] => {
  /** The facility of a device the caller may change. */
  async function facilityOf(id: string, own: string | undefined): Promise<string> {
    const { facility_id } = Device.known((await load(store, Device, id)).state)
    onlyOwn(facility_id, own)
    return facility_id
  }

  return [
    route<{}, {}, z.infer<typeof Registration>>({
      method: 'POST',
      path,
      permission: 'device:create',
      body: Registration,
      answers: { 201: shapes.Device, 400: ProblemDocument, 404: ProblemDocument, 409: ProblemDocument },
      run: async ({ body, intent, facility }) => {
        onlyOwn(body.facility_id, facility)
        const id = derivedId('device', intent.id)
        const about = { ...intent, facility_id: body.facility_id }
        const done = await replay(store, Device, id, intent)
        if (done) return created(id, done)
        await activeFacility(store, body.facility_id)
        const register = Device.register({ ...body, registered_at: now() })
        register((await load(store, Device, id)).state)
        await reserve(store, { kind: 'deviceSerial', name: body.serial, owner_id: id, at: now() }, about)
        return created(id, await handle(store, Device, id, register, about))
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'device:change',
      params: Id,
      body: Change,
      answers: {
        200: shapes.Device,
        403: ProblemDocument,
        404: ProblemDocument,
        409: ProblemDocument,
        412: ProblemDocument,
      },
      run: async ({ params: { id }, body, intent, facility }) => {
        if (body.facility_id !== undefined && facility !== undefined && body.facility_id !== facility)
          throw new Problem('forbidden', 'Only a super_admin moves a device to another facility')
        const facility_id = await facilityOf(id, facility)
        if (body.facility_id !== undefined && body.facility_id !== facility_id)
          await activeFacility(store, body.facility_id)
        const about = { ...intent, facility_id }
        const change = within(facility, Device.change({ ...body, at: now() }))
        const outcome = await handle(store, Device, id, change, about)
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
    route<{ id: string }, {}, {}>({
      method: 'POST',
      path: `${path}/:id/decommission`,
      permission: 'device:change',
      params: Id,
      body: z.strictObject({}),
      answers: { 200: shapes.Device, 404: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, intent, facility }) => {
        const facility_id = await facilityOf(id, facility)
        const decision = within(facility, Device.decommission({ decommissioned_at: now() }))
        const outcome = await handle(store, Device, id, decision, { ...intent, facility_id })
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
  ]
}
