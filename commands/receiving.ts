import { z } from 'zod'
import { Refusal } from '../domain/refusal.ts'
import * as Tag from '../domain/tag.ts'
import * as Upload from '../domain/upload.ts'
import { type Caller, type Intent, JsonText, notFound, Problem, Time, Uuid } from '../ops/platform/route.ts'
import { activeDevice, activeFacility, onlyOwn } from './guards.ts'
import { handle, load, type Outcome } from './handle.ts'
import type { Deps } from './http.ts'
import type { RecordingFile } from './recordingFile.ts'
import { claimedInstead, claimRecording, recordingName } from './sameRecording.ts'
import type { Appending } from './takenFile.ts'

const mostTags = 50

/** Ids of tags, separated by commas. */
const TagIds = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== ''))
  .pipe(z.array(Uuid).max(mostTags))
  .meta({ description: `Ids of at most ${mostTags} tags of the facility, separated by commas` })

/** What a client says of a recording beside its bytes, all of it as text. */
export const Fields = z.strictObject({
  facility_id: Uuid.exactOptional(),
  device_id: Uuid.exactOptional(),
  recorded_at: Time.exactOptional(),
  tags: TagIds.exactOptional(),
  metadata: JsonText.exactOptional(),
})

export type Fields = z.infer<typeof Fields>

export interface Place {
  facility_id: string
  device_id?: string
}

/** Whose recording it is: a key's own facility and device, else the one that is named, else one's own. */
export function placeOf(caller: Caller, own: string | undefined, fields: Fields): Place {
  const bound = caller.kind === 'device' ? caller.device_id : undefined
  const device_id = fields.device_id ?? bound
  const facility_id = fields.facility_id ?? own
  if (facility_id === undefined)
    throw new Problem('invalid_request', 'Name the facility', {
      errors: [{ path: 'body.facility_id', message: 'is required' }],
    })
  if ((own !== undefined && facility_id !== own) || (bound !== undefined && device_id !== bound)) throw notFound()
  return { facility_id, ...(device_id !== undefined && { device_id }) }
}

/** Throws where nothing can be taken in there, or a tag is not the facility's. */
export async function checkPlace(store: Deps['store'], { facility_id, device_id }: Place, tags: readonly string[]) {
  await activeFacility(store, facility_id)
  if (device_id !== undefined) await activeDevice(store, device_id, facility_id)
  for (const id of tags) onlyOwn(Tag.active((await load(store, Tag, id)).state).facility_id, facility_id)
}

export interface Received {
  id: string
  outcome: Outcome<Upload.State>
  /** Whether it was there before: the bytes that came with it are nobody's then. */
  isSame: boolean
}

/**
 * Says in the log that a recording whose bytes are stored was received, unless the same one was before.
 * @param id of the upload that it becomes, as in its object key
 */
export async function receive(
  { store, now }: Deps,
  { id, place, fields, file }: { id: string; place: Place; fields: Omit<Fields, keyof Place>; file: RecordingFile },
  intent: Intent,
  appending: Appending,
): Promise<Received> {
  const { recorded_at, metadata, tags = [] } = fields
  await checkPlace(store, place, tags)
  const at = now()
  const data = {
    ...place,
    ...file,
    ...(recorded_at !== undefined && { recorded_at }),
    ...(metadata !== undefined && { metadata }),
    received_at: at,
  }
  const name = recordingName(data)
  const about = { ...intent, facility_id: place.facility_id }
  const claim = name === undefined ? undefined : { name, owner_id: id, at }
  const same = claim && (await claimRecording(store, claim, about))
  if (same) return { ...same, isSame: true }
  try {
    const outcome = await appending(() => handle(store, Upload, id, Upload.receive(data, tags), about))
    return { id, outcome, isSame: false }
  } catch (error) {
    const isLate = error instanceof Refusal && error.code === 'registration-abandoned'
    const instead = isLate && claim ? await claimedInstead(store, claim) : undefined
    if (!instead) throw error
    return { ...instead, isSame: true }
  }
}
