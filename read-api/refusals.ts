import { z } from 'zod'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import { type Route, route, whole } from '../ops/platform/route.ts'
import { RefusalEntry } from '../ops/platform/shapes/log.ts'
import { actorOf, named, namesOf } from './actorNames.ts'
import { inStream, pageOf } from './logPages.ts'
import { secrets, withoutFields } from './secrets.ts'

interface RefusalDeps {
  database: Database
  store: Pick<EventStore, 'read'>
  /** ISO text. */
  now: () => string
}

const actions = ['LoginRefused', 'AccessRefused', 'AccountThrottled', 'RefusalsLeftOut'] as const
const Query = z.object({
  day: z.iso.date().optional().meta({ description: 'In UTC; today where it is not given' }),
  action: z.enum(actions).optional(),
  per_page: whole(1, 100).default(20),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'unreadable')
    .optional(),
})
const Page = z.object({ items: z.array(RefusalEntry), next_cursor: z.string().nullable() })

/** `GET /api/v1/audit/refusals`: whom the door turned away on one day, newest first. They are kept for a while, and no part of the audit chain. */
export const refusals = ({ database, store, now }: RefusalDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path: '/api/v1/audit/refusals',
    permission: 'audit:read',
    query: Query,
    answers: { 200: Page },
    run: async ({ query: { day = now().slice(0, 10), action, per_page, cursor }, facility }) => {
      const isWanted = ({ type, metadata }: Recorded) =>
        (action === undefined ? (actions as readonly string[]).includes(type) : type === action) &&
        (facility === undefined || metadata['facility_id'] === facility)
      const { found, next } = await pageOf(inStream(store, `refusal-${day}`, 'backwards'), cursor, per_page, isWanted)
      const names = await namesOf(database, found.map(actorOf))
      const items = found.map((event) => entry(event, names))
      return { status: 200, body: { items, next_cursor: next } }
    },
  }),
]

const entry = (event: Recorded, names: ReadonlyMap<string, string>): z.infer<typeof RefusalEntry> => ({
  id: event.id,
  at: timeOf(event.data) ?? null,
  action: event.type,
  actor: named(actorOf(event), names),
  facility_id: (event.metadata['facility_id'] as string | undefined) ?? null,
  revision: event.revision,
  correlation_id: (event.metadata['$correlationId'] as string | undefined) ?? null,
  data: withoutFields(event.data, secrets) as Record<string, unknown>,
})
