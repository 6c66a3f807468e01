import { createWriteStream, existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { metadataOf } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { schemaOf, streamOf } from '../../domain/decider.ts'
import * as Settings from '../../domain/settings.ts'
import { Chain } from '../audit/chain.ts'
import { footLine, headLine, lineOf, readExport } from '../events/exportFile.ts'
import { holdsEvents, importEvents } from '../events/importing.ts'
import type { Parts } from '../keeping/backingUp.ts'
import type { Config } from '../platform/config.ts'
import type { RawEvent } from '../platform/rawEvents.ts'
import { createSealing } from '../platform/sealing.ts'
import { bucketOf, importObjects, sumsIn, verifyObjects } from '../storage/copying.ts'
import { Belonging } from './belonging.ts'
import { preparedIn } from './prepared.ts'
import { eventsFile, type Manifest, manifestOf, objectsFolder, rewrapped, sumOfEvents, sumOfObjects } from './bundle.ts'

export interface Imported {
  facility_id: string
  lines: number
  objects: number
  /** What was missing already where it came from. */
  missing: readonly string[]
}

/** One that was verified. */
export interface Bundle {
  from: string
  /** What its keys are wrapped by. */
  secret: string
  manifest: Manifest
}

/**
 * Puts a bundle into an installation whose log is empty, under its own DATA_ENCRYPTION_KEY; or goes on where that was broken off, before which nothing is started there. Events keep ids, order,
 * revisions and metadata; positions are the log's own. What the facility had as a setting of the installation it was in becomes its own.
 */
export async function importFacility(config: Config, bundle: Bundle, parts: Parts): Promise<Imported> {
  const { from, manifest } = bundle
  const prepared = preparedIn(config.DATA_DIR, manifest)
  if (!existsSync(prepared)) {
    if (await holdsEvents(config.EVENTSTORE_URL))
      throw new Error('The event store is not empty: a bundle goes into an installation of its own (set DATA_DIR)')
    await prepare(bundle, prepared, config.DATA_ENCRYPTION_KEY)
  }
  const bucket = await bucketOf(config)
  const { objects } = await parts('copying objects', async (progress) =>
    importObjects(bucket, join(from, objectsFolder), progress, await sumsIn(join(from, objectsFolder))),
  )
  const { lines } = await parts('copying events', (progress) => importEvents(config.EVENTSTORE_URL, prepared, progress))
  await rm(prepared)
  const { facility_id, missing } = manifest
  return { facility_id, lines, objects, missing }
}

/** Throws where anything of it is not what was exported, or not of its facility, or its key is another one. */
export async function openBundle(from: string, keyFile: string, parts: Parts): Promise<Bundle> {
  const text = await readFile(keyFile, 'utf8').catch(() => Promise.reject(new Error(`There is no key in ${keyFile}`)))
  const secret = text.trim()
  const manifest = await manifestOf(from, secret)
  const changed = (file: string) => new Error(`${file} in ${from} is missing, or is not what was exported`)
  const same = async (sum: Promise<string>, wanted: string) => (await sum.catch(() => '')) === wanted
  if (!(await same(sumOfEvents(from), manifest.events))) throw changed(eventsFile)
  if (!(await same(sumOfObjects(from), manifest.objects))) throw changed('the list of the objects')
  await refuseOthers(from, manifest)
  const sums = await sumsIn(join(from, objectsFolder))
  await parts('verifying', (progress) => verifyObjects(join(from, objectsFolder), sums, progress))
  return { from, secret, manifest }
}

/** Whoever has the key may have put something in that an export of the facility never has, such as a super_admin. */
async function refuseOthers(from: string, { facility_id }: Manifest): Promise<void> {
  const file = join(from, eventsFile)
  const belonging = new Belonging(facility_id)
  for await (const { what } of readExport(file)) if ('event' in what) belonging.add(what.event)
  const { has } = belonging.its()
  for await (const { what } of readExport(file)) {
    const stream = 'event' in what ? what.event.stream : 'ended' in what ? what.ended : undefined
    if (stream !== undefined && !has(stream))
      throw new Error(`${stream} in ${from} is not of this facility: do not trust this bundle`)
  }
}

/** The same export with every key wrapped by the secret of where it goes, and with the settings that it had from elsewhere. */
async function prepare({ from, secret: previousSecret, manifest }: Bundle, to: string, secret: string): Promise<void> {
  const sealing = createSealing({ secret, previousSecret }, () => Promise.resolve(undefined))
  const wrap = (_: string, wrapped: string) => sealing.rewrapped(wrapped) ?? wrapped
  const settings = streamOf(Settings, manifest.facility_id)
  const chain = new Chain()
  const written = (event: Omit<RawEvent, 'position'>) => `${lineOf({ ...event, position: 0n }, chain, new Set())!}\n`
  async function* text() {
    let next = 0n
    yield `${headLine}\n`
    for await (const { line, what } of readExport(join(from, eventsFile))) {
      if ('lines' in what) {
        const inherited = settingsOf(manifest, next)
        for (const event of inherited) yield written(event)
        yield `${footLine(what.lines + inherited.length, chain.head)}\n`
      } else if ('ended' in what) yield `${line}\n`
      else {
        if (what.event.stream === settings) next = what.event.revision + 1n
        yield written(rewrapped(what.event, wrap)!)
      }
    }
  }
  await pipeline(text, createGzip(), createWriteStream(`${to}.part`, { mode: 0o600, flush: true }))
  await rename(`${to}.part`, to)
}

/** As commands would have set them. */
function settingsOf({ facility_id, inherited }: Manifest, first: bigint): Omit<RawEvent, 'position'>[] {
  const changed_at = new Date().toISOString()
  return Object.entries(inherited).map(([key, value], i) => {
    const intent = { ...systemIntent('facility-import', facility_id, key), facility_id }
    const type: Settings.Event['type'] = 'SettingChanged'
    const json = (content: object) => Buffer.from(JSON.stringify(content))
    return {
      ...{ id: intent.id, stream: streamOf(Settings, facility_id), type, revision: first + BigInt(i), isJson: true },
      data: json({ key, value, changed_at }),
      metadata: json(metadataOf(schemaOf(Settings, type), intent)),
    }
  })
}
