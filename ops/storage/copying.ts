import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import pLimit from 'p-limit'
import type { Config } from '../platform/config.ts'
import { sha256Of } from '../platform/objectFile.ts'
import { connectObjects, isMissing, type Objects } from '../platform/objects.ts'
import { objectsIn } from '../roles/connections.ts'

/** Hash and key of each file, as `sha256sum -c` reads it. */
export const sumsFile = 'SHA256SUMS'
/** What is not of the log's making: uploads in pieces, which are sent again, and what the sweeper keeps for itself. */
const passing = /^(?:incoming|sweeper)\//
const atOnce = 4

export interface Copied {
  /** All there are now. */
  objects: number
  /** Those that were not there before. */
  copied: number
  bytes: number
}

/** Key → SHA-256, hex. */
export type Sums = ReadonlyMap<string, string>

type Progress = (done: number, total: number) => void

/** The bucket of this configuration, made where it is missing. */
export async function bucketOf(config: Config): Promise<Objects> {
  const objects = connectObjects(objectsIn(config))
  await objects.prepare()
  return objects
}

/**
 * Copies every object into a folder, while it serves; what an earlier run has brought there is not copied again, since what lies under a key never changes.
 * What is removed from the bucket stays in the folder.
 * @param keys of what is to be copied, where that is not all; what is not there is passed over
 */
export async function exportObjects(
  objects: Objects,
  folder: string,
  onProgress: Progress,
  keys?: Iterable<string>,
): Promise<Copied & { sums: Sums }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mendSums(folder)
  const known = await sumsIn(folder)
  const wanted: { key: string; size_bytes: number }[] = []
  for await (const one of keys ? sized(objects, keys) : objects.list('')) if (!passing.test(one.key)) wanted.push(one)
  const found = { objects: wanted.length, copied: 0, bytes: 0, sums: new Map<string, string>() }
  let done = 0
  await someAtOnce(wanted, async ({ key, size_bytes }) => {
    const file = fileOf(folder, key)
    const there = known.has(key) && (await stat(file).catch(() => undefined))?.size === size_bytes
    if (there) found.sums.set(key, known.get(key)!)
    else {
      const source = await objects.get(key).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
      // It was removed since it was listed.
      if (!source) return void found.objects--
      const { sha256, bytes } = await write(source, file)
      if (bytes !== size_bytes) throw new Error(`${key} came with ${bytes} of ${size_bytes} bytes; run it again`)
      await appendFile(join(folder, sumsFile), lineOf(key, sha256))
      found.sums.set(key, sha256)
      found.copied++
      found.bytes += bytes
    }
    onProgress(++done, wanted.length)
  })
  return found
}

async function* sized(objects: Objects, keys: Iterable<string>) {
  for (const key of keys) {
    const size_bytes = await objects.size(key)
    if (size_bytes !== undefined) yield { key, size_bytes }
  }
}

/** Removes whatever lies in an export besides these, also what a crash has left of a copy, and names no more than them. Nobody else may be at it. */
export async function keepObjects(folder: string, kept: Sums): Promise<void> {
  const files = new Set([...kept.keys()].map((key) => fileOf(folder, key)).concat(fileOf(folder, sumsFile)))
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = resolve(entry.parentPath, entry.name)
    if (entry.isFile() && !files.has(file)) await rm(file, { force: true })
  }
  // Behind it: what is named and missing is copied again, what is there and not named would stay for ever.
  if ([...(await sumsIn(folder)).keys()].every((key) => kept.has(key))) return
  const draft = join(folder, `${sumsFile}.new`)
  await writeFile(draft, textOf(kept), { flush: true, mode: 0o600 })
  await rename(draft, join(folder, sumsFile))
}

/**
 * Puts what was exported into the bucket; what is there with its size stays as it is. Throws where a file is not what was exported, which is never put.
 * @param given of what is to be put, where that is not all
 */
export async function importObjects(
  objects: Objects,
  folder: string,
  onProgress: Progress,
  given?: Sums,
): Promise<Copied> {
  const sums = given ?? (await sumsIn(folder))
  if (!given && sums.size === 0) throw new Error(`${folder} holds no export: there is no ${sumsFile} in it`)
  const found = { objects: sums.size, copied: 0, bytes: 0 }
  let done = 0
  await someAtOnce([...sums], async ([key, sha256]) => {
    const { file, size } = await exported(folder, key)
    if ((await objects.size(key)) !== size) {
      await verifyFile(file, key, sha256)
      await objects.put(key, createReadStream(file), 'application/octet-stream')
      found.copied++
      found.bytes += size
    }
    onProgress(++done, sums.size)
  })
  return found
}

/** Throws where a file of an export is not what was exported, or missing; names all of them. */
export async function verifyObjects(folder: string, sums: Sums, onProgress: Progress): Promise<void> {
  let done = 0
  const faults: string[] = []
  await someAtOnce([...sums], async ([key, sha256]) => {
    await exported(folder, key)
      .then(({ file }) => verifyFile(file, key, sha256))
      .catch((error: Error) => faults.push(error.message))
    onProgress(++done, sums.size)
  })
  if (faults.length > 0) throw new Error(faults.sort().join('\n'))
}

async function exported(folder: string, key: string): Promise<{ file: string; size: number }> {
  const file = fileOf(folder, key)
  const { size } = await stat(file).catch(() => Promise.reject(new Error(`${key} is missing in ${folder}`)))
  return { file, size }
}

async function verifyFile(file: string, key: string, sha256: string): Promise<void> {
  if ((await sha256Of(file)) !== sha256) throw new Error(`${key} is not what was exported: its SHA-256 is another one`)
}

async function someAtOnce<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  const limit = pLimit(atOnce)
  await Promise.all(all.map((one) => limit(act, one))).finally(() => limit.clearQueue())
}

/** The file appears under its name once it is whole and durable. */
async function write(source: AsyncIterable<Buffer>, file: string): Promise<{ sha256: string; bytes: number }> {
  await mkdir(dirname(file), { recursive: true })
  const hash = createHash('sha256')
  let bytes = 0
  async function* counted() {
    for await (const chunk of source) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  // Of this process alone: another may be writing the same.
  const part = `${file}.${process.pid}.part`
  await pipeline(counted, createWriteStream(part, { flush: true, mode: 0o600 }))
  await rename(part, file)
  return { sha256: hash.digest('hex'), bytes }
}

export const sumsIn = async (folder: string): Promise<Sums> =>
  sumsOf(await readFile(join(folder, sumsFile), 'utf8').catch(() => ''))

/** As `sha256sum -c` reads it; the last where one was copied twice. A line that was cut by a crash is none. */
export const sumsOf = (text: string): Sums =>
  new Map([...text.matchAll(/^([0-9a-f]{64}) {2}(.+)\n/gm)].map(([, sha256, key]) => [key!, sha256!]))
const lineOf = (key: string, sha256: string) => `${sha256}  ${key}\n`
export const textOf = (sums: Sums): string => [...sums].map(([key, sha256]) => lineOf(key, sha256)).join('')

/** Without the line that a crash has cut: the next one begins anew. */
async function mendSums(folder: string): Promise<void> {
  const file = join(folder, sumsFile)
  const bytes = await readFile(file).catch(() => undefined)
  const whole = bytes ? bytes.lastIndexOf('\n') + 1 : 0
  if (bytes && whole < bytes.length) await truncate(file, whole)
}

function fileOf(folder: string, key: string): string {
  const root = resolve(folder)
  const file = resolve(root, key)
  if (!file.startsWith(root + sep)) throw new Error(`${key} leads out of ${folder}`)
  return file
}
