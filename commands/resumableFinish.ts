import { Refusal } from '../domain/refusal.ts'
import * as Tag from '../domain/tag.ts'
import * as Upload from '../domain/upload.ts'
import type { Announced, Incoming } from '../ops/platform/incoming.ts'
import type { Locks } from '../ops/platform/locks.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { errorsOf, Problem } from '../ops/platform/route.ts'
import { derivedId, load } from './handle.ts'
import type { Deps } from './http.ts'
import { storeRecording } from './recordingFile.ts'
import { checkPlace, Fields, receive } from './receiving.ts'
import { keptIfNamed, nameOf } from './takenFile.ts'

export interface Finishing extends Deps {
  objects: Objects
  incoming: Incoming
  locks: Locks
}

/** What upload clients say beside what we ask for; it tells nothing that the bytes do not. */
const passedOver = new Set(['filename', 'filetype', 'name', 'type'])

/** What was announced, read as the fields of a form are. */
export function announcedFields(metadata: Announced['metadata']): Fields {
  const given = Object.entries(metadata).filter(([name]) => !passedOver.has(name))
  const parsed = Fields.safeParse(Object.fromEntries(given.map(([name, value]) => [name, value ?? ''])))
  if (parsed.success) return parsed.data
  const errors = errorsOf('metadata', parsed.error)
  throw new Problem('invalid_request', 'Upload-Metadata is not as expected', { errors })
}

export const lockOf = (id: string) => `incoming ${id}`

/**
 * Makes an upload of a recording that has come in all its pieces, in the name of whoever announced it; returns its id, or undefined where there
 * is nothing complete. Whoever asks, and however often: the answer is the same.
 */
export async function finish(deps: Finishing, id: string): Promise<string | undefined> {
  const { incoming, locks } = deps
  // It takes seconds, and whoever wants it waits.
  const release = await locks.take(lockOf(id), () => {})
  try {
    const found = await incoming.read(id)
    if (!found || found.offset < found.announced.size_bytes) return undefined
    const { announced } = found
    if (announced.upload_id !== undefined) return announced.upload_id
    const upload_id = await received(deps, announced)
    await incoming.settle(announced, upload_id)
    return upload_id
  } catch (error) {
    // Nothing will ever come of these bytes.
    const isHopeless =
      error instanceof Problem &&
      ['unsupported_media_type', 'invalid_request', 'payload_too_large'].includes(error.code)
    if (isHopeless) await incoming.remove(id)
    throw error
  } finally {
    await release()
  }
}

async function received(deps: Finishing, announced: Announced): Promise<string> {
  const { store, objects, incoming } = deps
  const { metadata, facility_id, device_id, intent } = announced
  const { id, isKnown } = await uploadIdOf(store, announced.id)
  if (isKnown) return id
  const fields = announcedFields(metadata)
  const place = { facility_id, ...(device_id !== undefined && { device_id }) }
  // Before all of its bytes are moved.
  await checkPlace(store, place, [])
  const tags = await stillThere(store, fields.tags ?? [])
  const file_name = nameOf({ fileName: metadata['filename'] ?? '' }, 'recording')
  const file = await storeRecording(objects, `uploads/${id}`, { file_name, bytes: incoming.bytes(announced.id) })
  return keptIfNamed(
    ({ object_key }) => objects.remove(object_key),
    file,
    async (appending) => {
      if (file.size_bytes !== announced.size_bytes) throw new Error('The pieces of a recording are not all there')
      const made = await receive(deps, { id, place, fields: { ...fields, tags }, file }, intent, appending)
      return { answer: made.id, object_key: Upload.known(made.outcome.state).object_key }
    },
  )
}

/** The same at every try, until it was given up: then the next. */
async function uploadIdOf(store: Deps['store'], incomingId: string): Promise<{ id: string; isKnown: boolean }> {
  for (let round = 0; ; round++) {
    const id = derivedId('upload', 'incoming', incomingId, String(round))
    const { state } = await load(store, Upload, id)
    if (state.status !== 'abandoned') return { id, isKnown: state.status !== 'unknown' }
  }
}

/** A tag that was deleted while the bytes were on their way is no reason to lose them. */
async function stillThere(store: Deps['store'], ids: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const id of ids) {
    const { state } = await load(store, Tag, id)
    try {
      Tag.active(state)
      found.push(id)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }
  return found
}
