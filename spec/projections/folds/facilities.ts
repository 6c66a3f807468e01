import { facilities } from '../../../projections/facilities.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

export const facility = `facility-${id(1)}`
export const registered: Event = [facility, 'FacilityRegistered', { name: 'Incheon', code: 'ICN-1', registered_at: at }]
export const facilityRow = {
  id: id(1),
  name: 'Incheon',
  code: 'ICN-1',
  timezone: null,
  address: null,
  status: 'active',
  created_at: at,
}
promise(facilities, 'shows a facility, with null for what is not known', [registered], facilityRow)
promise(
  facilities,
  'shows its name and details as they are by now',
  [
    registered,
    [facility, 'FacilityRenamed', { name: 'Incheon works', renamed_at: later }],
    [facility, 'FacilityDetailsChanged', { timezone: 'Asia/Seoul', changed_at: later }],
    [facility, 'FacilityDetailsChanged', { address: '1 Sea Road', changed_at: later }],
    [facility, 'FacilityDeactivated', { deactivated_at: later }],
  ],
  { ...facilityRow, name: 'Incheon works', timezone: 'Asia/Seoul', address: '1 Sea Road', status: 'inactive' },
)
promise(
  facilities,
  'shows that it was reactivated',
  [
    registered,
    [facility, 'FacilityDeactivated', { deactivated_at: later }],
    [facility, 'FacilityReactivated', { reactivated_at: later }],
  ],
  facilityRow,
)
