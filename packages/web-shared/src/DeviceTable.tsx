import type { ReactNode } from 'react'
import type { Schemas } from './api/client.ts'
import { DataTable } from './DataTable.tsx'
import { useFacilityName } from './facilities.ts'
import { Filters } from './Filters.tsx'
import { Status } from './Status.tsx'
import { Time } from './times.tsx'
import { useGet } from './useGet.ts'
import { useList } from './useList.ts'

type Device = Schemas['PresentDevice']

/** Heartbeats are no events: what they say is asked for every so often. */
const heardEveryMs = 15_000

export function useDevices() {
  const list = useList(['status', 'facility_id', 'model', 'online', 'q'], 'name')
  return { list, found: useGet('/api/v1/devices', { query: list.query }, { everyMs: heardEveryMs }) }
}

export function DeviceTable({
  list,
  found,
  nameOf,
}: ReturnType<typeof useDevices> & { nameOf: (device: Device) => ReactNode }) {
  const facilityName = useFacilityName()
  return (
    <>
      <Filters
        list={list}
        search="Search by name or serial"
        facility
        choices={[
          { name: 'status', label: 'State', of: ['active', 'decommissioned'] },
          {
            ...{ name: 'online', label: 'Heard of' },
            of: [
              { value: 'true', label: 'Online' },
              { value: 'false', label: 'Offline' },
            ],
          },
        ]}
      />
      <DataTable<Device>
        label="Devices"
        found={found}
        list={list}
        empty="No device fits. Once one is registered and has a key, it sends recordings here."
        columns={[
          { title: 'Name', sort: 'name', show: nameOf },
          { title: 'Serial', sort: 'serial', show: ({ serial }) => <span className="id">{serial}</span> },
          { title: 'Model', sort: 'model', show: ({ model }) => model },
          { title: 'Facility', show: ({ facility_id }) => facilityName(facility_id) },
          {
            title: 'State',
            show: ({ status, online }) => (
              <Status of={status === 'active' ? (online ? 'online' : 'offline') : status} />
            ),
          },
          { title: 'Last heard of', show: ({ last_seen_at }) => <Time at={last_seen_at} /> },
          { title: 'Firmware', show: ({ firmware_version }) => firmware_version ?? '—' },
        ]}
      />
    </>
  )
}

/** What a device's heartbeats say, and what it is. */
export const deviceDetails = (device: Schemas['DeviceDetails'], facilityName: (id: string) => string) =>
  [
    [
      'State',
      <Status key="s" of={device.status === 'active' ? (device.online ? 'online' : 'offline') : device.status} />,
    ],
    ['Last heard of', <Time key="t" at={device.last_seen_at} />],
    ['Facility', facilityName(device.facility_id)],
    ['Model', device.model],
    ['Serial', device.serial],
    ['Firmware', device.firmware_version ?? device.firmware?.version],
    ['Battery', device.battery_mv === null ? undefined : `${(device.battery_mv / 1000).toFixed(2)} V`],
    ['Signal', device.rssi === null ? undefined : `${device.rssi} dBm`],
  ] as const
