import { devices } from '../../../projections/devices.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const device = `device-${id(5)}`
export const deviceRegistered: Event = [
  device,
  'DeviceRegistered',
  { facility_id: id(1), name: 'Gate 3', serial: 'XL-0003', model: 'XS-2', registered_at: at },
]
export const deviceRow = {
  id: id(5),
  facility_id: id(1),
  name: 'Gate 3',
  serial: 'XL-0003',
  model: 'XS-2',
  status: 'active',
  created_at: at,
}
promise(devices, 'shows a device', [deviceRegistered], deviceRow)
promise(
  devices,
  'shows its name, where it is, and that it is out of service',
  [
    deviceRegistered,
    [device, 'DeviceRenamed', { name: 'Gate 4', renamed_at: later }],
    [device, 'DeviceMovedToFacility', { facility_id: id(9), moved_at: later }],
    [device, 'DeviceDecommissioned', { decommissioned_at: later }],
  ],
  { ...deviceRow, name: 'Gate 4', facility_id: id(9), status: 'decommissioned' },
)
