import { z } from 'zod'
import { Uuid } from '../ops/platform/route.ts'

/** Above 0, at most 100, with two decimals at most. */
export const Percent = z
  .number()
  .gt(0)
  .max(100)
  .refine((percent) => Number(percent.toFixed(2)) === percent, 'must have two decimals at most')

const Ladder = z
  .array(Percent)
  .min(1)
  .max(20)
  .refine((steps) => steps.every((step, i) => i === 0 || step > steps[i - 1]!), 'must rise')
  .refine((steps) => steps.at(-1) === 100, 'must end with 100')

const kinds = ['download', 'verify', 'install', 'boot', 'other'] as const

const Halt = z.strictObject({
  min_devices: z.int().min(1).max(1_000_000).default(5),
  failure_percent: Percent.default(10),
  kinds: z
    .array(z.enum(kinds))
    .min(1)
    .max(kinds.length)
    .exactOptional()
    .meta({ description: 'Failures of these kinds alone; of all where it is left out' }),
})

const Gates = z.strictObject({
  min_battery_mv: z.int().min(0).max(100_000).exactOptional(),
  external_power: z.boolean().exactOptional(),
  min_free_bytes: z.int().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
})

const maxDwellSecs = 90 * 86_400

export const RolloutWanted = z.strictObject({
  release_id: Uuid,
  ladder: Ladder.default([1, 5, 25, 50, 100]).meta({ description: 'Rising shares of the fleet, in percent' }),
  dwell_secs: z
    .int()
    .min(0)
    .max(maxDwellSecs)
    .default(3600)
    .meta({ description: 'How long each share is watched before the next, where it advances by itself' }),
  advance: z.enum(['manual', 'automatic']).default('manual'),
  success_percent: z
    .number()
    .min(0)
    .max(100)
    .default(95)
    .meta({ description: 'Of the devices that reported: so many must have installed it before it advances by itself' }),
  step_min_devices: z.int().min(1).max(1_000_000).default(5).meta({
    description:
      'Of the devices that a share adds: so many must have reported, or all of them where they are fewer, before it advances by itself',
  }),
  halt: Halt.default({ min_devices: 5, failure_percent: 10 }),
  gates: Gates.exactOptional(),
})
