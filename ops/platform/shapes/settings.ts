import { z } from 'zod'
import { line } from '../route.ts'

/** By key, what the value of a setting may be. */
export const settingValues = {
  transcode_formats: z
    .array(z.enum(['opus-webm', 'aac-mp4']))
    .min(1)
    .max(2)
    .refine((formats) => new Set(formats).size === formats.length, 'must name each format once')
    .meta({ description: 'transcode_formats: what recordings become' }),
  transcode_bitrate: z
    .int()
    .min(8000)
    .max(512_000)
    .meta({ description: 'transcode_bitrate: bits per second of what recordings become' }),
  automatic_inference: z
    .strictObject({
      enabled: z.boolean(),
      model: line(100).exactOptional(),
      models: z
        .array(line(100))
        .min(1)
        .max(10)
        .refine((models) => new Set(models).size === models.length, 'must name each model once')
        .exactOptional(),
    })
    .refine(
      ({ enabled, model, models }) => !enabled || (model === undefined) !== (models === undefined),
      'must name a model or several, and not both, when it is enabled',
    )
    .meta({
      description:
        'automatic_inference: whether recordings are listened to as they arrive, and by which `model`, or by which `models`, each for itself',
    }),
  recording_retention_days: z
    .int()
    .min(0)
    .max(36_500)
    .meta({ description: 'recording_retention_days: older recordings are deleted; 0: never' }),
  recording_purge_days: z
    .int()
    .min(0)
    .max(36_500)
    .meta({ description: 'recording_purge_days: so long after its deletion the bytes of a recording are removed' }),
}

export const SettingKey = z.enum(Object.keys(settingValues) as [keyof typeof settingValues])

export const SettingValue = z.union([
  settingValues.transcode_formats,
  settingValues.transcode_bitrate,
  settingValues.automatic_inference,
  settingValues.recording_retention_days,
  settingValues.recording_purge_days,
])

/** The value that holds and who says so; `set_here`: what this installation or facility says itself, whether or not it holds. */
export const Setting = z
  .object({
    key: SettingKey,
    value: SettingValue,
    source: z.enum(['environment', 'facility', 'system', 'default']),
    set_here: SettingValue.nullable(),
  })
  .meta({ id: 'Setting' })
