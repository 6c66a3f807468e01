import type { BigIntStats } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type Headers, S3Object } from './s3rver.ts'

/** What is known of an object beside its bytes, and which bytes it is said of. */
export interface Version {
  readonly size: number
  readonly modified: string
  readonly etag: string
  readonly headers: Headers
}

/**
 * The record of an object names its new version and the one before. It is written before the new bytes take their name, so
 * at every moment, a crash included, the bytes in place find their own entry: body, ETag and headers never mix.
 */
export const record = (next: Version, previous: Version | undefined) =>
  JSON.stringify({ versions: previous ? [next, previous] : [next] })

export async function versionOf(file: string, stat: BigIntStats): Promise<Version | undefined> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { versions } = JSON.parse(text) as { versions: Version[] }
  const sameSize = versions.filter(({ size }) => size === Number(stat.size))
  // A restored backup may have other times: then the size decides.
  return sameSize.find(({ modified }) => modified === modifiedOf(stat)) ?? sameSize[0]
}

export const modifiedOf = (stat: BigIntStats) => String(stat.mtimeNs)

/** The headers of an upload that are stored with it and come back with every GET. */
export function keptHeaders(headers: Record<string, string | number>): Headers {
  const kept: Headers = {}
  for (const [name, value] of Object.entries(headers)) {
    if (S3Object.ALLOWED_METADATA.includes(name) || name.startsWith('x-amz-meta-')) kept[name] = String(value)
  }
  return kept
}
