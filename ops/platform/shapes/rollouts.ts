import { z } from 'zod'
import { id, time } from './values.ts'

/** What a rollout is of and where it stands, as commands answer. */
export const FirmwareRollout = z
  .object({
    id,
    device_model: z.string(),
    facility_id: id.nullable(),
    release_id: id,
    version: z.string(),
    status: z.enum(['running', 'paused', 'halted', 'completed', 'rolled_back', 'deactivated', 'withdrawn']),
    percent: z.number(),
    attempt: z.int().meta({ description: 'How often those that failed were asked to try again' }),
  })
  .meta({ id: 'FirmwareRollout' })

const failureKind = z.enum(['download', 'verify', 'install', 'boot', 'other'])

/** As queries show it: how it goes on, and what devices have reported, each counted once, by its last report. */
export const ReportedRollout = FirmwareRollout.extend({
  previous_release_id: id.nullable(),
  reason: z.string().nullable().meta({ description: 'Why it was paused, halted or ended' }),
  ladder: z.array(z.number()),
  dwell_secs: z.int(),
  advance: z.enum(['manual', 'automatic']),
  success_percent: z.number(),
  step_min_devices: z.int().nullable().meta({ description: 'Null in rollouts from before there was this' }),
  halt: z.object({ min_devices: z.int(), failure_percent: z.number(), kinds: z.array(failureKind).optional() }),
  gates: z
    .object({
      min_battery_mv: z.int().optional(),
      external_power: z.boolean().optional(),
      min_free_bytes: z.int().optional(),
    })
    .nullable(),
  started_at: time,
  step_since: time,
  ended_at: time.nullable(),
  counts: z
    .object({ installed: z.int(), failed: z.int(), rolled_back: z.int() })
    .nullable()
    .meta({ description: 'Of now; null in an answer about the past' }),
  failures: z
    .array(z.object({ kind: failureKind.nullable(), devices: z.int() }))
    .nullable()
    .meta({ description: 'Those that failed or were rolled back; null: without a kind' }),
}).meta({ id: 'ReportedRollout' })

/** With the fleet as it is now: how many devices it could reach, has come to, and has not heard of. */
export const RolloutInFull = ReportedRollout.extend({
  fleet: z
    .object({
      devices: z.int(),
      targeted: z.int().meta({ description: 'Those it has come to, also those that run the release already' }),
      pending: z.int().meta({ description: 'Of these, those that have not reported' }),
    })
    .nullable()
    .meta({ description: 'Null once it is over' }),
}).meta({ id: 'RolloutInFull' })

export const RolloutDevice = z
  .object({
    id,
    facility_id: id,
    name: z.string(),
    serial: z.string(),
    state: z.enum(['pending', 'installed', 'failed', 'rolled_back']),
    kind: failureKind.nullable(),
    detail: z.string().nullable(),
    attempt: z.int().nullable(),
    reported_at: time.nullable(),
  })
  .meta({ id: 'RolloutDevice' })

/** What a rollout would do to the fleet of now. Started before anything else happens to its channel, it does just that. */
export const RolloutSimulation = z
  .object({
    rollout_id: id,
    devices: z.int(),
    steps: z.array(
      z.object({
        percent: z.number(),
        devices: z.int().meta({ description: 'That it comes to in this step' }),
        total: z.int(),
        waiting: z.int().meta({ description: 'Of those of this step, below a gate as far as is known' }),
        facilities: z.array(z.object({ facility_id: id, devices: z.int() })),
        samples: z.array(id),
      }),
    ),
    left_out: z.object({
      runs_it: z.int(),
      runs_newer: z.int(),
      below_min_version: z.int(),
      below_security_version: z.int(),
      has_own: z.int().meta({ description: 'Of a facility whose own channel comes first' }),
    }),
  })
  .meta({ id: 'RolloutSimulation' })
