import { z } from 'zod'
import { id, time } from './values.ts'

export const History = z
  .object({
    items: z.array(
      z.object({
        position: z.string(),
        stream: z.string(),
        revision: z.int(),
        type: z.string(),
        at: time,
        actor: z.object({ kind: z.enum(['user', 'device', 'system']), id: z.string(), name: z.string().nullable() }),
        data: z.record(z.string(), z.unknown()),
        changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      }),
    ),
  })
  .meta({ id: 'History' })

/** One event of the log, as it was stored: personal fields opened or `[erased]`, secrets left out. */
export const AuditEntry = z
  .object({
    position: z.string(),
    id,
    at: time.nullable(),
    action: z.string(),
    actor: z.object({ kind: z.string().nullable(), id: z.string().nullable(), name: z.string().nullable() }),
    facility_id: id.nullable(),
    resource: z.string(),
    resource_id: z.string(),
    revision: z.int(),
    correlation_id: id.nullable(),
    data: z.unknown(),
  })
  .meta({ id: 'AuditEntry' })

/** One event of the log. */
export const LogEvent = AuditEntry.omit({ action: true, resource: true, resource_id: true, data: true })
  .extend({ stream: z.string(), type: z.string() })
  .meta({ id: 'LogEvent' })

export const LogEventInFull = LogEvent.extend({
  schema: z.number().nullable(),
  causation_id: z.string().nullable(),
  data: z.unknown().meta({ description: 'As it was stored; personal fields say `[masked]`, secrets are left out' }),
  changes: z
    .array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() }))
    .nullable()
    .meta({ description: 'What it did to its resource as queries show it; null where that is not known' }),
  unfolded: z.string().nullable().meta({ description: 'Why it is not known what it did' }),
}).meta({ id: 'LogEventInFull' })

/** Somebody who was not let in, or not let do something. */
export const RefusalEntry = AuditEntry.pick({ id: true, at: true, action: true, actor: true, facility_id: true })
  .extend({ revision: z.int(), correlation_id: id.nullable(), data: z.record(z.string(), z.unknown()) })
  .meta({ id: 'RefusalEntry' })
