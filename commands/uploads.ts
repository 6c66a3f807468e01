import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import * as Upload from '../domain/upload.ts'
import type { Objects } from '../ops/platform/objects.ts'
import {
  type Caller,
  JsonText,
  notFound,
  Problem,
  ProblemDocument,
  type Route,
  route,
  Time,
  Uuid,
} from '../ops/platform/route.ts'
import * as shapes from '../ops/platform/shapes.ts'
import { audioType, sniffBytes } from './audioType.ts'
import { activeDevice, activeFacility } from './guards.ts'
import { derivedId, handle, type Outcome, replay } from './handle.ts'
import { answered, canonical, type Deps } from './http.ts'
import type { Part } from './multipart.ts'
import { empty, nameOf, type Taken, takenFile } from './takenFile.ts'

const Fields = z.strictObject({
  facility_id: Uuid.exactOptional(),
  device_id: Uuid.exactOptional(),
  recorded_at: Time.exactOptional(),
  metadata: JsonText.exactOptional(),
})

const path = '/api/v1/uploads'

type Recording = Taken & { content_type: string }

const shown = (id: string, state: Upload.State): z.infer<typeof shapes.Upload> => {
  const upload = Upload.known(state)
  return {
    id,
    facility_id: upload.facility_id,
    device_id: upload.device_id ?? null,
    file_name: upload.file_name,
    title: upload.title ?? null,
    notes: upload.notes ?? null,
    content_type: upload.content_type,
    size_bytes: upload.size_bytes,
    sha256: upload.sha256,
    metadata: upload.metadata ?? null,
    status: 'received',
    duration_ms: null,
    sample_rate_hz: null,
    channels: null,
    tags: [...upload.tags],
    renditions: [],
    loudness_lufs: null,
    error: null,
    recorded_at: upload.recorded_at ?? null,
    created_at: upload.received_at,
  }
}

/** The first bytes of a stream, and all of it. */
async function peek(
  bytes: AsyncIterable<Buffer>,
  wanted: number,
): Promise<[first: Buffer, all: AsyncIterable<Buffer>]> {
  const source = bytes[Symbol.asyncIterator]()
  const chunks: Buffer[] = []
  let size = 0
  while (size < wanted) {
    const { value, done } = await source.next()
    if (done) break
    chunks.push(value)
    size += value.length
  }
  const first = Buffer.concat(chunks)
  async function* all() {
    if (first.length > 0) yield first
    yield* { [Symbol.asyncIterator]: () => source }
  }
  return [first, all()]
}

const created = (id: string, outcome: Outcome<Upload.State>) =>
  answered(201, outcome, shown(id, outcome.state), { Location: `${path}/${id}` })

export const uploads = ({ store, objects, maxBytes, now }: Deps & { objects: Objects; maxBytes: number }): Route[] => {
  /** Streams the file into the store, if its first bytes are those of a sound container. */
  async function take(prefix: string, part: Part): Promise<Recording> {
    const [first, all] = await peek(part.bytes, sniffBytes)
    if (first.length === 0) throw empty()
    const content_type = await audioType(first)
    if (!content_type)
      throw new Problem(
        'unsupported_media_type',
        'This is no recording: send WAV, FLAC, MP3, AAC/M4A, Ogg, WebM or AIFF',
      )
    const object_key = `${prefix}/${randomUUID()}`
    const stored = await objects.put(object_key, all, content_type)
    return { object_key, file_name: nameOf(part, 'recording'), content_type, ...stored }
  }

  /** Whose recording it is: a key's own facility and device, else the one that is named, else one's own. */
  async function placeOf(caller: Caller, own: string | undefined, fields: z.infer<typeof Fields>) {
    const bound = caller.kind === 'device' ? caller.device_id : undefined
    const device_id = fields.device_id ?? bound
    const facility_id = fields.facility_id ?? own
    if (facility_id === undefined)
      throw new Problem('invalid_request', 'Name the facility', {
        errors: [{ path: 'body.facility_id', message: 'is required' }],
      })
    if ((own !== undefined && facility_id !== own) || (bound !== undefined && device_id !== bound)) throw notFound()
    await activeFacility(store, facility_id)
    if (device_id !== undefined) await activeDevice(store, device_id, facility_id)
    return { facility_id, ...(device_id !== undefined && { device_id }) }
  }

  return [
    route({
      method: 'POST',
      path,
      permission: 'upload:create',
      multipart: Fields,
      answers: {
        201: shapes.Upload,
        400: ProblemDocument,
        404: ProblemDocument,
        413: ProblemDocument,
        415: ProblemDocument,
      },
      run: ({ caller, facility, intent, raw, stillLetIn, signal }) => {
        const id = derivedId('upload', intent.id)
        const made = (outcome: Outcome<Upload.State>) => {
          const { object_key } = Upload.known(outcome.state)
          return { answer: created(id, outcome), object_key }
        }
        return takenFile(
          { objects, maxBytes },
          { raw, stillLetIn, signal },
          Fields,
          (part) => take(`uploads/${id}`, part),
          async ({ fields, words, taken }, appending) => {
            const asked = { ...intent, hash: store.sealing.digest(canonical([words, taken.sha256])) }
            const done = await replay(store, Upload, id, asked)
            if (done) return made(done)
            const { recorded_at, metadata } = fields
            const place = await placeOf(caller, facility, fields)
            const received = Upload.receive({
              ...place,
              ...taken,
              ...(recorded_at !== undefined && { recorded_at }),
              ...(metadata !== undefined && { metadata }),
              received_at: now(),
            })
            const about = { ...asked, facility_id: place.facility_id }
            return made(await appending(() => handle(store, Upload, id, received, about)))
          },
        )
      },
    }),
  ]
}
