import { z } from 'zod'
import { id, time } from './values.ts'

export const Role = z.enum(['super_admin', 'facility_admin', 'user'])

export const User = z
  .object({
    id,
    email: z.string(),
    name: z.string(),
    role: Role,
    facility_id: id.nullable(),
    status: z.enum(['active', 'inactive', 'erased']),
    must_change_password: z.boolean(),
    created_at: time,
  })
  .meta({ id: 'User' })

/** The password is there once, when it was made here: whoever is told tells the person. */
export const UserWithPassword = User.extend({ password: z.string().optional() }).meta({ id: 'UserWithPassword' })

export const Session = z
  .object({
    id,
    address: z.string(),
    user_agent: z.string(),
    status: z.enum(['open', 'ended']),
    end_reason: z.string().nullable(),
    started_at: time,
    refreshed_at: time,
    expires_at: time,
    is_current: z.boolean(),
  })
  .meta({ id: 'Session' })

export const Tokens = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int(),
    must_change_password: z.boolean(),
    user: z.object({ id, email: z.string(), name: z.string(), role: Role, facility_id: id.nullable() }),
  })
  .meta({ id: 'Tokens' })
