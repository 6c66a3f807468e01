import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Of } from '../platform/objectFile.ts'

/** Beside the log of a backup: the sums of its objects. */
export const objectSums = 'objects.sha256'

/** SHA-256 (hex) of each file of a folder that has no folders, by name. */
export async function sumsOfFolder(folder: string): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const name of (await readdir(folder)).sort()) sums[name] = await sha256Of(join(folder, name))
  return sums
}
