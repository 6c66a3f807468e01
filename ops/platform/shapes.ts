import { z } from 'zod'
import { line } from './route.ts'

/** The resources as clients see them, in answers of commands and of queries alike. Absent values are null. */
const time = z.iso.datetime()
const id = z.uuid()

export const Facility = z
  .object({
    id,
    name: z.string(),
    code: z.string(),
    timezone: z.string().nullable(),
    address: z.string().nullable(),
    status: z.enum(['active', 'inactive']),
    created_at: time,
  })
  .meta({ id: 'Facility' })

export const Role = z.enum(['super_admin', 'facility_admin', 'user'])

export const User = z
  .object({
    id,
    email: z.string(),
    name: z.string(),
    role: Role,
    facility_id: id.nullable(),
    status: z.enum(['active', 'inactive', 'erased']),
    must_change_password: z.boolean(),
    created_at: time,
  })
  .meta({ id: 'User' })

/** The password is there once, when it was made here: whoever is told tells the person. */
export const UserWithPassword = User.extend({ password: z.string().optional() }).meta({ id: 'UserWithPassword' })

export const Session = z
  .object({
    id,
    address: z.string(),
    user_agent: z.string(),
    status: z.enum(['open', 'ended']),
    end_reason: z.string().nullable(),
    started_at: time,
    refreshed_at: time,
    expires_at: time,
    is_current: z.boolean(),
  })
  .meta({ id: 'Session' })

export const Scope = z.enum(['upload', 'firmware', 'heartbeat'])

export const ApiKey = z
  .object({
    id,
    name: z.string(),
    facility_id: id,
    device_id: id.nullable(),
    scopes: z.array(Scope),
    status: z.enum(['active', 'revoked']),
    expires_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'ApiKey' })

/** As queries show it. When it was used is told of now alone, a few seconds late; null: not that anybody remembers. */
export const UsedApiKey = ApiKey.extend({ last_used_at: time.nullable() }).meta({ id: 'UsedApiKey' })

/** Shown once, right after issuing. A repeated request answers without the secret. */
export const IssuedApiKey = z
  .object({
    id,
    api_key: z.string().optional(),
    name: z.string(),
    facility_id: id,
    device_id: id.nullable(),
    scopes: z.array(Scope),
    expires_at: time.nullable(),
  })
  .meta({ id: 'IssuedApiKey' })

export const Device = z
  .object({
    id,
    facility_id: id,
    name: z.string(),
    serial: z.string(),
    model: z.string(),
    status: z.enum(['active', 'decommissioned']),
    created_at: time,
  })
  .meta({ id: 'Device' })

/** As queries show it. What its heartbeats say is told of now alone; null: it never said, or nobody remembers. */
export const PresentDevice = Device.extend({
  online: z.boolean().meta({ description: 'Heard of within the last 5 minutes' }),
  last_seen_at: time.nullable(),
  firmware_version: z.string().nullable(),
  uptime_secs: z.int().nullable(),
  rssi: z.int().nullable().meta({ description: 'dBm' }),
  free_memory: z.int().nullable().meta({ description: 'Bytes' }),
  battery_mv: z.int().nullable(),
}).meta({ id: 'PresentDevice' })

/** What a device is to install. */
export const FirmwareManifest = z
  .object({
    release_id: id,
    version: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    signature: z.string().nullable().meta({ description: 'Ed25519 over the canonical manifest, in Base64' }),
    key_id: z.string().nullable(),
    image_url: z.string().meta({ description: 'Where the image is, relative to this API' }),
  })
  .meta({ id: 'FirmwareManifest' })

const FirmwareReport = z
  .object({
    release_id: id,
    version: z.string(),
    outcome: z.enum(['installed', 'failed', 'rolled_back']),
    kind: z.string().nullable(),
    detail: z.string().nullable(),
    rollout_id: id.nullable(),
    reported_at: time,
  })
  .meta({ id: 'FirmwareReport' })

/** A device, what it runs, and what the active release of its channel would have it run. */
export const FirmwareDevice = Device.pick({ id: true, facility_id: true, name: true, serial: true })
  .extend({
    device_model: z.string(),
    version: z.string().nullable(),
    observed_at: time.nullable(),
    last_report: FirmwareReport.nullable(),
    target: z.object({ release_id: id, version: z.string() }).nullable(),
    behind: z.boolean(),
    unexpected: z.boolean().meta({ description: 'It runs what it was not offered' }),
  })
  .meta({ id: 'FirmwareDevice' })

/** Devices in use by model, facility and version, the newest first; `version` null: they never said. */
export const FirmwareDistribution = z
  .object({
    items: z.array(
      z.object({ device_model: z.string(), facility_id: id, version: z.string().nullable(), devices: z.int() }),
    ),
  })
  .meta({ id: 'FirmwareDistribution' })

/** As it is read alone; `firmware` null: it never said. */
export const DeviceDetails = PresentDevice.extend({
  firmware: FirmwareDevice.pick({ version: true, observed_at: true, last_report: true }).nullable(),
}).meta({ id: 'DeviceDetails' })
/** For every facility where `facility_id` is null. Ids of keys are those of `/firmware/keys`. */
export const FirmwareRelease = z
  .object({
    id,
    device_model: z.string(),
    version: z.string(),
    facility_id: id.nullable(),
    status: z.enum(['draft', 'published', 'withdrawn']),
    is_active: z.boolean().meta({ description: 'Whether its channel has it active' }),
    file_name: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    notes: z.string().nullable(),
    min_version: z.string().nullable(),
    security_version: z.int().nullable(),
    signature: z.string().nullable(),
    key_id: id.nullable(),
    withdrawal_reason: z.string().nullable(),
    created_at: time,
  })
  .meta({ id: 'FirmwareRelease' })

/** What devices of a model are told to run: in a facility, or (`facility_id` null) in those that have nothing of their own. */
export const FirmwareChannel = z
  .object({
    id,
    device_model: z.string(),
    facility_id: id.nullable(),
    active_release_id: id.nullable(),
    active_version: z.string().nullable(),
    active_by: z.enum(['activation', 'rollback', 'rollout']).nullable(),
    security_floor: z.int().meta({ description: 'Nothing with a lower security version becomes active' }),
    rollout_id: id.nullable().meta({ description: 'The open rollout' }),
  })
  .meta({ id: 'FirmwareChannel' })

/** As queries show it, among those that the devices of a facility listen to. */
export const KnownFirmwareChannel = FirmwareChannel.extend({
  active_since: time.nullable(),
  created_at: time.meta({ description: 'When something happened in it for the first time' }),
  in_effect: z.boolean().nullable().meta({
    description: 'Whether the facility’s devices are told to run what is active here; null: no facility was asked for',
  }),
}).meta({ id: 'KnownFirmwareChannel' })

/** Whose signatures of firmware are accepted: for every facility where `facility_id` is null. */
export const FirmwareKey = z
  .object({
    id,
    facility_id: id.nullable(),
    name: z.string().nullable(),
    public_key: z.string().meta({ description: 'Ed25519, SPKI in PEM' }),
    status: z.enum(['active', 'retired']),
    created_at: time,
  })
  .meta({ id: 'FirmwareKey' })

export const Rendition = z
  .object({
    format: z.enum(['opus-webm', 'aac-mp4']),
    codec: z.string(),
    bitrate: z.int(),
    size_bytes: z.int(),
    duration_ms: z.int(),
  })
  .meta({ id: 'Rendition' })

/** What people mark recordings with. */
export const Tag = z.object({ id, facility_id: id, name: z.string(), created_at: time }).meta({ id: 'Tag' })

export const Upload = z
  .object({
    id,
    facility_id: id,
    device_id: id.nullable(),
    file_name: z.string(),
    title: z.string().nullable(),
    notes: z.string().nullable(),
    content_type: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    metadata: z.record(z.string(), z.unknown()).nullable(),
    status: z.enum(['received', 'transcoding', 'ready', 'failed', 'rejected', 'deleted']),
    duration_ms: z.int().nullable(),
    sample_rate_hz: z.int().nullable(),
    channels: z.int().nullable(),
    tags: z.array(id),
    renditions: z.array(Rendition),
    loudness_lufs: z.number().nullable(),
    error: z.string().nullable(),
    recorded_at: time.nullable(),
    created_at: time,
    deleted_at: time.nullable().optional().meta({ description: 'In the list of what can be restored alone' }),
  })
  .meta({ id: 'Upload' })

/** A recording that comes in pieces. */
export const ResumableUpload = z
  .object({
    id,
    size_bytes: z.int(),
    offset: z.int(),
    upload_id: id.nullable(),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'ResumableUpload' })
/** What people say of a recording, as commands answer: how far it is, its reads tell. */
export const UploadDetails = Upload.pick({
  ...{ id: true, facility_id: true, device_id: true, file_name: true, title: true, notes: true, metadata: true },
  ...{ tags: true, recorded_at: true, created_at: true },
}).meta({ id: 'UploadDetails' })

export const TranscodeJob = z
  .object({
    id,
    upload_id: id,
    facility_id: id,
    status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
    formats: z.array(z.string()),
    bitrate: z.int(),
    attempt: z.int(),
    error: z.string().nullable(),
    position_in_queue: z.int().nullable(),
    requested_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
  })
  .meta({ id: 'TranscodeJob' })

export const GpuServer = z
  .object({
    id,
    name: z.string(),
    url: z.string(),
    has_token: z.boolean(),
    max_concurrency: z.int(),
    status: z.enum(['enabled', 'disabled']),
    health: z.enum(['unknown', 'up', 'down']),
    health_since: time.nullable().meta({ description: 'Since when its health is as it is' }),
    reason: z.string().nullable().meta({ description: 'Why it is down' }),
    models: z
      .array(z.object({ name: z.string(), version: z.string().optional() }))
      .meta({ description: 'The models it has ready, each in every version that it names' }),
    created_at: time,
  })
  .meta({ id: 'GpuServer' })

/** A server as it is known after it was looked at, and what was seen: a fault that is seen once only is not recorded. */
export const GpuServerCheck = z
  .object({
    server: GpuServer,
    found: z.object({
      health: z.enum(['up', 'down']),
      reason: z.string().nullable(),
      models: GpuServer.shape.models,
      latency_ms: z.number().meta({ description: 'How long it took to answer all that it was asked' }),
    }),
  })
  .meta({ id: 'GpuServerCheck' })

/** One model listening to one recording. */
export const InferenceJob = z
  .object({
    id,
    upload_id: id,
    facility_id: id,
    status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
    model: z.string(),
    model_version: z.string().nullable().meta({
      description: 'Asked for; of one that has succeeded, the one that it was. Null: whichever the server has',
    }),
    params: z.record(z.string(), z.unknown()).nullable(),
    priority: z.enum(['low', 'normal', 'high']),
    rerun_of: id.nullable().meta({ description: 'The job whose result this one is compared with' }),
    server_id: id.nullable().meta({ description: 'Of the last attempt; null: the worker does it by itself' }),
    attempt: z.int(),
    error: z.string().nullable(),
    position_in_queue: z.int().nullable(),
    waiting_for: z
      .enum(['server'])
      .nullable()
      .meta({ description: '`server`: it is queued, and no healthy server has its model. As queries know it' }),
    requested_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
  })
  .meta({ id: 'InferenceJob' })

/** What a model has found; one that is too large to be shown beside others is read at its `path`. */
export const InferenceResult = z
  .object({
    job_id: id,
    model_version: z.string(),
    finished_at: time,
    result: z.record(z.string(), z.unknown()).nullable(),
    size_bytes: z.int().nullable().meta({ description: 'Of a result that is read at `path`' }),
    path: z.string(),
  })
  .meta({ id: 'InferenceResult' })

/** What is different in the result of a rerun: `path` leads into the results, and a value that one of them does not have is absent. */
export const InferenceDiff = z
  .object({
    rerun_of: id,
    model_versions: z.object({ before: z.string(), after: z.string() }),
    is_same: z.boolean(),
    total: z
      .int()
      .nullable()
      .meta({ description: 'How many values differ; null: the results are too large to be compared' }),
    changes: z
      .array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
      .meta({ description: 'The first of them' }),
  })
  .meta({ id: 'InferenceDiff' })

export const InferenceJobInFull = InferenceJob.extend({
  result: InferenceResult.shape.result.meta({ description: 'Null until there is one, and where it is read at `path`' }),
  path: z.string().nullable().meta({ description: 'Where the result is read, once there is one' }),
  lineage: z
    .object({
      input_sha256: z.string(),
      ffmpeg: z.array(z.string()).meta({ description: 'What made samples of the recording' }),
      output_sha256: z.string().meta({ description: 'Of the result as it was found, in JSON' }),
    })
    .nullable(),
  diff: InferenceDiff.nullable().meta({ description: 'Of a rerun that has succeeded' }),
}).meta({ id: 'InferenceJobInFull' })

/** What a rollout is of and where it stands, as commands answer. */
export const FirmwareRollout = z
  .object({
    id,
    device_model: z.string(),
    facility_id: id.nullable(),
    release_id: id,
    version: z.string(),
    status: z.enum(['running', 'paused', 'halted', 'completed', 'rolled_back', 'deactivated', 'withdrawn']),
    percent: z.number(),
    attempt: z.int().meta({ description: 'How often those that failed were asked to try again' }),
  })
  .meta({ id: 'FirmwareRollout' })

const failureKind = z.enum(['download', 'verify', 'install', 'boot', 'other'])

/** As queries show it: how it goes on, and what devices have reported, each counted once, by its last report. */
export const ReportedRollout = FirmwareRollout.extend({
  previous_release_id: id.nullable(),
  reason: z.string().nullable().meta({ description: 'Why it was paused, halted or ended' }),
  ladder: z.array(z.number()),
  dwell_secs: z.int(),
  advance: z.enum(['manual', 'automatic']),
  success_percent: z.number(),
  step_min_devices: z.int().nullable().meta({ description: 'Null in rollouts from before there was this' }),
  halt: z.object({ min_devices: z.int(), failure_percent: z.number(), kinds: z.array(failureKind).optional() }),
  gates: z
    .object({
      min_battery_mv: z.int().optional(),
      external_power: z.boolean().optional(),
      min_free_bytes: z.int().optional(),
    })
    .nullable(),
  started_at: time,
  step_since: time,
  ended_at: time.nullable(),
  counts: z
    .object({ installed: z.int(), failed: z.int(), rolled_back: z.int() })
    .nullable()
    .meta({ description: 'Of now; null in an answer about the past' }),
  failures: z
    .array(z.object({ kind: failureKind.nullable(), devices: z.int() }))
    .nullable()
    .meta({ description: 'Those that failed or were rolled back; null: without a kind' }),
}).meta({ id: 'ReportedRollout' })

/** With the fleet as it is now: how many devices it could reach, has come to, and has not heard of. */
export const RolloutInFull = ReportedRollout.extend({
  fleet: z
    .object({
      devices: z.int(),
      targeted: z.int().meta({ description: 'Those it has come to, also those that run the release already' }),
      pending: z.int().meta({ description: 'Of these, those that have not reported' }),
    })
    .nullable()
    .meta({ description: 'Null once it is over' }),
}).meta({ id: 'RolloutInFull' })

export const RolloutDevice = z
  .object({
    id,
    facility_id: id,
    name: z.string(),
    serial: z.string(),
    state: z.enum(['pending', 'installed', 'failed', 'rolled_back']),
    kind: failureKind.nullable(),
    detail: z.string().nullable(),
    attempt: z.int().nullable(),
    reported_at: time.nullable(),
  })
  .meta({ id: 'RolloutDevice' })

/** What a rollout would do to the fleet of now. Started before anything else happens to its channel, it does just that. */
export const RolloutSimulation = z
  .object({
    rollout_id: id,
    devices: z.int(),
    steps: z.array(
      z.object({
        percent: z.number(),
        devices: z.int().meta({ description: 'That it comes to in this step' }),
        total: z.int(),
        waiting: z.int().meta({ description: 'Of those of this step, below a gate as far as is known' }),
        facilities: z.array(z.object({ facility_id: id, devices: z.int() })),
        samples: z.array(id),
      }),
    ),
    left_out: z.object({
      runs_it: z.int(),
      runs_newer: z.int(),
      below_min_version: z.int(),
      below_security_version: z.int(),
      has_own: z.int().meta({ description: 'Of a facility whose own channel comes first' }),
    }),
  })
  .meta({ id: 'RolloutSimulation' })

/** By key, what the value of a setting may be. */
export const settingValues = {
  transcode_formats: z
    .array(z.enum(['opus-webm', 'aac-mp4']))
    .min(1)
    .max(2)
    .refine((formats) => new Set(formats).size === formats.length, 'must name each format once')
    .meta({ description: 'transcode_formats: what recordings become' }),
  transcode_bitrate: z
    .int()
    .min(8000)
    .max(512_000)
    .meta({ description: 'transcode_bitrate: bits per second of what recordings become' }),
  automatic_inference: z
    .strictObject({
      enabled: z.boolean(),
      model: line(100).exactOptional(),
      models: z
        .array(line(100))
        .min(1)
        .max(10)
        .refine((models) => new Set(models).size === models.length, 'must name each model once')
        .exactOptional(),
    })
    .refine(
      ({ enabled, model, models }) => !enabled || (model === undefined) !== (models === undefined),
      'must name a model or several, and not both, when it is enabled',
    )
    .meta({
      description:
        'automatic_inference: whether recordings are listened to as they arrive, and by which `model`, or by which `models`, each for itself',
    }),
  recording_retention_days: z
    .int()
    .min(0)
    .max(36_500)
    .meta({ description: 'recording_retention_days: older recordings are deleted; 0: never' }),
  recording_purge_days: z
    .int()
    .min(0)
    .max(36_500)
    .meta({ description: 'recording_purge_days: so long after its deletion the bytes of a recording are removed' }),
}

export const SettingKey = z.enum(Object.keys(settingValues) as [keyof typeof settingValues])

export const SettingValue = z.union([
  settingValues.transcode_formats,
  settingValues.transcode_bitrate,
  settingValues.automatic_inference,
  settingValues.recording_retention_days,
  settingValues.recording_purge_days,
])

/** The value that holds and who says so; `set_here`: what this installation or facility says itself, whether or not it holds. */
export const Setting = z
  .object({
    key: SettingKey,
    value: SettingValue,
    source: z.enum(['environment', 'facility', 'system', 'default']),
    set_here: SettingValue.nullable(),
  })
  .meta({ id: 'Setting' })

export const Tokens = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int(),
    must_change_password: z.boolean(),
    user: z.object({ id, email: z.string(), name: z.string(), role: Role, facility_id: id.nullable() }),
  })
  .meta({ id: 'Tokens' })

export const History = z
  .object({
    items: z.array(
      z.object({
        position: z.string(),
        stream: z.string(),
        revision: z.int(),
        type: z.string(),
        at: time,
        actor: z.object({ kind: z.enum(['user', 'device', 'system']), id: z.string(), name: z.string().nullable() }),
        data: z.record(z.string(), z.unknown()),
        changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      }),
    ),
  })
  .meta({ id: 'History' })

/** One event of the log, as it was stored: personal fields opened or `[erased]`, secrets left out. */
export const AuditEntry = z
  .object({
    position: z.string(),
    id,
    at: time.nullable(),
    action: z.string(),
    actor: z.object({ kind: z.string().nullable(), id: z.string().nullable(), name: z.string().nullable() }),
    facility_id: id.nullable(),
    resource: z.string(),
    resource_id: z.string(),
    revision: z.int(),
    correlation_id: id.nullable(),
    data: z.unknown(),
  })
  .meta({ id: 'AuditEntry' })

/** One event of the log. */
export const LogEvent = AuditEntry.omit({ action: true, resource: true, resource_id: true, data: true })
  .extend({ stream: z.string(), type: z.string() })
  .meta({ id: 'LogEvent' })

export const LogEventInFull = LogEvent.extend({
  schema: z.number().nullable(),
  causation_id: z.string().nullable(),
  data: z.unknown().meta({ description: 'As it was stored; personal fields say `[masked]`, secrets are left out' }),
  changes: z
    .array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() }))
    .nullable()
    .meta({ description: 'What it did to its resource as queries show it; null where that is not known' }),
  unfolded: z.string().nullable().meta({ description: 'Why it is not known what it did' }),
}).meta({ id: 'LogEventInFull' })

/** Somebody who was not let in, or not let do something. */
export const RefusalEntry = AuditEntry.pick({ id: true, at: true, action: true, actor: true, facility_id: true })
  .extend({ revision: z.int(), correlation_id: id.nullable(), data: z.record(z.string(), z.unknown()) })
  .meta({ id: 'RefusalEntry' })

export const ProjectionStatus = z
  .object({
    name: z.string(),
    version: z.int(),
    state: z.enum(['live', 'ready', 'building', 'verifying', 'stopped']),
    serving: z.boolean(),
    position: z.string().nullable(),
    head: z.string().nullable(),
    lag_events: z.int().nullable(),
    lag_secs: z.number().nullable(),
    events_per_sec: z.number().nullable(),
    eta_secs: z.number().nullable(),
    error: z.record(z.string(), z.unknown()).nullable(),
    updated_at: time,
  })
  .meta({ id: 'ProjectionStatus' })

const Standing = z.object({ version: z.int(), position: z.string().nullable() })

/** How many rows differ, in which fields, and some of them with the event since which they do: `<type> <revision>@<stream>`. */
export const ProjectionDiff = z
  .object({
    name: z.string(),
    shown: Standing,
    other: Standing,
    added: z.int(),
    removed: z.int(),
    changed: z.int(),
    fields: z.array(z.object({ field: z.string(), rows: z.int() })),
    samples: z.array(
      z.object({
        id: z.string(),
        kind: z.enum(['added', 'removed', 'changed']),
        fields: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
        since: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ProjectionDiff' })
