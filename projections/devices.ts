import type { Projection } from './engine/projection.ts'

export interface DeviceRow {
  id: string
  facility_id: string
  name: string
  serial: string
  model: string
  status: 'active' | 'decommissioned'
  created_at: string
}

export const devices: Projection<DeviceRow> = {
  name: 'devices',
  version: 1,
  indexes: ['facility_id, created_at, id'],
  on: {
    DeviceRegistered: {
      create: ({ id, data: { registered_at, ...data } }) => ({
        id,
        ...data,
        status: 'active',
        created_at: registered_at,
      }),
    },
    DeviceRenamed: (row, { data }) => ({ ...row, name: data.name }),
    DeviceMovedToFacility: (row, { data }) => ({ ...row, facility_id: data.facility_id }),
    DeviceDecommissioned: (row) => ({ ...row, status: 'decommissioned' }),
  },
}
