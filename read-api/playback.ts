import { z } from 'zod'
import { serve, stored } from '../ops/platform/media.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { Id, Problem, ProblemDocument, type Request, type Route, route } from '../ops/platform/route.ts'
import type { UploadRow } from '../projections/uploads.ts'
import type { ResourceDeps } from './folding.ts'
import { one } from './page.ts'
import { visible } from './uploads.ts'

const path = '/api/v1/uploads'
const bytes = z.string().meta({ description: 'The bytes', contentMediaType: 'audio/*' })
const renditions = { webm: 'opus-webm', mp4: 'aac-mp4' } as const

/** The bytes of recordings, and what is drawn of them. */
export const playback = ({ database, objects }: Pick<ResourceDeps, 'database'> & { objects: Objects }): Route[] => {
  const find = (request: Request<{ id: string }, unknown, unknown>) =>
    one<UploadRow>(database, visible(request.facility).where({ id: request.params.id }))
  const media = { permission: 'upload:read', params: Id, reads: ['uploads'] }

  return [
    route<{ id: string }>({
      method: 'GET',
      path: `${path}/:id/download`,
      ...media,
      answers: { 200: bytes, 206: bytes, 404: ProblemDocument, 416: ProblemDocument },
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
      answers: { 200: bytes, 206: bytes, 404: ProblemDocument, 409: ProblemDocument, 416: ProblemDocument },
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
      answers: { 200: z.object({ version: z.literal(2) }).loose(), 404: ProblemDocument, 409: ProblemDocument },
      run: async (request) => {
        const { status, peaks } = await find(request)
        if (!peaks) throw new Problem('not_ready', `There are no peaks: the upload is ${status}`)
        return {
          status: 200,
          headers: { 'Content-Type': 'application/json' },
          stream: () => objects.get(peaks.object_key),
        }
      },
    }),
  ]
}
