import { z } from 'zod'
import type { Database } from '../ops/platform/database.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import { timeOf } from '../ops/platform/eventTime.ts'
import { type Route, route, whole } from '../ops/platform/route.ts'
import { RefusalEntry } from '../ops/platform/shapes.ts'
import { type Actor, named, namesOf } from './actorNames.ts'
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

const readAtOnce = 500
/** Looked at for one answer: where few of them are the caller's, the cursor leads on. */
const lookedAt = 5000

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
      const { found, next } = await newest(store, `refusal-${day}`, cursor, per_page, isWanted)
      const names = await namesOf(database, found.map(actorOf))
      const items = found.map((event) => entry(event, names))
      return { status: 200, body: { items, next_cursor: next } }
    },
  }),
]

/** Of a stream, the newest of these events below a revision; `next`: from where there may be more. */
async function newest(
  store: RefusalDeps['store'],
  stream: string,
  below: string | undefined,
  most: number,
  isWanted: (event: Recorded) => boolean,
): Promise<{ found: Recorded[]; next: string | null }> {
  const found: Recorded[] = []
  let from = below === undefined ? undefined : Number(below) - 1
  for (let looked = 0; looked < lookedAt && (from ?? 0) >= 0;) {
    const start = from === undefined ? {} : { from }
    const events = await store.read(stream, { ...start, max: readAtOnce, backwards: true, unreadable: 'too' })
    for (const event of events) {
      if (isWanted(event)) found.push(event)
      if (found.length === most) return { found, next: event.revision > 0 ? String(event.revision) : null }
    }
    if (events.length < readAtOnce) return { found, next: null }
    looked += events.length
    from = events.at(-1)!.revision - 1
  }
  return { found, next: from !== undefined && from >= 0 ? String(from + 1) : null }
}

const actorOf = ({ metadata }: Recorded): Actor => (metadata['actor'] as Actor | undefined) ?? { kind: null, id: null }

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
