import type { Lineage, Priority, StoredResult } from '../domain/inferenceJob.ts'
import type { Projection } from './engine/projection.ts'

export interface InferenceJobRow {
  id: string
  upload_id: string
  facility_id: string
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  model: string
  /** Asked for; of one that has succeeded: the one that it was. Null: any. */
  model_version: string | null
  params: Record<string, unknown> | null
  priority: Priority
  rerun_of: string | null
  /** Of the last attempt. */
  server_id: string | null
  attempt: number
  error: string | null
  /** One of these, of a job that has succeeded. */
  result: Record<string, unknown> | null
  stored_result: StoredResult | null
  lineage: Lineage | null
  requested_at: string
  started_at: string | null
  finished_at: string | null
}

export const inferenceJobs: Projection<InferenceJobRow> = {
  name: 'inference_jobs',
  version: 1,
  indexes: ['facility_id, requested_at, id', 'upload_id', 'status, requested_at', 'requested_at, id'],
  on: {
    InferenceRequested: {
      create: ({ id, data }) => ({
        id,
        model_version: null,
        params: null,
        rerun_of: null,
        ...data,
        status: 'queued',
        server_id: null,
        attempt: 0,
        error: null,
        result: null,
        stored_result: null,
        lineage: null,
        started_at: null,
        finished_at: null,
      }),
    },
    InferenceStarted: (row, { data: { attempt, started_at, server_id = null } }) => ({
      ...row,
      status: 'running',
      server_id,
      attempt,
      started_at,
      error: null,
    }),
    InferenceAttemptFailed: (row, { data }) => ({ ...row, status: 'queued', error: data.reason }),
    InferenceTimedOut: (row) => ({ ...row, status: 'queued', error: 'The worker went silent' }),
    InferenceCompleted: (
      row,
      { data: { model_version, result = null, stored_result = null, lineage, completed_at } },
    ) => ({
      ...row,
      status: 'succeeded',
      model_version,
      result,
      stored_result,
      lineage,
      error: null,
      finished_at: completed_at,
    }),
    InferenceFailed: (row, { data }) => ({ ...row, status: 'failed', error: data.reason, finished_at: data.failed_at }),
    InferenceCancelled: (row, { data }) => ({ ...row, status: 'cancelled', finished_at: data.cancelled_at }),
    InferenceRetried: (row) => ({ ...row, status: 'queued', error: null, finished_at: null }),
  },
}
