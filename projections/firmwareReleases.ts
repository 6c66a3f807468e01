import type { Projection } from './engine/projection.ts'

export interface FirmwareReleaseRow {
  id: string
  device_model: string
  version: string
  facility_id: string | null
  status: 'draft' | 'published' | 'withdrawn'
  is_active: boolean
  object_key: string
  file_name: string
  size_bytes: number
  sha256: string
  notes: string | null
  min_version: string | null
  security_version: number | null
  signature: string | null
  key_id: string | null
  withdrawal_reason: string | null
  created_at: string
}

/** A release that became active, in place of another maybe: one event of its channel changes both rows. */
const becameActive = {
  rows: ({ data }: { data: { release_id: string; previous_release_id?: string } }) => [
    data.release_id,
    data.previous_release_id,
  ],
  fold: (row: FirmwareReleaseRow | null, { data }: { data: { release_id: string } }) =>
    row && { ...row, is_active: row.id === data.release_id },
}

/** One that is not active from here on, whether or not it was. */
const notActive = {
  rows: ({ data }: { data: { release_id: string } }) => [data.release_id],
  fold: (row: FirmwareReleaseRow | null) => row && { ...row, is_active: false },
}

export const firmwareReleases: Projection<FirmwareReleaseRow> = {
  name: 'firmware_releases',
  version: 1,
  indexes: ['facility_id, created_at, id', 'device_model, created_at', 'created_at, id'],
  on: {
    FirmwareReleaseUploaded: {
      create: ({ id, data: { uploaded_at, ...data } }) => ({
        id,
        facility_id: null,
        notes: null,
        min_version: null,
        security_version: null,
        signature: null,
        key_id: null,
        ...data,
        status: 'draft',
        is_active: false,
        withdrawal_reason: null,
        created_at: uploaded_at,
      }),
    },
    FirmwareReleasePublished: (row) => ({ ...row, status: 'published' }),
    FirmwareReleaseNotesChanged: (row, { data }) => ({ ...row, notes: data.notes }),
    FirmwareReleaseWithdrawn: (row, { data }) => ({ ...row, status: 'withdrawn', withdrawal_reason: data.reason }),
    FirmwareActivated: becameActive,
    FirmwareRolledBack: becameActive,
    FirmwareRolloutCompleted: becameActive,
    FirmwareDeactivated: notActive,
    FirmwareReleaseBarred: notActive,
  },
}
