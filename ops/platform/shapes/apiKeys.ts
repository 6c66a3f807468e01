import { z } from 'zod'
import { id, time } from './values.ts'

export const Scope = z.enum(['upload', 'firmware', 'heartbeat'])

export const ApiKey = z
  .object({
    id,
    name: z.string(),
    facility_id: id,
    device_id: id.nullable(),
    scopes: z.array(Scope),
    status: z.enum(['active', 'revoked']),
    expires_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'ApiKey' })

/** As queries show it. When it was used is told of now alone, a few seconds late; null: not that anybody remembers. */
export const UsedApiKey = ApiKey.extend({ last_used_at: time.nullable() }).meta({ id: 'UsedApiKey' })

/** Shown once, right after issuing. A repeated request answers without the secret. */
export const IssuedApiKey = z
  .object({
    id,
    api_key: z.string().optional(),
    name: z.string(),
    facility_id: id,
    device_id: id.nullable(),
    scopes: z.array(Scope),
    expires_at: time.nullable(),
  })
  .meta({ id: 'IssuedApiKey' })
