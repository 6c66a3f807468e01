import { z } from 'zod'
import { queryBuilder } from '../ops/platform/database.ts'
import type { Objects } from '../ops/platform/objects.ts'
import {
  Id,
  line,
  Problem,
  ProblemDocument,
  type Request,
  type Route,
  route,
  Time,
  Uuid,
} from '../ops/platform/route.ts'
import { Upload } from '../ops/platform/shapes.ts'
import type { UploadRow } from '../projections/uploads.ts'
import { byIdRoute } from './byId.ts'
import type { ResourceDeps } from './folding.ts'
import { historyRoute } from './history.ts'
import { serve, stored } from '../ops/platform/media.ts'
import { matching, one, page, pageOf, pageQuery, searching } from './page.ts'

const path = '/api/v1/uploads'
const permission = 'upload:read'
const reads = ['uploads']
const about = { path, resource: 'upload', readModel: 'uploads', permission }

// What was deleted is not listed; its history stays.
const any = (facility: string | undefined) =>
  queryBuilder('uploads').modify((query) => facility && void query.where({ facility_id: facility }))
const visible = (facility: string | undefined) => any(facility).whereNot({ status: 'deleted' })

const Query = pageQuery('created_at', 'recorded_at', 'size_bytes', 'duration_ms').extend({
  facility_id: Uuid.optional(),
  device_id: Uuid.optional(),
  status: Upload.shape.status.optional(),
  tag: Uuid.optional(),
  from: Time.optional(),
  to: Time.optional(),
  q: line(100).optional(),
})

/** The row as clients see it: no object keys. */
const shown = (row: UploadRow): z.infer<typeof Upload> => Upload.parse(row)

const bytes = z.string().meta({ description: 'The bytes', contentMediaType: 'audio/*' })
const renditions = { webm: 'opus-webm', mp4: 'aac-mp4' } as const

export const uploads = ({ objects, ...deps }: ResourceDeps & { objects: Objects }): Route[] => {
  const find = (request: Request<{ id: string }, unknown, unknown>) =>
    one<UploadRow>(deps.database, visible(request.facility).where({ id: request.params.id }))
  const media = { permission, params: Id, reads }

  return [
    route<{}, z.infer<typeof Query>>({
      method: 'GET',
      path,
      permission,
      query: Query,
      reads,
      answers: { 200: pageOf(Upload) },
      run: async ({ query: { q, tag, from, to, facility_id, device_id, status, ...asked }, facility }) => {
        const filtered = searching(matching(visible(facility), { facility_id, device_id, status }), q, [
          'file_name',
          'title',
          'notes',
        ])
        if (tag) filtered.whereRaw('? = any(tags)', [tag])
        if (from) filtered.where('created_at', '>=', from)
        if (to) filtered.where('created_at', '<', to)
        const found = await page<UploadRow>(deps.database, filtered, asked, ['recorded_at', 'duration_ms'])
        return { status: 200, body: { ...found, items: found.items.map(shown) } }
      },
    }),
    byIdRoute<UploadRow>(deps, { ...about, shape: Upload, visible, remembered: any, shown }),
    historyRoute(deps, { ...about, visible: any }),
    route<{ id: string }>({
      method: 'GET',
      path: `${path}/:id/download`,
      ...media,
      answers: { 200: bytes, 206: bytes, 404: ProblemDocument, 416: ProblemDocument, 503: ProblemDocument },
      run: async (request) => {
        const upload = await find(request)
        if (upload.status === 'rejected') throw new Problem('not_found', 'A rejected recording is not kept')
        return serve(stored(objects), upload, request.raw.headers)
      },
    }),
    route<{ id: string }, { format: 'webm' | 'mp4' }>({
      method: 'GET',
      path: `${path}/:id/stream`,
      ...media,
      query: z.object({ format: z.enum(['webm', 'mp4']).default('webm') }),
      answers: {
        200: bytes,
        206: bytes,
        404: ProblemDocument,
        409: ProblemDocument,
        416: ProblemDocument,
        503: ProblemDocument,
      },
      run: async (request) => {
        const { status, renditions: made } = await find(request)
        const rendition = made.find(({ format }) => format === renditions[request.query.format])
        if (!rendition) throw new Problem('not_ready', `There is no such rendition: the upload is ${status}`)
        return serve(
          stored(objects),
          { ...rendition, content_type: `audio/${request.query.format}` },
          request.raw.headers,
        )
      },
    }),
    route<{ id: string }>({
      method: 'GET',
      path: `${path}/:id/peaks`,
      ...media,
      answers: {
        200: z.object({ version: z.literal(2) }).loose(),
        404: ProblemDocument,
        409: ProblemDocument,
        503: ProblemDocument,
      },
      run: async (request) => {
        const { status, peaks } = await find(request)
        if (!peaks) throw new Problem('not_ready', `There are no peaks: the upload is ${status}`)
        return {
          status: 200,
          headers: { 'Content-Type': 'application/json' },
          stream: () => stored(objects)(peaks),
        }
      },
    }),
  ]
}
