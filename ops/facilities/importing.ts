import { createWriteStream, existsSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Chain } from '../audit/chain.ts'
import { footLine, headLine, lineOf, readExport } from '../events/exportFile.ts'
import { holdsEvents, importEvents } from '../events/importing.ts'
import type { Parts } from '../keeping/backingUp.ts'
import type { Config } from '../platform/config.ts'
import { createSealing, fingerprintOf } from '../platform/sealing.ts'
import { bucketOf, importObjects, sumsIn, verifyObjects } from '../storage/copying.ts'
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
 * Puts a bundle into an installation whose log is empty, under its own DATA_ENCRYPTION_KEY; or goes on where that was broken off. Events keep ids, order,
 * revisions and metadata; positions are the log's own.
 */
export async function importFacility(
  config: Config,
  { from, secret, manifest }: Bundle,
  parts: Parts,
): Promise<Imported> {
  // Named by what it is sealed under: it is the same each time, so that the import can go on.
  const prepared = join(from, `importing-${fingerprintOf(config.DATA_ENCRYPTION_KEY)}.ndjson.gz`)
  if (!existsSync(prepared)) {
    if (await holdsEvents(config.EVENTSTORE_URL))
      throw new Error('The event store is not empty: a bundle goes into an installation of its own (set DATA_DIR)')
    await rewrapAll(join(from, eventsFile), prepared, { secret: config.DATA_ENCRYPTION_KEY, previousSecret: secret })
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

/** Throws where anything of it is not what was exported, or its key is another one. */
export async function openBundle(from: string, keyFile: string, parts: Parts): Promise<Bundle> {
  const manifest = await manifestOf(from)
  if (!manifest) throw new Error(`${from} is no finished bundle: it has no bundle.json`)
  const text = await readFile(keyFile, 'utf8').catch(() => Promise.reject(new Error(`There is no key in ${keyFile}`)))
  const secret = text.trim()
  if (fingerprintOf(secret) !== manifest.key)
    throw new Error(`${keyFile} is not the key of the bundle: that is in the file that was written with it`)
  const changed = (file: string) => new Error(`${file} in ${from} is missing, or is not what was exported`)
  const same = async (sum: Promise<string>, wanted: string) => (await sum.catch(() => '')) === wanted
  if (!(await same(sumOfEvents(from), manifest.events))) throw changed(eventsFile)
  if (!(await same(sumOfObjects(from), manifest.objects))) throw changed('the list of the objects')
  const sums = await sumsIn(join(from, objectsFolder))
  await parts('verifying', (progress) => verifyObjects(join(from, objectsFolder), sums, progress))
  return { from, secret, manifest }
}

/** The same export with every key wrapped by the secret of where it goes. */
async function rewrapAll(file: string, to: string, keys: { secret: string; previousSecret: string }): Promise<void> {
  const sealing = createSealing(keys, () => Promise.resolve(undefined))
  const wrap = (_: string, wrapped: string) => sealing.rewrapped(wrapped) ?? wrapped
  const chain = new Chain()
  async function* text() {
    yield `${headLine}\n`
    for await (const { line, what } of readExport(file)) {
      if ('lines' in what) yield `${footLine(what.lines, chain.head)}\n`
      else if ('ended' in what) yield `${line}\n`
      else yield `${lineOf({ ...rewrapped(what.event, wrap)!, position: 0n }, chain, new Set())!}\n`
    }
  }
  await pipeline(text, createGzip(), createWriteStream(`${to}.part`, { mode: 0o600, flush: true }))
  await rename(`${to}.part`, to)
}
