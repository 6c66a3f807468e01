import { z } from 'zod'
import * as Device from '../domain/device.ts'
import { Id, line, notFound, ProblemDocument, type Route, route } from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { activeFacility, onlyOwn } from './facilities.ts'
import { derivedId, handle, load } from './handle.ts'
import { answered, type Deps } from './http.ts'
import { ensureNotClashing } from './repeat.ts'
import { reserve } from './reserve.ts'

const Registration = z.strictObject({ facility_id: z.uuid(), name: line(200), serial: line(100), model: line(100) })
const Change = z.strictObject({ name: line(200) })

const path = '/api/v1/devices'
const shown = (id: string, state: Device.State): z.infer<typeof shapes.Device> => {
  const { registered_at, ...device } = Device.known(state)
  return { id, ...device, created_at: registered_at }
}

/** A device of this facility that is still in use; unknown otherwise. */
export async function activeDevice(store: Deps['store'], id: string, facilityId: string) {
  const { state } = await load(store, Device, id)
  if (Device.known(state).facility_id !== facilityId) throw notFound()
  return Device.active(state)
}

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
        if (!(await ensureNotClashing(store, Device, id, intent))) {
          await activeFacility(store, body.facility_id)
          await reserve(store, { kind: 'deviceSerial', name: body.serial, owner_id: id, at: now() }, intent)
        }
        const registered = Device.register({ ...body, registered_at: now() })
        const outcome = await handle(store, Device, id, registered, { ...intent, facility_id: body.facility_id })
        return answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })
      },
    }),
    route<{ id: string }, {}, z.infer<typeof Change>>({
      method: 'PATCH',
      path: `${path}/:id`,
      permission: 'device:change',
      params: Id,
      body: Change,
      answers: { 200: shapes.Device, 404: ProblemDocument, 409: ProblemDocument, 412: ProblemDocument },
      run: async ({ params: { id }, body, intent, facility }) => {
        const facility_id = await facilityOf(id, facility)
        const outcome = await handle(store, Device, id, Device.rename({ ...body, renamed_at: now() }), {
          ...intent,
          facility_id,
        })
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
        const decision = Device.decommission({ decommissioned_at: now() })
        const outcome = await handle(store, Device, id, decision, { ...intent, facility_id })
        return answered(200, outcome, shown(id, outcome.state))
      },
    }),
  ]
}
