import { z } from 'zod'

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

export const Rendition = z
  .object({
    format: z.enum(['opus-webm', 'aac-mp4']),
    codec: z.string(),
    bitrate: z.int(),
    size_bytes: z.int(),
    duration_ms: z.int(),
  })
  .meta({ id: 'Rendition' })

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
  })
  .meta({ id: 'Upload' })

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
