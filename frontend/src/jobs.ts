import type { UseQueryResult } from '@tanstack/react-query'
import type { Schemas } from '@xylolabs/web-shared/api/client.ts'
import { type Read, useGet } from '@xylolabs/web-shared/useGet.ts'

type Inference = Schemas['InferenceJob']
/** What is shown of a job of either kind. */
export type Job = Pick<Inference, Exclude<keyof Inference & keyof Schemas['TranscodeJob'], 'status'>> &
  Pick<Inference, 'status'> &
  Partial<Inference>

/** By kind: where they are, and what they are narrowed down by beside state, facility and recording. */
export const kinds = {
  transcode: { path: '/api/v1/transcode-jobs', label: 'Transcoding', steer: 'transcode-job:steer', filters: [] },
  inference: {
    path: '/api/v1/inference-jobs',
    label: 'Inference',
    steer: 'inference-job:steer',
    filters: ['model', 'server_id'],
  },
} as const
export type Kind = keyof typeof kinds
export type JobPath = (typeof kinds)[Kind]['path']

export const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export const useJobs = (path: JobPath, query: Record<string, string | number | undefined>) =>
  useGet<JobPath>(path, { query }, { changes: true }) as UseQueryResult<Omit<Read<JobPath>, 'items'> & { items: Job[] }>
