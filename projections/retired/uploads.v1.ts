import type { Projection } from '../engine/projection.ts'
import type { UploadRow } from '../uploads.ts'

type UploadRowV1 = Omit<UploadRow, 'was' | 'deleted_at' | 'purged_at'>

/** What became of the upload itself outlasts what its jobs do. */
const ended = (row: UploadRowV1) => row.status === 'rejected' || row.status === 'deleted'

/** A row that an event of one of its jobs changes. */
const ofJob = <Event extends { data: { upload_id: string } }>(
  fold: (row: UploadRowV1, event: Event) => UploadRowV1,
) => ({
  rows: ({ data }: Event) => [data.upload_id],
  fold: (row: UploadRowV1 | null, event: Event) => (row && !ended(row) ? fold(row, event) : row),
})

/** What was deleted stayed so, and what a later job made took the place of all that was there. */
export const uploadsV1: Projection<UploadRowV1> = {
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
