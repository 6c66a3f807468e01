import { z } from 'zod'
import { id, time } from './values.ts'

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
