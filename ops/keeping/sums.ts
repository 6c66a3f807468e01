import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Beside the log of a backup: the sums of its objects. */
export const objectSums = 'objects.sha256'

/** SHA-256 (hex) of each file of a folder that has no folders, by name. */
export async function sumsOfFolder(folder: string): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const name of (await readdir(folder)).sort()) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(folder, name)), hash)
    sums[name] = hash.digest('hex')
  }
  return sums
}
