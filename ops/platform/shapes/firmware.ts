import { z } from 'zod'
import { id, time } from './values.ts'

/** What a device is to install. */
export const FirmwareManifest = z
  .object({
    release_id: id,
    version: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    signature: z.string().nullable().meta({ description: 'Ed25519 over the canonical manifest, in Base64' }),
    key_id: z.string().nullable(),
    image_url: z.string().meta({ description: 'Where the image is, relative to this API' }),
  })
  .meta({ id: 'FirmwareManifest' })

/** Devices in use by model, facility and version, the newest first; `version` null: they never said. */
export const FirmwareDistribution = z
  .object({
    items: z.array(
      z.object({ device_model: z.string(), facility_id: id, version: z.string().nullable(), devices: z.int() }),
    ),
  })
  .meta({ id: 'FirmwareDistribution' })

/** For every facility where `facility_id` is null. Ids of keys are those of `/firmware/keys`. */
export const FirmwareRelease = z
  .object({
    id,
    device_model: z.string(),
    version: z.string(),
    facility_id: id.nullable(),
    status: z.enum(['draft', 'published', 'withdrawn']),
    is_active: z.boolean().meta({ description: 'Whether its channel has it active' }),
    file_name: z.string(),
    size_bytes: z.int(),
    sha256: z.string(),
    notes: z.string().nullable(),
    min_version: z.string().nullable(),
    security_version: z.int().nullable(),
    signature: z.string().nullable(),
    key_id: id.nullable(),
    withdrawal_reason: z.string().nullable(),
    created_at: time,
  })
  .meta({ id: 'FirmwareRelease' })

/** What devices of a model are told to run: in a facility, or (`facility_id` null) in those that have nothing of their own. */
export const FirmwareChannel = z
  .object({
    id,
    device_model: z.string(),
    facility_id: id.nullable(),
    active_release_id: id.nullable(),
    active_version: z.string().nullable(),
    active_by: z.enum(['activation', 'rollback', 'rollout']).nullable(),
    security_floor: z.int().meta({ description: 'Nothing with a lower security version becomes active' }),
    rollout_id: id.nullable().meta({ description: 'The open rollout' }),
  })
  .meta({ id: 'FirmwareChannel' })

/** As queries show it, among those that the devices of a facility listen to. */
export const KnownFirmwareChannel = FirmwareChannel.extend({
  active_since: time.nullable(),
  created_at: time.meta({ description: 'When something happened in it for the first time' }),
  in_effect: z.boolean().nullable().meta({
    description: 'Whether the facility’s devices are told to run what is active here; null: no facility was asked for',
  }),
}).meta({ id: 'KnownFirmwareChannel' })

/** Whose signatures of firmware are accepted: for every facility where `facility_id` is null. */
export const FirmwareKey = z
  .object({
    id,
    facility_id: id.nullable(),
    name: z.string().nullable(),
    public_key: z.string().meta({ description: 'Ed25519, SPKI in PEM' }),
    status: z.enum(['active', 'retired']),
    created_at: time,
  })
  .meta({ id: 'FirmwareKey' })
