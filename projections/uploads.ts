import type { Peaks, Rendition } from '../domain/transcodeJob.ts'
import type { Projection } from './engine/projection.ts'

export interface UploadRow {
  id: string
  facility_id: string
  device_id: string | null
  file_name: string
  title: string | null
  notes: string | null
  content_type: string
  object_key: string
  size_bytes: number
  sha256: string
  metadata: Record<string, unknown> | null
  status: 'received' | 'transcoding' | 'ready' | 'failed' | 'rejected' | 'deleted'
  container: string | null
  codec: string | null
  duration_ms: number | null
  sample_rate_hz: number | null
  channels: number | null
  tags: readonly string[]
  renditions: readonly Rendition[]
  peaks: Peaks | null
  loudness_lufs: number | null
  error: string | null
  recorded_at: string | null
  created_at: string
}

/** What became of the upload itself outlasts what its jobs do. */
const ended = (row: UploadRow) => row.status === 'rejected' || row.status === 'deleted'

/** A row that an event of one of its jobs changes. */
const ofJob = <Event extends { data: { upload_id: string } }>(fold: (row: UploadRow, event: Event) => UploadRow) => ({
  rows: ({ data }: Event) => [data.upload_id],
  fold: (row: UploadRow | null, event: Event) => (row && !ended(row) ? fold(row, event) : row),
})

export const uploads: Projection<UploadRow> = {
  name: 'uploads',
  version: 1,
  indexes: ['facility_id, created_at, id', 'device_id, created_at', 'created_at, id', 'facility_id, status'],
  on: {
    UploadReceived: {
      create: ({ id, data: { received_at, ...data } }) => ({
        id,
        device_id: null,
        title: null,
        notes: null,
        metadata: null,
        recorded_at: null,
        ...data,
        status: 'received',
        container: null,
        codec: null,
        duration_ms: null,
        sample_rate_hz: null,
        channels: null,
        tags: [],
        renditions: [],
        peaks: null,
        loudness_lufs: null,
        error: null,
        created_at: received_at,
      }),
    },
    UploadProbed: (row, { data: { probed_at: _, ...probe } }) => ({ ...row, ...probe }),
    UploadRejected: (row, { data }) => ({ ...row, status: 'rejected', error: data.reason }),
    UploadDetailsChanged: (row, { data: { changed_at: _, ...details } }) => ({ ...row, ...details }),
    UploadTagged: (row, { data }) => ({ ...row, tags: [...row.tags, data.tag_id] }),
    UploadUntagged: (row, { data }) => ({ ...row, tags: row.tags.filter((tag) => tag !== data.tag_id) }),
    UploadDeleted: (row) => ({ ...row, status: 'deleted' }),
    TranscodeRequested: ofJob((row) => ({ ...row, status: 'transcoding', error: null })),
    TranscodeRetried: ofJob((row) => ({ ...row, status: 'transcoding', error: null })),
    TranscodeCompleted: ofJob((row, { data }) => ({
      ...row,
      status: 'ready',
      renditions: data.renditions,
      peaks: data.peaks,
      loudness_lufs: data.loudness?.integrated_lufs ?? null,
    })),
    TranscodeFailed: ofJob((row, { data }) => ({ ...row, status: 'failed', error: data.reason })),
    TranscodeCancelled: ofJob((row) => ({
      ...row,
      status: row.renditions.length > 0 ? 'ready' : 'failed',
      error: 'The transcode was cancelled',
    })),
  },
}
