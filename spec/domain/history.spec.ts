import { expect } from 'chai'
import { type Decider, decode, type Json, schemaOf, type Upcast } from '../../domain/decider.ts'
import { aggregates, decodeFrom } from '../../domain/events.ts'
import { frozen } from './frozen.ts'

const at = '2026-11-24T09:00:00.000Z'
const later = '2026-11-24T10:00:00.000Z'

interface Literal {
  type: string
  /** As it was written under this schema. Never edit a literal: add one for each new schema. */
  schema: number
  json: Json
  /** What the state holds right after it. */
  leads: Json
}
const one = (type: string, json: Json, leads: Json): Literal => ({ type, schema: 1, json, leads })

const channel = { device_model: 'xs-1', facility_id: 'f1' }
const rollout = { rollout_id: 'o1', release_id: 'r2' }
const plan = {
  ladder: [5, 25, 100],
  dwell_secs: 60,
  advance: 'automatic',
  success_percent: 95,
  halt: { min_devices: 5, failure_percent: 20.5, kinds: ['boot'] },
  gates: { min_battery_mv: 3300, external_power: true, min_free_bytes: 1024 },
}
/** The rollout at 5 percent. */
const running = {
  ...rollout,
  version: '1.3.0',
  ...plan,
  status: 'running',
  percent: 5,
  attempt: 0,
  started_at: at,
  step_since: at,
}

/** What the log holds: for every event type and schema the JSON of that time, each category a stream in order. */
const stored: Record<string, Literal[]> = {
  facility: [
    one('FacilityRegistrationAbandoned', { abandoned_at: at }, { status: 'abandoned' }),
    one(
      'FacilityRegistered',
      { name: 'Incheon', code: 'ICN-1', timezone: 'Asia/Seoul', address: '1 Sea Road', registered_at: at },
      {
        status: 'active',
        name: 'Incheon',
        code: 'ICN-1',
        timezone: 'Asia/Seoul',
        address: '1 Sea Road',
        registered_at: at,
      },
    ),
    one('FacilityRenamed', { name: 'Incheon works', renamed_at: later }, { name: 'Incheon works' }),
    one(
      'FacilityDetailsChanged',
      { timezone: 'Asia/Tokyo', address: '2 Sea Road', changed_at: later },
      { timezone: 'Asia/Tokyo', address: '2 Sea Road', name: 'Incheon works' },
    ),
    one('FacilityDeactivated', { deactivated_at: later }, { status: 'inactive' }),
    one('FacilityReactivated', { reactivated_at: later }, { status: 'active' }),
  ],
  user: [
    one('UserRegistrationAbandoned', { abandoned_at: at }, { status: 'abandoned' }),
    one(
      'UserRegistered',
      {
        email: 'ada@example.org',
        name: 'Ada',
        role: 'user',
        facility_id: 'f1',
        password_hash: 'h1',
        must_change_password: true,
        registered_at: at,
      },
      {
        status: 'active',
        email: 'ada@example.org',
        name: 'Ada',
        role: 'user',
        facility_id: 'f1',
        password_hash: 'h1',
        must_change_password: true,
        session_generation: 0,
        registered_at: at,
      },
    ),
    one('UserRenamed', { name: 'Ada L.', renamed_at: later }, { name: 'Ada L.' }),
    one('UserEmailChanged', { email: 'ada@example.net', changed_at: later }, { email: 'ada@example.net' }),
    one('UserRoleChanged', { role: 'facility_admin', changed_at: later }, { role: 'facility_admin' }),
    one('UserMovedToFacility', { facility_id: 'f2', moved_at: later }, { facility_id: 'f2' }),
    one(
      'UserPasswordChanged',
      { password_hash: 'h2', must_change_password: false, session_id: 's1', changed_at: later },
      { password_hash: 'h2', must_change_password: false, session_generation: 1, spared_session_id: 's1' },
    ),
    one(
      'UserSessionsEnded',
      { reason: 'logout', session_id: 's2', ended_at: later },
      { session_generation: 2, spared_session_id: 's2', sessions_ended: { reason: 'logout', at: later } },
    ),
    one('UserDeactivated', { deactivated_at: later }, { status: 'inactive' }),
    one('UserReactivated', { reactivated_at: later }, { status: 'active' }),
    one(
      'UserErased',
      { erased_at: later },
      { status: 'erased', email: '[erased]', name: '[erased]', password_hash: '' },
    ),
  ],
  deviceFirmware: [
    one(
      'FirmwareVersionObserved',
      { version: '1.2.0', observed_at: at },
      { observed: { version: '1.2.0', observed_at: at } },
    ),
    one(
      'FirmwareInstallReported',
      {
        release_id: 'r2',
        version: '1.3.0',
        device_model: 'xs-1',
        facility_id: 'f1',
        outcome: 'failed',
        kind: 'verify',
        detail: 'sha256 is another',
        rollout_id: 'o1',
        attempt: 1,
        reported_at: later,
      },
      {
        observed: { version: '1.2.0', observed_at: at },
        report: {
          release_id: 'r2',
          version: '1.3.0',
          device_model: 'xs-1',
          facility_id: 'f1',
          outcome: 'failed',
          kind: 'verify',
          detail: 'sha256 is another',
          rollout_id: 'o1',
          attempt: 1,
          reported_at: later,
        },
      },
    ),
  ],
  firmwareRelease: [
    one('FirmwareReleaseUploadAbandoned', { abandoned_at: at }, { status: 'abandoned' }),
    one(
      'FirmwareReleaseUploaded',
      {
        device_model: 'xs-1',
        version: '1.3.0',
        facility_id: 'f1',
        object_key: 'firmware/r2/a',
        file_name: 'xs-1.bin',
        size_bytes: 4,
        sha256: 'ab',
        notes: 'Hears better',
        min_version: '1.0.0',
        security_version: 2,
        signature: 'c2ln',
        key_id: 'k1',
        uploaded_at: at,
      },
      {
        status: 'draft',
        device_model: 'xs-1',
        version: '1.3.0',
        facility_id: 'f1',
        object_key: 'firmware/r2/a',
        file_name: 'xs-1.bin',
        size_bytes: 4,
        sha256: 'ab',
        notes: 'Hears better',
        min_version: '1.0.0',
        security_version: 2,
        signature: 'c2ln',
        key_id: 'k1',
        uploaded_at: at,
      },
    ),
    one('FirmwareReleasePublished', { published_at: later }, { status: 'published' }),
    one('FirmwareReleaseNotesChanged', { notes: 'Hears', changed_at: later }, { notes: 'Hears' }),
    one('FirmwareReleaseWithdrawn', { reason: 'smoke', withdrawn_at: later }, { status: 'withdrawn', reason: 'smoke' }),
  ],
  firmwareKey: [
    one(
      'FirmwareKeyAdded',
      { key_id: 'k1', facility_id: 'f1', name: 'factory', public_key: 'pem', added_at: at },
      { k1: { status: 'active', public_key: 'pem', name: 'factory', added_at: at } },
    ),
    one(
      'FirmwareKeyRetired',
      { key_id: 'k1', retired_at: later },
      { k1: { status: 'retired', public_key: 'pem', name: 'factory', added_at: at } },
    ),
  ],
  firmwareRollout: [
    one(
      'FirmwareRolloutPlaced',
      { ...channel, release_id: 'r2', placed_at: at },
      { status: 'placed', ...channel, release_id: 'r2', placed_at: at },
    ),
  ],
  firmwareChannel: [
    one(
      'FirmwareActivated',
      { ...channel, release_id: 'r1', version: '1.2.0', security_version: 1, activated_at: at },
      {
        active: { release_id: 'r1', version: '1.2.0', security_version: 1, by: 'activation', attempt: 1 },
        past: [],
        security_floor: 1,
        attempt: 1,
      },
    ),
    one(
      'FirmwareRolloutStarted',
      { ...channel, ...rollout, version: '1.3.0', previous_release_id: 'r1', ...plan, percent: 5, started_at: at },
      {
        rollout: {
          ...rollout,
          version: '1.3.0',
          ...plan,
          status: 'running',
          percent: 5,
          from_percent: 0,
          attempt: 0,
          started_at: at,
          step_since: at,
        },
      },
    ),
    one(
      'FirmwareRolloutAdvanced',
      { ...channel, ...rollout, from_percent: 5, percent: 25, advanced_at: later },
      { rollout: { ...running, percent: 25, from_percent: 5, step_since: later } },
    ),
    one(
      'FirmwareRolloutPaused',
      { ...channel, ...rollout, reason: 'lunch', paused_at: later },
      { rollout: { ...running, percent: 25, from_percent: 5, status: 'paused', step_since: later } },
    ),
    one(
      'FirmwareRolloutResumed',
      { ...channel, ...rollout, resumed_at: at },
      { rollout: { ...running, percent: 25, from_percent: 5, step_since: at } },
    ),
    one(
      'FirmwareRolloutHalted',
      { ...channel, ...rollout, reason: 'too many', installed: 3, failed: 2, halted_at: later },
      { rollout: { ...running, percent: 25, from_percent: 5, status: 'halted' } },
    ),
    one(
      'FirmwareRolloutRetried',
      { ...channel, ...rollout, attempt: 1, retried_at: later },
      { rollout: { ...running, percent: 25, from_percent: 5, status: 'halted', attempt: 1 } },
    ),
    one(
      'FirmwareRolloutCompleted',
      { ...channel, ...rollout, version: '1.3.0', previous_release_id: 'r1', completed_at: later },
      {
        active: { release_id: 'r2', version: '1.3.0', by: 'rollout', attempt: 2 },
        past: [{ release_id: 'r1', version: '1.2.0', security_version: 1 }],
      },
    ),
    one(
      'FirmwareRolledBack',
      {
        ...channel,
        release_id: 'r1',
        version: '1.2.0',
        security_version: 1,
        previous_release_id: 'r2',
        reason: 'deaf',
        rolled_back_at: later,
      },
      {
        active: { release_id: 'r1', version: '1.2.0', security_version: 1, by: 'rollback', attempt: 3 },
        past: [{ release_id: 'r2', version: '1.3.0' }],
      },
    ),
    one(
      'FirmwareReleaseBarred',
      { ...channel, release_id: 'r2', was_active: false, reason: 'deaf', barred_at: later },
      { past: [], barred: ['r2'], security_floor: 1 },
    ),
    one(
      'FirmwareDeactivated',
      { ...channel, release_id: 'r1', reason: 'none for now', deactivated_at: later },
      { past: [{ release_id: 'r1', version: '1.2.0', security_version: 1 }], attempt: 3 },
    ),
  ],
  userKey: [
    one('UserKeyCreated', { wrapped: 'box', created_at: at }, { status: 'present', wrapped: 'box' }),
    one('UserKeyRewrapped', { wrapped: 'box2', rewrapped_at: later }, { status: 'present', wrapped: 'box2' }),
  ],
  superAdmins: [
    one(
      'SuperAdminAdmitted',
      { user_id: 'u1', user_revision: 0, admitted_at: at },
      { u1: { counts: true, user_revision: 0 } },
    ),
    one(
      'SuperAdminDismissed',
      { user_id: 'u1', user_revision: 3, dismissed_at: later },
      { u1: { counts: false, user_revision: 3 } },
    ),
  ],
  refusal: [
    one(
      'LoginRefused',
      { reason: 'wrong_password', account: 'd1', address: 'd2', user_id: 'u1', refused_at: at },
      { written: 1 },
    ),
    one(
      'AccessRefused',
      { method: 'POST', path: '/api/v1/facilities', permission: 'facility:create', address: 'd2', refused_at: at },
      { written: 2 },
    ),
    one(
      'AccountThrottled',
      { account: 'd1', address: 'd2', failures: 6, wait_secs: 2, throttled_at: at },
      { written: 3 },
    ),
    one('RefusalsLeftOut', { refused: 'LoginRefused', count: 7, left_out_at: later }, { written: 4 }),
  ],
  bulkRetry: [
    one(
      'FailedJobsChosen',
      { kind: 'transcodeJob', job_ids: ['j1', 'j2'], chosen_at: at },
      { status: 'chosen', job_ids: ['j1', 'j2'] },
    ),
  ],
  nameKey: [
    one('NameKeyCreated', { wrapped: 'box', created_at: at }, { status: 'present', wrapped: 'box' }),
    one('NameKeyRewrapped', { wrapped: 'box2', rewrapped_at: later }, { status: 'present', wrapped: 'box2' }),
  ],
  session: [
    one(
      'SessionStarted',
      {
        user_id: 'u1',
        refresh_id: 'r1',
        address: '203.0.113.7',
        user_agent: 'Firefox',
        password_generation: 2,
        started_at: at,
        expires_at: later,
      },
      {
        status: 'open',
        user_id: 'u1',
        refresh_id: 'r1',
        password_generation: 2,
        refreshed_at: at,
        expires_at: later,
      },
    ),
    one(
      'SessionRefreshed',
      { refresh_id: 'r2', refreshed_at: later, expires_at: '2026-12-01T10:00:00.000Z' },
      { refresh_id: 'r2', parent_id: 'r1', refreshed_at: later, expires_at: '2026-12-01T10:00:00.000Z' },
    ),
    one('SessionEnded', { reason: 'logout', ended_at: later }, { status: 'ended' }),
  ],
  apiKey: [
    one(
      'ApiKeyIssued',
      {
        name: 'gate 3',
        facility_id: 'f1',
        device_id: 'd1',
        scopes: ['upload', 'firmware', 'heartbeat'],
        secret_sha256: 'aa',
        expires_at: later,
        issued_at: at,
      },
      {
        status: 'active',
        name: 'gate 3',
        facility_id: 'f1',
        device_id: 'd1',
        scopes: ['upload', 'firmware', 'heartbeat'],
        secret_sha256: 'aa',
        expires_at: later,
        issued_at: at,
      },
    ),
    one('ApiKeyRenamed', { name: 'gate 4', renamed_at: later }, { name: 'gate 4' }),
    one(
      'ApiKeyRotated',
      { secret_sha256: 'bb', previous_valid_until: later, rotated_at: at },
      { secret_sha256: 'bb', previous: { secret_sha256: 'aa', valid_until: later } },
    ),
    one('ApiKeyRevoked', { revoked_at: later }, { status: 'revoked' }),
  ],
  device: [
    one('DeviceRegistrationAbandoned', { abandoned_at: at }, { status: 'abandoned' }),
    one(
      'DeviceRegistered',
      { facility_id: 'f1', name: 'Gate 3', serial: 'XL-0003', model: 'XS-2', registered_at: at },
      { status: 'active', facility_id: 'f1', name: 'Gate 3', serial: 'XL-0003', model: 'XS-2', registered_at: at },
    ),
    one('DeviceRenamed', { name: 'Gate 4', renamed_at: later }, { name: 'Gate 4' }),
    one('DeviceMovedToFacility', { facility_id: 'f2', moved_at: later }, { facility_id: 'f2' }),
    one('DeviceDecommissioned', { decommissioned_at: later }, { status: 'decommissioned' }),
  ],
  upload: [
    one(
      'UploadReceived',
      {
        facility_id: 'f1',
        device_id: 'd1',
        file_name: 'night.wav',
        content_type: 'audio/wav',
        object_key: 'uploads/u1/k1',
        size_bytes: 1024,
        sha256: 'ab',
        recorded_at: at,
        metadata: { gain: 3, place: { floor: 2 } },
        received_at: later,
      },
      {
        status: 'received',
        facility_id: 'f1',
        device_id: 'd1',
        file_name: 'night.wav',
        content_type: 'audio/wav',
        object_key: 'uploads/u1/k1',
        size_bytes: 1024,
        sha256: 'ab',
        recorded_at: at,
        metadata: { gain: 3, place: { floor: 2 } },
        received_at: later,
        tags: [],
      },
    ),
    one('UploadRejected', { reason: 'No sound in it', rejected_at: later }, { status: 'rejected' }),
    one(
      'UploadProbed',
      {
        container: 'wav',
        codec: 'pcm_s16le',
        duration_ms: 1000,
        sample_rate_hz: 48_000,
        channels: 2,
        probed_at: later,
      },
      { status: 'probed' },
    ),
    one(
      'UploadDetailsChanged',
      { title: 'Night', notes: 'wind', metadata: { gain: 4 }, changed_at: later },
      { title: 'Night', notes: 'wind', metadata: { gain: 4 } },
    ),
    one('UploadTagged', { tag_id: 't1', tagged_at: later }, { tags: ['t1'] }),
    one('UploadUntagged', { tag_id: 't1', untagged_at: later }, { tags: [] }),
    one('UploadDeleted', { deleted_at: later }, { status: 'deleted', was: 'probed', deleted_at: later }),
    one('UploadRestored', { restored_at: later }, { status: 'probed', restored_at: later }),
    one('UploadPurged', { purged_at: later }, { status: 'purged', object_key: 'uploads/u1/k1' }),
    one('UploadAbandoned', { abandoned_at: later }, { status: 'abandoned' }),
  ],
  gpuServer: [
    one(
      'GpuServerRegistered',
      { name: 'gpu 1', url: 'http://10.0.0.9:8000', sealed_token: '', max_concurrency: 4, registered_at: at },
      {
        status: 'enabled',
        health: 'unknown',
        models: [],
        name: 'gpu 1',
        url: 'http://10.0.0.9:8000',
        max_concurrency: 4,
      },
    ),
    one('GpuServerChanged', { name: 'gpu one', sealed_token: 'x', changed_at: later }, { name: 'gpu one' }),
    one('GpuServerRecovered', { recovered_at: later }, { health: 'up' }),
    one(
      'GpuServerModelsObserved',
      { models: [{ name: 'silero-vad', version: '6' }], observed_at: later },
      { models: [{ name: 'silero-vad', version: '6' }] },
    ),
    one('GpuServerDisabled', { disabled_at: later }, { status: 'disabled' }),
    one('GpuServerEnabled', { enabled_at: later }, { status: 'enabled' }),
    one('GpuServerWentDown', { reason: 'no answer', went_down_at: later }, { health: 'down', reason: 'no answer' }),
    one('GpuServerRemoved', { removed_at: later }, { status: 'removed' }),
  ],
  inferenceJob: [
    one(
      'InferenceRequested',
      {
        upload_id: 'u1',
        facility_id: 'f1',
        model: 'silero-vad',
        model_version: '6',
        params: { threshold: 0.5 },
        priority: 'normal',
        rerun_of: 'j0',
        requested_at: at,
      },
      {
        status: 'queued',
        upload_id: 'u1',
        facility_id: 'f1',
        model: 'silero-vad',
        model_version: '6',
        params: { threshold: 0.5 },
        priority: 'normal',
        rerun_of: 'j0',
        attempt: 0,
        failures: 0,
        failed_servers: [],
      },
    ),
    one(
      'InferenceStarted',
      { upload_id: 'u1', attempt: 1, worker: 'w1', server_id: 's1', started_at: later },
      { status: 'running', attempt: 1, worker: 'w1', server_id: 's1' },
    ),
    one(
      'InferenceAttemptFailed',
      { upload_id: 'u1', attempt: 1, cause: 'server', reason: 'it answered 500', failed_at: later },
      { status: 'queued', failures: 1, failed_servers: ['s1'] },
    ),
    one(
      'InferenceTimedOut',
      { upload_id: 'u1', attempt: 2, timed_out_at: later },
      { status: 'queued', failures: 2, failed_servers: ['s1'] },
    ),
    one('InferenceFailed', { upload_id: 'u1', reason: 'Gave up', failed_at: later }, { status: 'failed' }),
    one(
      'InferenceRetried',
      { upload_id: 'u1', retried_at: later },
      { status: 'queued', failures: 0, failed_servers: [] },
    ),
    one('InferenceCancelled', { upload_id: 'u1', cancelled_at: later }, { status: 'cancelled' }),
    one(
      'InferenceCompleted',
      {
        upload_id: 'u1',
        attempt: 3,
        model_version: '6',
        result: { segments: [] },
        stored_result: { object_key: 'uploads/u1/j1/3/result.json', size_bytes: 9, sha256: 'ab' },
        lineage: { input_sha256: 'ab', ffmpeg: ['-ar', '16000'], output_sha256: 'cd' },
        completed_at: later,
      },
      { status: 'succeeded', result: { segments: [] } },
    ),
  ],
  tag: [
    one(
      'TagCreated',
      { facility_id: 'f1', name: 'bearing', created_at: at },
      { status: 'active', facility_id: 'f1', name: 'bearing', created_at: at },
    ),
    one('TagRenamed', { name: 'gear', renamed_at: later }, { name: 'gear' }),
    one('TagDeleted', { deleted_at: later }, { status: 'deleted' }),
    one('TagAbandoned', { abandoned_at: later }, { status: 'abandoned' }),
  ],
  projection: [
    one('ProjectionPromoted', { version: 2, previous_version: 1, promoted_at: at }, { withdrawn: [] }),
    one('ProjectionRolledBack', { version: 1, previous_version: 2, rolled_back_at: later }, { withdrawn: [2] }),
    one(
      'ProjectionEventSkipped',
      { position: '4711', reason: 'written by a release that is gone', skipped_at: later },
      { withdrawn: [2], skipped: ['4711'] },
    ),
  ],
  transcodeJob: [
    one(
      'TranscodeRequested',
      {
        upload_id: 'u1',
        facility_id: 'f1',
        formats: ['opus-webm', 'aac-mp4'],
        bitrate: 96_000,
        requested_at: at,
      },
      {
        status: 'queued',
        upload_id: 'u1',
        facility_id: 'f1',
        formats: ['opus-webm', 'aac-mp4'],
        bitrate: 96_000,
        attempt: 0,
        failures: 0,
      },
    ),
    one(
      'TranscodeStarted',
      { upload_id: 'u1', attempt: 1, worker: 'w1', started_at: later },
      { status: 'running', attempt: 1, worker: 'w1' },
    ),
    one(
      'TranscodeRenditionMade',
      {
        upload_id: 'u1',
        attempt: 1,
        rendition: {
          format: 'opus-webm',
          codec: 'opus',
          bitrate: 96_000,
          size_bytes: 9,
          duration_ms: 1000,
          sha256: 'cd',
          object_key: 'uploads/u1/j1/1/webm',
        },
        made_at: later,
      },
      { status: 'running', made: ['opus-webm'] },
    ),
    one(
      'TranscodeAttemptFailed',
      { upload_id: 'u1', attempt: 1, cause: 'fault', reason: 'out of memory', failed_at: later },
      { status: 'queued', attempt: 1, failures: 1 },
    ),
    one(
      'TranscodeTimedOut',
      { upload_id: 'u1', attempt: 2, timed_out_at: later },
      { status: 'queued', attempt: 1, failures: 2 },
    ),
    one('TranscodeFailed', { upload_id: 'u1', reason: 'Gave up', failed_at: later }, { status: 'failed' }),
    one('TranscodeRetried', { upload_id: 'u1', retried_at: later }, { status: 'queued', attempt: 1, failures: 0 }),
    one('TranscodeCancelled', { upload_id: 'u1', cancelled_at: later }, { status: 'cancelled' }),
    one(
      'TranscodeCompleted',
      {
        upload_id: 'u1',
        attempt: 3,
        renditions: [
          {
            format: 'opus-webm',
            codec: 'opus',
            bitrate: 96_000,
            size_bytes: 12_000,
            duration_ms: 1000,
            sha256: 'ab',
            object_key: 'uploads/u1/j1/3/webm',
          },
        ],
        peaks: { object_key: 'uploads/u1/j1/3/peaks.json', samples_per_pixel: 256, length: 188 },
        loudness: { integrated_lufs: -23.1, true_peak_dbtp: -1.2 },
        completed_at: later,
      },
      { status: 'succeeded' },
    ),
  ],
  settings: [
    one(
      'SettingChanged',
      { key: 'transcode_formats', value: ['aac-mp4'], previous: ['opus-webm'], changed_at: at },
      { transcode_formats: ['aac-mp4'] },
    ),
  ],
  reservation: [
    one(
      'NameReserved',
      { kind: 'userEmail', owner_id: 'u1', reserved_at: at },
      { status: 'held', kind: 'userEmail', owner_id: 'u1', reserved_at: at },
    ),
    one('NameReleased', { owner_id: 'u1', released_at: later }, { status: 'free' }),
  ],
}

describe('what is stored', () => {
  for (const aggregate of aggregates as readonly Decider<any, any>[]) {
    const { category, history } = aggregate
    const literals = stored[category] ?? []

    describe(`in ${category} streams`, () => {
      it('has a literal here for every event type and every schema it ever had', () => {
        const written = Object.entries(history).flatMap(([type, upcasts]) =>
          [...(upcasts as Upcast[]), undefined].map((_, i) => `${type} ${i + 1}`),
        )
        expect(literals.map(({ type, schema }) => `${type} ${schema}`)).to.have.members(written)
      })

      let state: unknown = aggregate.initial
      for (const { type, schema, json, leads } of literals) {
        const before = state
        const read = () => decode(aggregate, { type, schema, data: frozen(structuredClone(json)) })
        try {
          state = aggregate.evolve(before, read())
        } catch {
          // Told by the spec below.
        }
        it(`still reads and folds ${type} of schema ${schema}`, () => {
          if (schema === schemaOf(aggregate, type)) expect(read()).to.deep.equal({ type, data: json })
          expect(aggregate.evolve(before, read())).to.deep.include(leads)
        })
      }

      it('stops whoever reads a type or a schema this version has never heard of', () => {
        const newest = (type: string) => schemaOf(aggregate, type)
        for (const type of Object.keys(history)) {
          const newer = { type, schema: newest(type) + 1, data: {} }
          expect(() => decode(aggregate, newer), type).to.throw(`${type} has schema ${newer.schema}`)
          expect(() => decodeFrom({ ...newer, stream: `${category}-1` }), type).to.throw(`has schema ${newer.schema}`)
        }
        for (const type of ['FacilityVanished', 'constructor', '__proto__', 'toString', ''])
          expect(() => decode(aggregate, { type, schema: 1, data: {} }), type).to.throw()
      })
    })
  }

  it('knows no literal of a category that is gone', () =>
    expect(Object.keys(stored)).to.have.members(aggregates.map(({ category }) => category)))
})

describe('a stored shape that was changed', () => {
  type Event = { type: 'ThingMade'; data: { a: number; b: number; c: number } }
  const thing: Decider<unknown, Event> = {
    category: 'thing',
    initial: undefined,
    evolve: (_, { data }) => data,
    history: {
      ThingMade: [
        // 1 → 2: `b` was given, as twice `a`. 2 → 3: `c`, their sum.
        (data) => ({ ...data, b: data['a'] * 2 }),
        (data) => ({ ...data, c: data['a'] + data['b'] }),
      ],
    },
  }
  const read = (schema: number, data: Json) => decode(thing, { type: 'ThingMade', schema, data: frozen(data) }).data

  it('is lifted from the schema it was written in, one step after another', () => {
    expect(read(1, { a: 1 })).to.deep.equal({ a: 1, b: 2, c: 3 })
    expect(read(2, { a: 1, b: 5 })).to.deep.equal({ a: 1, b: 5, c: 6 })
    expect(read(3, { a: 1, b: 5, c: 7 })).to.deep.equal({ a: 1, b: 5, c: 7 })
  })
  it('is written in the newest', () => expect(schemaOf(thing, 'ThingMade')).to.equal(3))
  it('is not guessed at when its schema is newer', () =>
    expect(() => read(4, {})).to.throw('ThingMade has schema 4; this version knows 3'))
  for (const schema of [undefined, 0, -1, 1.5, '1'])
    it(`is not guessed at when its schema is ${JSON.stringify(schema)}`, () =>
      expect(() => read(schema as number, { a: 1, b: 2, c: 3 })).to.throw())
})
