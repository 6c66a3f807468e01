import { v5 as uuid } from 'uuid'
import type { FailureKind } from '../domain/firmwareRollout.ts'
import type { Projection } from './engine/projection.ts'

/** What a device has reported last of a rollout. */
export interface FirmwareRolloutDeviceRow {
  /** Of the two: a device is in many rollouts, one after the other. */
  id: string
  rollout_id: string
  device_id: string
  /** Its facility then. */
  facility_id: string
  outcome: 'installed' | 'failed' | 'rolled_back'
  kind: FailureKind | null
  detail: string | null
  attempt: number
  reported_at: string
}

const namespace = '2f8d1a43-9d0e-4f57-8c1b-6a3c5a0e7d24'
const idOf = (rollout_id: string, device_id: string) => uuid(`${rollout_id}/${device_id}`, namespace)

export const firmwareRolloutDevices: Projection<FirmwareRolloutDeviceRow> = {
  name: 'firmware_rollout_devices',
  version: 1,
  // Counts are read from the index alone.
  indexes: ['rollout_id, facility_id, outcome, kind', 'device_id, rollout_id'],
  on: {
    FirmwareInstallReported: {
      rows: ({ id, data: { rollout_id } }) => [rollout_id && idOf(rollout_id, id)],
      fold: (_, { id, data: { rollout_id, facility_id, outcome, kind, detail, attempt, reported_at } }) => ({
        id: idOf(rollout_id!, id),
        rollout_id: rollout_id!,
        device_id: id,
        ...{ facility_id, outcome, kind: kind ?? null, detail: detail ?? null, attempt, reported_at },
      }),
    },
  },
}
