import type { Projection } from './engine/projection.ts'

export interface TranscodeJobRow {
  id: string
  upload_id: string
  facility_id: string
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  formats: readonly string[]
  bitrate: number
  attempt: number
  error: string | null
  requested_at: string
  started_at: string | null
  finished_at: string | null
}

export const transcodeJobs: Projection<TranscodeJobRow> = {
  name: 'transcode_jobs',
  version: 1,
  indexes: ['facility_id, requested_at, id', 'upload_id', 'status, requested_at', 'requested_at, id'],
  on: {
    TranscodeRequested: {
      create: ({ id, data }) => ({
        id,
        ...data,
        status: 'queued',
        attempt: 0,
        error: null,
        started_at: null,
        finished_at: null,
      }),
    },
    TranscodeStarted: (row, { data: { attempt, started_at } }) => ({
      ...row,
      status: 'running',
      attempt,
      started_at,
      error: null,
    }),
    TranscodeAttemptFailed: (row, { data }) => ({ ...row, status: 'queued', error: data.reason }),
    TranscodeTimedOut: (row) => ({ ...row, status: 'queued', error: 'The worker went silent' }),
    TranscodeCompleted: (row, { data }) => ({
      ...row,
      status: 'succeeded',
      error: null,
      finished_at: data.completed_at,
    }),
    TranscodeFailed: (row, { data }) => ({ ...row, status: 'failed', error: data.reason, finished_at: data.failed_at }),
    TranscodeCancelled: (row, { data }) => ({ ...row, status: 'cancelled', finished_at: data.cancelled_at }),
    TranscodeRetried: (row) => ({ ...row, status: 'queued', error: null, finished_at: null }),
  },
}
