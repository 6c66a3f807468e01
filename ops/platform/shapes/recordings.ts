import { z } from 'zod'
import { id, time } from './values.ts'

const Rendition = z
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
