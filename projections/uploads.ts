import type { Peaks, Rendition } from '../domain/transcodeJob.ts'
import type { Projection } from './engine/projection.ts'

type Kept = 'received' | 'transcoding' | 'ready' | 'failed' | 'rejected'

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
  status: Kept | 'deleted'
  /** What it was before it was deleted, and what its jobs have made of it since; null where it is not deleted. */
  was: Kept | null
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
  deleted_at: string | null
  /** When its bytes were removed for good. */
  purged_at: string | null
}

/** That its recording is no sound, or gone, outlasts what its jobs do. */
const ended = (row: UploadRow) => (row.was ?? row.status) === 'rejected' || row.purged_at !== null

/** A row that an event of one of its jobs changes. */
const ofJob = <Event extends { data: { upload_id: string } }>(fold: (row: UploadRow, event: Event) => UploadRow) => ({
  rows: ({ data }: Event) => [data.upload_id],
  fold: (row: UploadRow | null, event: Event) => (row && !ended(row) ? fold(row, event) : row),
})

/** What a job makes of it: of one that is deleted, for when it is restored. */
const become = (row: UploadRow, status: Kept): UploadRow =>
  row.was === null ? { ...row, status } : { ...row, was: status }

/** What a job that came to nothing leaves: ready by what another has made to its end; a first rendition of its own is not all of it. */
const without = (row: UploadRow, error: string): UploadRow => ({
  ...become(row, row.peaks ? 'ready' : 'failed'),
  error,
})

/** One of each format, the newest. */
const merged = (before: readonly Rendition[], after: readonly Rendition[]): readonly Rendition[] => [
  ...before.filter(({ format }) => !after.some((newer) => newer.format === format)),
  ...after,
]

export const uploads: Projection<UploadRow> = {
  name: 'uploads',
  version: 2,
  indexes: [
    ...['facility_id, created_at, id', 'device_id, created_at', 'created_at, id', 'facility_id, status'],
    ...['facility_id, recorded_at, id', 'facility_id, deleted_at, id', 'using gin (tags)'],
  ],
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
        was: null,
        deleted_at: null,
        purged_at: null,
      }),
    },
    UploadProbed: (row, { data: { probed_at: _, ...probe } }) => ({ ...row, ...probe }),
    UploadRejected: (row, { data }) => ({ ...become(row, 'rejected'), error: data.reason }),
    UploadDetailsChanged: (row, { data: { changed_at: _, ...details } }) => ({
      ...row,
      ...details,
      // An empty text takes back what was said.
      title: (details.title ?? row.title) || null,
      notes: (details.notes ?? row.notes) || null,
    }),
    UploadTagged: (row, { data }) => ({ ...row, tags: [...row.tags, data.tag_id] }),
    UploadUntagged: (row, { data }) => ({ ...row, tags: row.tags.filter((tag) => tag !== data.tag_id) }),
    UploadDeleted: (row, { data: { deleted_at } }) =>
      row.status === 'deleted' ? row : { ...row, status: 'deleted', was: row.status, deleted_at },
    UploadRestored: (row) => ({ ...row, status: row.was ?? row.status, was: null, deleted_at: null }),
    UploadPurged: (row, { data: { purged_at } }) => ({ ...row, renditions: [], peaks: null, purged_at }),
    TranscodeRequested: ofJob((row) => ({ ...become(row, 'transcoding'), error: null })),
    TranscodeRetried: ofJob((row) => ({ ...become(row, 'transcoding'), error: null })),
    TranscodeRenditionMade: ofJob((row, { data }) => ({
      ...row,
      renditions: merged(row.renditions, [data.rendition]),
    })),
    TranscodeCompleted: ofJob((row, { data }) => ({
      ...become(row, 'ready'),
      renditions: merged(row.renditions, data.renditions),
      peaks: data.peaks,
      loudness_lufs: data.loudness?.integrated_lufs ?? null,
      error: null,
    })),
    TranscodeFailed: ofJob((row, { data }) => without(row, data.reason)),
    TranscodeCancelled: ofJob((row) => without(row, 'The transcode was cancelled')),
  },
}
