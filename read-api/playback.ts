import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { notModified, serve, stored, unchangedAs } from '../ops/platform/media.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { type Caller, Id, Problem, ProblemDocument, type Request, type Route, route } from '../ops/platform/route.ts'
import type { UploadRow } from '../projections/uploads.ts'
import type { ResourceDeps } from './folding.ts'
import { one } from './page.ts'
import { visible } from './uploads.ts'
import { drawn, Drawing, peaksIn, zoomedOut, zooms } from './waveform.ts'

export interface PlaybackDeps extends Pick<ResourceDeps, 'database'> {
  objects: Objects
  /** The token of a link to this, good until then (ms) as long as the caller's session goes on. */
  sign: (caller: Caller, what: { upload_id: string; format: Format }, until: number) => Promise<string>
}

const path = '/api/v1/uploads'
const bytes = z.string().meta({ description: 'The bytes', contentMediaType: 'audio/*' })
const image = z.string().meta({ description: 'The picture', contentMediaType: 'image/png' })
const renditions = { webm: 'opus-webm', mp4: 'aac-mp4' } as const
type Format = keyof typeof renditions
const format = z.enum(['webm', 'mp4']).default('webm')
const token = z.string().max(2000).optional().meta({ description: 'Of a playback URL, instead of a header' })
/** A link can be played for so long at least. */
const shortestMs = 15 * 60_000

const Link = z.object({ url: z.string(), expires_at: z.iso.datetime() }).meta({ id: 'PlaybackUrl' })
const Peaks = z.object({ version: z.literal(2) }).loose()

function renditionOf({ status, renditions: made }: UploadRow, wanted: Format) {
  const rendition = made.find(({ format }) => format === renditions[wanted])
  if (!rendition) throw new Problem('not_ready', `There is no such rendition: the upload is ${status}`)
  return rendition
}

function peaksOf({ status, peaks }: UploadRow) {
  if (!peaks) throw new Problem('not_ready', `There are no peaks: the upload is ${status}`)
  return peaks
}

/** Of what follows from these words: an object never changes. */
const tagOf = (...words: readonly unknown[]) => createHash('sha256').update(words.join('\0')).digest('hex')

/** The bytes of recordings, and what is drawn of them. */
export const playback = ({ database, objects, sign }: PlaybackDeps): Route[] => {
  const find = (request: Request<{ id: string }, unknown, unknown>) =>
    one<UploadRow>(database, visible(request.facility).where({ id: request.params.id }))
  const media = { permission: 'upload:read', params: Id, reads: ['uploads'] }

  return [
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
    route<{ id: string }, { format: Format; token?: string | undefined }>({
      method: 'GET',
      path: `${path}/:id/stream`,
      ...media,
      signed: true,
      query: z.object({ format, token }),
      answers: {
        200: bytes,
        206: bytes,
        404: ProblemDocument,
        409: ProblemDocument,
        416: ProblemDocument,
        503: ProblemDocument,
      },
      run: async (request) => {
        const rendition = renditionOf(await find(request), request.query.format)
        const content_type = `audio/${request.query.format}`
        const { headers, ...answer } = serve(stored(objects), { ...rendition, content_type }, request.raw.headers)
        // A page of another origin may play it: it has the link, or the token.
        return { ...answer, headers: { ...headers, 'Cross-Origin-Resource-Policy': 'cross-origin' } }
      },
    }),
    route<{ id: string }, {}, { format: Format }>({
      method: 'POST',
      path: `${path}/:id/playback-url`,
      ...media,
      exempt: true,
      body: z.strictObject({ format }),
      answers: { 200: Link, 404: ProblemDocument, 409: ProblemDocument },
      run: async (request) => {
        const { format } = request.body
        const { id, duration_ms, ...upload } = await find(request)
        renditionOf({ id, duration_ms, ...upload }, format)
        const until = Date.now() + Math.max(shortestMs, 2 * (duration_ms ?? 0))
        const query = new URLSearchParams({
          format,
          token: await sign(request.caller, { upload_id: id, format }, until),
        })
        const body = { url: `${path}/${id}/stream?${query}`, expires_at: new Date(until).toISOString() }
        return { status: 200, headers: { 'Cache-Control': 'no-store' }, body }
      },
    }),
    route<{ id: string }, { zoom: (typeof zooms)[number] }>({
      method: 'GET',
      path: `${path}/:id/peaks`,
      ...media,
      query: z.object({
        zoom: z.enum(zooms).default('1').meta({ description: 'How many pixels as stored become one' }),
      }),
      answers: { 200: Peaks, 304: z.null(), 404: ProblemDocument, 409: ProblemDocument, 503: ProblemDocument },
      run: async (request) => {
        const { object_key } = peaksOf(await find(request))
        const { zoom } = request.query
        const tag = tagOf(object_key, zoom)
        const known = notModified(request.raw.headers, tag)
        if (known) return known
        const headers = { ...unchangedAs(tag), 'Content-Type': 'application/json' }
        const zoomed = async () => JSON.stringify(zoomedOut(await peaksIn(objects, object_key), Number(zoom)))
        const stream = async () => (zoom === '1' ? stored(objects)({ object_key }) : Readable.from([await zoomed()]))
        return { status: 200, headers, stream }
      },
    }),
    route<{ id: string }, z.infer<typeof Drawing>>({
      method: 'GET',
      path: `${path}/:id/waveform.png`,
      ...media,
      query: Drawing,
      answers: {
        200: image,
        206: image,
        404: ProblemDocument,
        409: ProblemDocument,
        416: ProblemDocument,
        503: ProblemDocument,
      },
      run: async (request) => {
        const { object_key } = peaksOf(await find(request))
        const { width, height, colour } = request.query
        const sha256 = tagOf(object_key, width, height, colour.toLowerCase())
        const known = notModified(request.raw.headers, sha256)
        if (known) return known
        const picture = drawn(await peaksIn(objects, object_key), request.query)
        const part = (from = 0, length = picture.length) => Readable.from([picture.subarray(from, from + length)])
        return serve(
          (_, range) => Promise.resolve(part(range?.offset, range?.length)),
          { object_key, sha256, size_bytes: picture.length, content_type: 'image/png' },
          request.raw.headers,
        )
      },
    }),
  ]
}
