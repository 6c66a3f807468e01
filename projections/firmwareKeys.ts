import type { Projection } from './engine/projection.ts'

export interface FirmwareKeyRow {
  id: string
  facility_id: string | null
  name: string | null
  public_key: string
  status: 'active' | 'retired'
  created_at: string
}

// Their streams are of scopes; a row is a key, which the event names.
export const firmwareKeys: Projection<FirmwareKeyRow> = {
  name: 'firmware_keys',
  version: 1,
  indexes: ['facility_id, created_at, id'],
  on: {
    FirmwareKeyAdded: {
      rows: ({ data }) => [data.key_id],
      fold: (_, { data: { key_id, facility_id = null, name = null, public_key, added_at } }) => ({
        ...{ id: key_id, facility_id, name, public_key },
        status: 'active',
        created_at: added_at,
      }),
    },
    FirmwareKeyRetired: {
      rows: ({ data }) => [data.key_id],
      fold: (row) => row && { ...row, status: 'retired' },
    },
  },
}
