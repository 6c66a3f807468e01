import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Log } from './log.ts'
import { type Kept, type Source, stored } from './media.ts'
import { CannotKeep, fetchObject, holds, isPart } from './objectFile.ts'
import type { Objects } from './objects.ts'

/** So much is read of a file at once. */
const chunkBytes = 256 * 1024
/** Another process may be filling a file; an older one was left behind by one that died. */
const abandonedMs = 60 * 60_000

/** `sound`: this process has seen that it holds the right bytes. */
interface File {
  size: number
  sound: boolean
}

/**
 * Objects in files of a folder, under their sha256: fetched by the first who asks while all others wait, looked at once more where the file was
 * here before, and gone again when there are more than `maxBytes` of them, those that nobody asked for longest first. Whatever cannot be kept
 * comes straight from the store.
 */
export async function nearby(options: {
  objects: Pick<Objects, 'get'>
  directory: string
  maxBytes: number
  log: Log
}): Promise<Source> {
  const { objects, directory, maxBytes, log } = options
  const source = stored(objects)
  if (maxBytes === 0) return source
  const fills = new Map<string, Promise<void>>()
  const files = new LRUCache<string, File>({
    maxSize: maxBytes,
    sizeCalculation: ({ size }) => Math.max(size, 1),
    // Who is reading it has it open, and reads on.
    dispose: (_file, name, why) => why === 'evict' && void remove(name),
  })
  const pathOf = (name: string) => join(directory, name)
  const remove = (name: string) =>
    rm(pathOf(name), { force: true }).catch((error: unknown) => log.warn({ error, name }, 'a kept file stays'))

  async function fill(kept: Kept): Promise<void> {
    const path = pathOf(kept.sha256)
    if (!files.has(kept.sha256) || !(await holds(path, kept))) await fetchObject(source, kept, path)
    files.set(kept.sha256, { size: kept.size_bytes, sound: true })
  }

  function filled(kept: Kept): Promise<void> {
    let filling = fills.get(kept.sha256)
    if (!filling) {
      filling = fill(kept).finally(() => fills.delete(kept.sha256))
      fills.set(kept.sha256, filling)
    }
    return filling
  }

  for (const { name, size, changedAt } of await filesOf(directory)) {
    if (/^[0-9a-f]{64}$/.test(name)) files.set(name, { size, sound: false })
    if (size > maxBytes || (isPart(name) && changedAt < Date.now() - abandonedMs)) await remove(name)
  }
  return async (kept, range) => {
    // What somebody else removed is fetched once more.
    for (let attempt = 1; kept.size_bytes <= maxBytes && attempt <= 2; attempt++) {
      try {
        if (!files.get(kept.sha256)?.sound) await filled(kept)
        const file = await open(pathOf(kept.sha256))
        const part = range && { start: range.offset, end: range.offset + range.length - 1 }
        return file.createReadStream({ ...part, highWaterMark: chunkBytes })
      } catch (error) {
        if (error instanceof CannotKeep) log.warn({ error: error.message }, 'an object is not kept nearby')
        else if ((error as { code?: string }).code !== 'ENOENT') throw error
        files.delete(kept.sha256)
      }
    }
    return source(kept, range)
  }
}

/** The longest unchanged first; none where there is no such folder. */
async function filesOf(directory: string) {
  const names = await readdir(directory).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const stats = await stat(join(directory, name)).catch(() => undefined)
      return stats ? [{ name, size: stats.size, changedAt: stats.mtimeMs }] : []
    }),
  )
  return found.flat().sort((a, b) => a.changedAt - b.changedAt)
}
