import type { z } from 'zod'
import { type Database, queryBuilder, rowsOf } from '../ops/platform/database.ts'
import { type Caller, line, type Route, route, Time, Uuid } from '../ops/platform/route.ts'
import { Upload } from '../ops/platform/shapes/recordings.ts'
import type { UploadRow } from '../projections/uploads.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { matching, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/uploads'
const permission = 'upload:read'
const about = { path, resource: 'upload', readModel: 'uploads', permission }

const any = (facility: string | undefined) => matching(queryBuilder('uploads'), { facility_id: facility })
/** What was deleted is not seen; its history stays. */
export const visible = (facility: string | undefined) => any(facility).whereNot({ status: 'deleted' })
/** What can be restored, for those who may. */
const deleted = (facility: string | undefined, caller: Caller) =>
  any(facility)
    .where({ status: 'deleted' })
    .modify((query) => void (mayRestore(caller) ? query.whereNull('purged_at') : query.whereRaw('false')))
const mayRestore = (caller: Caller) => caller.kind === 'user' && caller.role !== 'user'

const received = { description: 'Received at or after `from`, before `to`' }
const recorded = { description: 'Recorded at or after `recorded_from`, before `recorded_to`: those that say when' }
const Query = pageQuery('created_at', 'recorded_at', 'size_bytes', 'duration_ms').extend({
  facility_id: Uuid.optional(),
  device_id: Uuid.optional(),
  status: Upload.shape.status.optional(),
  tag: Uuid.optional(),
  from: Time.optional().meta(received),
  to: Time.optional().meta(received),
  recorded_from: Time.optional().meta(recorded),
  recorded_to: Time.optional().meta(recorded),
  q: line(100).optional().meta({ description: 'Text in the file’s name, the title or the notes' }),
})

/** The row as clients see it: no object keys. */
const shown = ({ deleted_at, ...row }: UploadRow, isDeleted = false): z.infer<typeof Upload> =>
  Upload.parse({ ...row, ...(isDeleted && { deleted_at }) })

/** Which of the tags of these rows are still there; the rows know of all that they were ever marked with. */
async function withoutGone<Row extends Pick<UploadRow, 'tags'>>(database: Database, rows: readonly Row[]) {
  const asked = [...new Set(rows.flatMap(({ tags }) => tags))]
  if (asked.length === 0) return rows
  const there = queryBuilder('tags').whereIn('id', asked).where({ status: 'active' }).select('id')
  const known = new Set((await rowsOf<{ id: string }>(database, there)).map(({ id }) => id))
  return rows.map((row) => ({ ...row, tags: row.tags.filter((tag) => known.has(tag)) }))
}

export const uploads = (deps: ResourceDeps): Route[] => [
  route<{}, z.infer<typeof Query>>({
    method: 'GET',
    path,
    permission,
    query: Query,
    reads: ['uploads', 'tags'],
    answers: { 200: pageOf(Upload) },
    run: async ({ query, facility, caller }) => {
      const { q, tag, from, to, recorded_from, recorded_to, facility_id, device_id, status, ...asked } = query
      const isDeleted = status === 'deleted'
      const filtered = isDeleted ? deleted(facility, caller) : visible(facility)
      searching(matching(filtered, { facility_id, device_id, status }), q, ['file_name', 'title', 'notes'])
      if (tag)
        filtered
          .whereRaw('tags @> array[?]::uuid[]', [tag])
          .whereExists(queryBuilder('tags').where({ id: tag, status: 'active' }).select(queryBuilder.raw('1')))
      if (from) filtered.where('created_at', '>=', from)
      if (to) filtered.where('created_at', '<', to)
      if (recorded_from) filtered.where('recorded_at', '>=', recorded_from)
      if (recorded_to) filtered.where('recorded_at', '<', recorded_to)
      const found = await page<UploadRow>(deps.database, filtered, asked, ['recorded_at', 'duration_ms'])
      const items = (await withoutGone(deps.database, found.items)).map((row) => shown(row, isDeleted))
      return { status: 200, body: { ...found, items } }
    },
  }),
  byIdRoute<UploadRow>(deps, {
    ...about,
    shape: Upload,
    visible,
    remembered: any,
    // What it was marked with then, whatever has become of the tags since.
    shown: async (row, _, { moment }) => shown(moment ? row : (await withoutGone(deps.database, [row]))[0]!),
  }),
  historyRoute(deps, { ...about, visible: any }),
]
