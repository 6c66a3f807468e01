import { createHmac } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { splitStream } from '../../domain/decider.ts'
import * as NameKey from '../../domain/nameKey.ts'
import * as UserKey from '../../domain/userKey.ts'
import { sha256Of } from '../platform/objectFile.ts'
import type { RawEvent } from '../platform/rawEvents.ts'
import { fingerprintOf } from '../platform/sealing.ts'
import { SettingKey } from '../platform/shapes/settings.ts'
import { sumsFile } from '../storage/copying.ts'

/**
 * A bundle is a folder: `bundle.json`, the events of one facility as an export, and `objects` with their sums. Every key in it is wrapped by a key of the
 * bundle's own, which is never in it: nobody who gets the one without the other can read what is sealed, which is who people are, or change anything unnoticed.
 * Recordings and the names of things are not sealed.
 */
export const eventsFile = 'events.ndjson.gz'
export const objectsFolder = 'objects'
const manifestFile = 'bundle.json'

const holdingKeys: ReadonlySet<string> = new Set([UserKey.category, NameKey.category])

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const manifestShape = z.object({
  format: z.literal('xylolabs-facility-1'),
  facility_id: z.uuid(),
  taken_at: z.iso.datetime(),
  /** Lines of the export, and the head of its chain. */
  lines: z.int(),
  head: z.string(),
  /** SHA-256 of the events' file, and of the list of the objects' sums. */
  events: Sha256,
  objects: Sha256,
  /** Which key opens it: its fingerprint. */
  key: z.string(),
  /** What holds for the facility as the installation's own setting, and nowhere else. */
  inherited: z.partialRecord(SettingKey, z.unknown()),
  /** Objects that an event names and that were not in the store. */
  missing: z.array(z.string()),
})
export type Manifest = z.infer<typeof manifestShape>
/** `mac`: HMAC-SHA256 of the manifest, as it is written without it, under the bundle's key. */
const signedShape = z.object({ manifest: manifestShape, mac: Sha256 })

/** Throws where there is no bundle that was finished, where it is not this key's, or where the manifest is not what was written under it. */
export async function manifestOf(folder: string, secret: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestFile), 'utf8').catch(() => undefined)
  if (text === undefined) throw new Error(`${folder} is no finished bundle: it has no ${manifestFile}`)
  const { manifest, mac } = parsed(text, folder)
  if (fingerprintOf(secret) !== manifest.key) throw new Error('The key is not the one that was written with the bundle')
  if (macOf(manifest, secret) !== mac)
    throw new Error(`${manifestFile} in ${folder} is not what was exported: do not trust this bundle`)
  return manifest
}

function parsed(text: string, folder: string): z.infer<typeof signedShape> {
  try {
    return signedShape.parse(JSON.parse(text))
  } catch (error) {
    throw new Error(`${manifestFile} in ${folder} is none that this release can read`, { cause: error })
  }
}

const macOf = (manifest: Manifest, secret: string) =>
  createHmac('sha256', secret)
    .update(JSON.stringify(manifestShape.parse(manifest)))
    .digest('hex')

export async function writeManifest(folder: string, manifest: Manifest, secret: string): Promise<void> {
  const draft = join(folder, `${manifestFile}.new`)
  const signed = { manifest, mac: macOf(manifest, secret) } satisfies z.infer<typeof signedShape>
  await writeFile(draft, `${JSON.stringify(signed, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(draft, join(folder, manifestFile))
}

export const sumOfEvents = (folder: string) => sha256Of(join(folder, eventsFile))
export const sumOfObjects = (folder: string) => sha256Of(join(folder, objectsFolder, sumsFile))

/** An event that holds a key, with that key wrapped anew, undefined where it is gone; any other as it is. */
export function rewrapped<Event extends Pick<RawEvent, 'stream' | 'type' | 'data'>>(
  event: Event,
  wrappedAnew: (stream: string, wrapped: string) => string | undefined,
): Event | undefined {
  const { stream, type } = event
  if (type.startsWith('$') || !holdingKeys.has(splitStream(stream)[0])) return event
  const data = JSON.parse(event.data.toString()) as { wrapped: string }
  const wrapped = wrappedAnew(stream, data.wrapped)
  return wrapped === undefined ? undefined : { ...event, data: Buffer.from(JSON.stringify({ ...data, wrapped })) }
}
