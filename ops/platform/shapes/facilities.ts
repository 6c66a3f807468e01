import { z } from 'zod'
import { id, time } from './values.ts'

export const Facility = z
  .object({
    id,
    name: z.string(),
    code: z.string(),
    timezone: z.string().nullable(),
    address: z.string().nullable(),
    status: z.enum(['active', 'inactive']),
    created_at: time,
  })
  .meta({ id: 'Facility' })
