import { PassThrough, Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { ReadableStream } from 'node:stream/web'
import { type Locker, Server } from '@tus/server'
import { z } from 'zod'
import * as Upload from '../domain/upload.ts'
import type { Progress } from '../ops/platform/incoming.ts'
import type { Locks } from '../ops/platform/locks.ts'
import {
  type Answer,
  Id,
  notFound,
  Problem,
  ProblemDocument,
  type Request as Asked,
  type Route,
  route,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes/recordings.ts'
import { onlyOwn } from './guards.ts'
import { derivedId, load } from './handle.ts'
import { canonical } from './http.ts'
import { checkPlace, placeOf } from './receiving.ts'
import { announcedFields, finish, type Finishing, lockOf } from './resumableFinish.ts'
import { ResumableStore } from './resumableStore.ts'
import { path as uploadsPath } from './uploadAnswers.ts'

export const path = `${uploadsPath}/resumable`
const version = '1.0.0'
const contentType = 'application/offset+octet-stream'

type Request = Asked<any, any, any>

/** What OPTIONS says of it. */
export const discovery = (maxBytes: number): Record<string, string> => ({
  'Tus-Resumable': version,
  'Tus-Version': version,
  'Tus-Extension': 'creation,expiration,termination',
  'Tus-Max-Size': String(maxBytes),
})

const resumableHeader = z.literal(version).meta({ description: 'The version of the tus protocol' })
const onCreation = z.object({
  'Tus-Resumable': resumableHeader,
  'Upload-Length': z.string().meta({ description: 'How many bytes there will be' }),
  'Upload-Metadata': z
    .string()
    .optional()
    .meta({ description: 'filename, and the fields of POST /api/v1/uploads, each value in base64' }),
})
const onPiece = z.object({
  'Tus-Resumable': resumableHeader,
  'Upload-Offset': z.string().meta({ description: 'How many bytes are there already' }),
})

interface Resumables extends Finishing {
  maxBytes: number
  /** So long after its last byte one that is not complete expires. */
  expiryMs: number
}

/** tus 1.0 (creation, expiration, termination) for links that drop. What has come is kept in the object store: see `ops/platform/incoming.ts`. */
export const resumableUploads = (deps: Resumables): Route[] => {
  const { store, incoming, maxBytes, now } = deps
  const asking = new WeakMap<object, Request>()
  const of = (request: object) => asking.get(request)!

  const tus = new Server({
    path,
    relativeLocation: true,
    datastore: new ResumableStore(incoming, deps.expiryMs),
    locker: lockerOver(deps.locks),
    maxSize: maxBytes,
    // Whoever wants to go on has lost the connection that still holds it; what came over that one is read to its end.
    lockDrainTimeout: 500,
    disableTerminationForFinishedUploads: true,
    namingFunction: (request) => derivedId('incoming', of(request).intent.id),
    onUploadCreate: async (request, { id, size = 0, metadata = {} }) => {
      await announce(of(request), id, size, metadata)
      return {}
    },
    onUploadFinish: async (request, { id }) => {
      await stillLetIn(of(request), id)
      return { headers: await became(await finish(deps, id)) }
    },
    onResponseError: (_, error) => Promise.reject(error as Error),
  })

  async function announce(
    { caller, facility, intent }: Request,
    id: string,
    size_bytes: number,
    metadata: Record<string, string | null>,
  ) {
    const fields = announcedFields(metadata)
    const place = placeOf(caller, facility, fields)
    await checkPlace(store, place, fields.tags ?? [])
    const hash = store.sealing.digest(canonical([size_bytes, metadata]))
    const facts = { id, size_bytes, ...place, metadata, created_at: now() }
    const first = await incoming.announce({ ...facts, intent: { ...intent, hash, facility_id: place.facility_id } })
    if (first.intent.hash !== hash)
      throw new Problem('idempotency_clash', 'This Idempotency-Key was used for another request')
  }

  /** The bytes of somebody whose session has ended meanwhile, or whose key, are dropped; a token that is only too old can be had anew. */
  async function stillLetIn(asked: Request, id: string) {
    await asked.stillLetIn().catch(async (error: unknown) => {
      if (error instanceof Problem && ['session_ended', 'unauthenticated'].includes(error.code))
        await incoming.remove(id)
      throw error
    })
  }

  /** Of a recording that is complete: the upload that it is now. */
  async function became(upload_id: string | undefined): Promise<Record<string, string>> {
    if (upload_id === undefined) return {}
    const { position } = await load(store, Upload, upload_id)
    return {
      Location: `${uploadsPath}/${upload_id}`,
      'Upload-Id': upload_id,
      ...(position !== undefined && { 'Event-Position': String(position) }),
    }
  }

  /** One that the caller may go on with; should it be complete, and nobody has seen to it, that is made good for. */
  async function owned({ params, caller, facility }: Request): Promise<Progress> {
    const found = await incoming.read(params.id)
    if (!found) throw notFound()
    const { facility_id, device_id, size_bytes, upload_id } = found.announced
    onlyOwn(facility_id, facility)
    const bound = caller.kind === 'device' ? caller.device_id : undefined
    if (bound !== undefined && bound !== device_id) throw notFound()
    if (found.offset < size_bytes || upload_id !== undefined) return found
    await finish(deps, params.id)
    return (await incoming.read(params.id)) ?? found
  }

  async function through(asked: Request, body?: ReadableStream): Promise<Answer> {
    const { raw, params } = asked
    const given = raw.headers['tus-resumable']
    if (given === undefined) throw missing('Tus-Resumable')
    if (given !== version) throw problemOf(412)
    const isPiece = body !== undefined
    if (isPiece && raw.headers['content-type'] !== contentType)
      throw new Problem('unsupported_media_type', `Send ${contentType}`)
    const request = new globalThis.Request(`http://localhost${path}${params.id === undefined ? '' : `/${params.id}`}`, {
      method: raw.method!,
      headers: passedOn.flatMap((name): [string, string][] => {
        const value = raw.headers[name]
        return typeof value === 'string' && (isPiece || !name.startsWith('content-')) ? [[name, value]] : []
      }),
      ...(isPiece && { body, duplex: 'half' }),
    } as RequestInit)
    asking.set(request, asked)
    const response = await tus.handleWeb(request).catch((error: { status_code?: number }) => {
      throw error.status_code === undefined ? error : problemOf(error.status_code)
    })
    if (response.status >= 400) throw problemOf(response.status)
    const headers = Object.fromEntries(
      answered.flatMap((name) => {
        const value = response.headers.get(name)
        return value === null ? [] : [[name, value]]
      }),
    )
    if (headers['Upload-Expires'] !== undefined)
      headers['Upload-Expires'] = new Date(Date.parse(now()) + deps.expiryMs).toUTCString()
    // What is left of the body belongs to no other request.
    return { status: response.status, headers: { ...headers, ...(!raw.complete && { Connection: 'close' }) } }
  }

  const shared = { permission: 'upload:create', params: Id }
  return [
    route({
      method: 'POST',
      path,
      permission: 'upload:create',
      headers: onCreation,
      answers: { 201: z.null(), 400: ProblemDocument, 404: ProblemDocument, 413: ProblemDocument },
      run: async (asked) => {
        const length = asked.raw.headers['upload-length']
        if (typeof length !== 'string' || !/^[1-9]\d{0,14}$/.test(length)) throw missing('Upload-Length')
        if (Number(length) > maxBytes) throw problemOf(413)
        return through(asked)
      },
    }),
    route({
      ...shared,
      method: 'GET',
      path: `${path}/:id`,
      answers: { 200: shapes.ResumableUpload, 410: ProblemDocument },
      run: async (asked) => {
        const { announced, offset, touched_at } = await owned(asked)
        const headers = await became(announced.upload_id)
        if (asked.raw.method === 'HEAD') {
          const answer = await through(asked)
          return { ...answer, headers: { ...answer.headers, ...headers } }
        }
        const { id, size_bytes, upload_id = null, created_at } = announced
        const expires_at = new Date(touched_at.getTime() + deps.expiryMs).toISOString()
        const body = { id, size_bytes, offset, upload_id, created_at, expires_at }
        return { status: 200, body, headers: { ...headers, 'Cache-Control': 'no-store' } }
      },
    }),
    route({
      ...shared,
      method: 'PATCH',
      path: `${path}/:id`,
      bytes: contentType,
      headers: onPiece,
      answers: { 204: z.null(), 409: ProblemDocument, 410: ProblemDocument },
      run: async (asked) => {
        // At once: a connection that breaks takes along what nobody has read.
        const body = apart(asked.raw)
        await owned(asked)
        const answer = await through(asked, body)
        await stillLetIn(asked, asked.params.id)
        return answer
      },
    }),
    route({
      ...shared,
      method: 'DELETE',
      path: `${path}/:id`,
      answers: { 204: z.null() },
      run: async (asked) => {
        await owned(asked)
        return through(asked)
      },
    }),
  ]
}

const passedOn = [
  ...['tus-resumable', 'upload-length', 'upload-metadata', 'upload-offset', 'content-type', 'content-length'],
  // What is not done is refused rather than passed over.
  ...['upload-defer-length', 'upload-concat'],
]
const answered = [
  ...['Tus-Resumable', 'Upload-Offset', 'Upload-Length', 'Upload-Metadata', 'Upload-Expires', 'Upload-Id'],
  ...['Location', 'Event-Position', 'Cache-Control'],
]

const missing = (header: string) =>
  new Problem('invalid_request', `This needs the header ${header}`, {
    errors: [{ path: `header.${header}`, message: 'is missing, or not as expected' }],
  })

/** What the tus server refuses with, in our words. */
function problemOf(status: number): Problem | Error {
  switch (status) {
    case 400:
    case 403:
    case 501:
      return new Problem('invalid_request', 'The headers are not those of tus 1.0')
    case 404:
      return notFound()
    case 409:
      return new Problem('offset_conflict', 'This is not where the bytes that are here end: ask with HEAD')
    case 410:
      return new Problem('upload_expired', 'It was not gone on with for too long; start anew')
    case 412:
      return new Problem('tus_version', `This is tus ${version}`, { headers: { 'Tus-Version': version } })
    case 413:
      return new Problem('payload_too_large', 'That is more than was announced, or than a recording may have')
    default:
      return new Error(`the tus server answered ${status}`)
  }
}

const aheadBytes = 256 * 1024

/** The body of a request, apart from its connection: that is answered on also when the body is not read to its end. A cut is the end of it. */
function apart(raw: IncomingMessage): ReadableStream {
  const body = new PassThrough({ highWaterMark: aheadBytes })
  raw.on('error', () => body.end())
  raw.on('close', () => body.end())
  body.on('error', () => raw.unpipe(body))
  body.on('close', () => raw.unpipe(body))
  raw.pipe(body)
  return Readable.toWeb(body)
}

const lockerOver = (locks: Locks): Locker => ({
  newLock: (id) => {
    let release: (() => Promise<void>) | undefined
    return {
      lock: async (_, wanted) => {
        release = await locks.take(lockOf(id), () => void wanted())
      },
      unlock: async () => release?.(),
    }
  },
})
