import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Kept, Source } from './media.ts'

/** There is no keeping files here: no room, no right to. */
export class CannotKeep extends Error {
  override readonly name = 'CannotKeep'
}

const local = <T>(act: Promise<T>): Promise<T> =>
  act.catch((error: Error) => {
    throw new CannotKeep(error.message)
  })

/** What a file is called while it is filled. */
export const isPart = (name: string) => name.endsWith('.part')

/** Makes a file of an object. It has its name only when all of it is there, is what it must be, and outlives a crash. */
export async function fetchObject(source: Source, kept: Kept, path: string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`
  await local(mkdir(dirname(path), { recursive: true, mode: 0o700 }))
  const file = await local(open(part, 'wx', 0o600))
  try {
    try {
      const hash = createHash('sha256')
      for await (const chunk of await source(kept)) {
        hash.update(chunk as Buffer)
        // All of it: a full disk may take a part, and say so.
        await local(file.writeFile(chunk as Buffer))
      }
      if (hash.digest('hex') !== kept.sha256) throw new Error(`${kept.object_key} does not hold what was put there`)
      await local(file.sync())
    } finally {
      await file.close()
    }
    await local(rename(part, path))
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
}

/** Whether there is such a file, and it holds the very bytes. */
export async function holds(path: string, { size_bytes, sha256 }: Kept): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined)
  if (stats?.size !== size_bytes) return false
  return (await sha256Of(path)) === sha256
}

/** Of a file, hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
