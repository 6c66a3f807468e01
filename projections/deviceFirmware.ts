import type { Report } from '../domain/deviceFirmware.ts'
import { precedenceOf } from '../domain/firmwareVersion.ts'
import type { Projection } from './engine/projection.ts'

/** What runs on a device, and the last it told of an installation. */
export interface DeviceFirmwareRow {
  id: string
  version: string | null
  /** Sorts as versions do; null for what is no semantic version. */
  precedence: string | null
  observed_at: string | null
  release_id: string | null
  release_version: string | null
  outcome: Report['outcome'] | null
  kind: Report['kind'] | null
  detail: string | null
  rollout_id: string | null
  attempt: number | null
  reported_at: string | null
}

const nothing = {
  version: null,
  precedence: null,
  observed_at: null,
  release_id: null,
  release_version: null,
  outcome: null,
  kind: null,
  detail: null,
  rollout_id: null,
  attempt: null,
  reported_at: null,
}

export const deviceFirmware: Projection<DeviceFirmwareRow> = {
  name: 'device_firmware',
  version: 1,
  indexes: [],
  on: {
    FirmwareVersionObserved: {
      rows: ({ id }) => [id],
      fold: (row, { id, data: { version, observed_at } }) => ({
        ...(row ?? { id, ...nothing }),
        version,
        precedence: precedenceOf(version),
        observed_at,
      }),
    },
    FirmwareInstallReported: {
      rows: ({ id }) => [id],
      fold: (row, { id, data }) => ({
        ...(row ?? { id, ...nothing }),
        release_id: data.release_id,
        release_version: data.version,
        outcome: data.outcome,
        kind: data.kind ?? null,
        detail: data.detail ?? null,
        rollout_id: data.rollout_id ?? null,
        attempt: data.attempt,
        reported_at: data.reported_at,
      }),
    },
  },
}
