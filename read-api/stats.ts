import type { Knex } from 'knex'
import { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { Problem, type Route, route, Time, Uuid } from '../ops/platform/route.ts'

const dayMs = 86_400_000
const defaultMs = 30 * dayMs
/** So many of each at most. */
const longestMs = { hour: 31 * dayMs, day: 800 * dayMs, week: 3660 * dayMs }
type Bucket = keyof typeof longestMs

const Query = z.object({
  facility_id: Uuid.optional(),
  from: Time.optional().meta({ description: 'Thirty days before `to` where absent' }),
  to: Time.optional().meta({ description: 'Now where absent; not included' }),
  bucket: z.enum(['hour', 'day', 'week']).default('day').meta({ description: 'Weeks begin on Monday' }),
})

const jobs = z.object({
  ...{ queued: z.int(), running: z.int(), succeeded: z.int(), failed: z.int(), cancelled: z.int() },
})
const counts = { uploads: z.int(), size_bytes: z.int(), sound_secs: z.number(), jobs }
const Stats = z
  .object({
    ...{ from: z.iso.datetime(), to: z.iso.datetime(), bucket: z.enum(['hour', 'day', 'week']) },
    timezone: z.string().meta({ description: 'In which buckets begin: that of the one facility, or UTC' }),
    totals: z.object(counts),
    series: z
      .array(z.object({ start: z.iso.datetime(), ...counts }))
      .meta({ description: 'Buckets in which nothing was received or asked for are left out' }),
  })
  .meta({ id: 'Stats' })
type Counts = z.infer<typeof Stats>['totals']

interface Span {
  from: string
  to: string
  bucket: Bucket
  timezone: string
  facility: string | undefined
}

const none = (): Counts => ({
  ...{ uploads: 0, size_bytes: 0, sound_secs: 0 },
  jobs: { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
})

/** The rows of a read model in this span, by the bucket that they fall into. */
function inBuckets(
  readModel: string,
  column: string,
  { from, to, bucket, timezone, facility }: Span,
): Knex.QueryBuilder {
  return queryBuilder(readModel)
    .where(column, '>=', from)
    .where(column, '<', to)
    .modify((query) => facility && void query.where({ facility_id: facility }))
    .select(queryBuilder.raw('date_trunc(?, ??, ?) as start', [bucket, column, timezone]))
    .groupBy('start')
}

async function counted(database: Database, span: Span): Promise<Map<string, Counts>> {
  const received = inBuckets('uploads', 'created_at', span)
    .whereNot({ status: 'deleted' })
    .select(
      queryBuilder.raw(
        'count(*) as uploads, sum(size_bytes)::bigint as size_bytes, coalesce(sum(duration_ms), 0)::bigint as ms',
      ),
    )
  const asked = inBuckets('transcode_jobs', 'requested_at', span)
    .groupBy('status')
    .select('status')
    .count({ count: '*' })
  const [uploads, jobs] = await Promise.all([
    rowsOf<{ start: string; uploads: number; size_bytes: number; ms: number }>(database, received),
    rowsOf<{ start: string; status: keyof Counts['jobs']; count: number }>(database, asked),
  ])
  const buckets = new Map<string, Counts>()
  const at = (start: string) => buckets.get(start) ?? (buckets.set(start, none()), buckets.get(start)!)
  for (const { start, ms, ...row } of uploads) Object.assign(at(start), row, { sound_secs: ms / 1000 })
  for (const { start, status, count } of jobs) at(start).jobs[status] = count
  return buckets
}

function totalOf(all: readonly Counts[]): Counts {
  const total = none()
  for (const { uploads, size_bytes, sound_secs, jobs } of all) {
    total.uploads += uploads
    total.size_bytes += size_bytes
    total.sound_secs += sound_secs
    for (const status of Object.keys(jobs) as (keyof typeof jobs)[]) total.jobs[status] += jobs[status]
  }
  return total
}

/** `GET /api/v1/stats`: what was received and asked for, from the read models as they are by now: what was deleted since is not counted. */
export const stats = ({ database }: { database: Database }): Route =>
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path: '/api/v1/stats',
    permission: 'stats:read',
    query: Query,
    reads: ['uploads', 'transcode_jobs', 'facilities'],
    answers: { 200: Stats },
    run: async ({ query: { facility_id, bucket, ...asked }, facility: own }) => {
      const to = asked.to ?? new Date().toISOString()
      const from = asked.from ?? new Date(Date.parse(to) - defaultMs).toISOString()
      const ms = Date.parse(to) - Date.parse(from)
      if (ms <= 0 || ms > longestMs[bucket])
        throw new Problem(
          'invalid_request',
          `From \`from\` to \`to\` there are ${longestMs[bucket] / dayMs} days at most`,
          {
            errors: [{ path: 'query.from', message: 'too far from `to`, or behind it' }],
          },
        )
      // Another facility's numbers are those of none.
      const isForeign = own !== undefined && facility_id !== undefined && facility_id !== own
      const facility = facility_id ?? own
      const place = queryBuilder('facilities')
        .where({ id: facility ?? null })
        .select('timezone')
      const known = facility && !isForeign ? (await rowsOf<{ timezone: string | null }>(database, place))[0] : undefined
      const timezone = known?.timezone ?? 'UTC'
      const buckets = isForeign
        ? new Map<string, Counts>()
        : await counted(database, { from, to, bucket, timezone, facility })
      const series = [...buckets]
        .map(([start, counts]) => ({ start, ...counts }))
        .sort((a, b) => (a.start < b.start ? -1 : 1))
      return { status: 200, body: { from, to, bucket, timezone, totals: totalOf(series), series } }
    },
  })
