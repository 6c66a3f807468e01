import type { z } from 'zod'
import * as Upload from '../domain/upload.ts'
import type { Answer } from '../ops/platform/route.ts'
import type * as shapes from '../ops/platform/shapes/recordings.ts'
import type { Outcome } from './handle.ts'
import { answered } from './http.ts'

export const path = '/api/v1/uploads'

/** As far as its own stream tells: what became of its transcode is the read side’s to say. */
const statusOf = (state: Upload.Recording) => {
  if (Upload.isDeleted(state)) return 'deleted'
  return state.status === 'rejected' ? 'rejected' : 'received'
}

export const shown = (id: string, state: Upload.State): z.infer<typeof shapes.Upload> => {
  const upload = Upload.known(state)
  return {
    id,
    facility_id: upload.facility_id,
    device_id: upload.device_id ?? null,
    file_name: upload.file_name,
    title: upload.title ?? null,
    notes: upload.notes ?? null,
    content_type: upload.content_type,
    size_bytes: upload.size_bytes,
    sha256: upload.sha256,
    metadata: upload.metadata ?? null,
    status: statusOf(upload),
    duration_ms: null,
    sample_rate_hz: null,
    channels: null,
    tags: [...upload.tags],
    renditions: [],
    loudness_lufs: null,
    error: upload.reason ?? null,
    recorded_at: upload.recorded_at ?? null,
    created_at: upload.received_at,
  }
}

/** 201 for one that came just now, 200 for one that was there before. */
export const uploadAnswer = (status: 200 | 201, id: string, outcome: Outcome<Upload.State>): Answer =>
  answered(status, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })
