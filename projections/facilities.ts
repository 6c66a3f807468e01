import type { Projection } from './engine/projection.ts'

export interface FacilityRow {
  id: string
  name: string
  code: string
  timezone: string | null
  address: string | null
  status: 'active' | 'inactive'
  created_at: string
}

export const facilities: Projection<FacilityRow> = {
  name: 'facilities',
  version: 1,
  indexes: ['created_at, id'],
  on: {
    FacilityRegistered: {
      create: ({ id, data: { registered_at, ...data } }) => ({
        id,
        timezone: null,
        address: null,
        ...data,
        status: 'active',
        created_at: registered_at,
      }),
    },
    FacilityRenamed: (row, { data }) => ({ ...row, name: data.name }),
    FacilityDetailsChanged: (row, { data: { changed_at: _, ...details } }) => ({ ...row, ...details }),
    FacilityDeactivated: (row) => ({ ...row, status: 'inactive' }),
    FacilityReactivated: (row) => ({ ...row, status: 'active' }),
  },
}
