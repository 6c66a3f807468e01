import { z } from 'zod'
import { time } from './values.ts'

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
