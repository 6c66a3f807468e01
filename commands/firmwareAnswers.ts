import type { z } from 'zod'
import type * as FirmwareChannel from '../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Answer } from '../ops/platform/route.ts'
import type * as shapes from '../ops/platform/shapes/firmware.ts'
import { channelOf } from './firmwareScope.ts'
import type { Outcome } from './handle.ts'
import { answered } from './http.ts'

export const path = '/api/v1/firmware'

/** A release as it is after a command; whether it is active, its channel says now. */
export async function releaseAnswer(
  store: EventStore,
  status: 200 | 201,
  id: string,
  outcome: Outcome<FirmwareRelease.State>,
): Promise<Answer> {
  const release = FirmwareRelease.known(outcome.state)
  const { active } = await channelOf(store, release)
  const shown: z.infer<typeof shapes.FirmwareRelease> = {
    id,
    device_model: release.device_model,
    version: release.version,
    facility_id: release.facility_id ?? null,
    status: release.status,
    is_active: active?.release_id === id,
    file_name: release.file_name,
    size_bytes: release.size_bytes,
    sha256: release.sha256,
    notes: release.notes ?? null,
    min_version: release.min_version ?? null,
    security_version: release.security_version ?? null,
    signature: release.signature ?? null,
    key_id: release.key_id ?? null,
    withdrawal_reason: release.reason ?? null,
    created_at: release.uploaded_at,
  }
  return answered(status, outcome, shown, status === 201 ? { Location: `${path}/${id}` } : {})
}

export function channelAnswer(
  id: string,
  { device_model, facility_id }: FirmwareChannel.Scope,
  outcome: Outcome<FirmwareChannel.State>,
): Answer {
  const { active, rollout, security_floor } = outcome.state
  const shown: z.infer<typeof shapes.FirmwareChannel> = {
    id,
    device_model,
    facility_id: facility_id ?? null,
    active_release_id: active?.release_id ?? null,
    active_version: active?.version ?? null,
    active_by: active?.by ?? null,
    security_floor,
    rollout_id: rollout?.rollout_id ?? null,
  }
  return answered(200, outcome, shown)
}
