import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type Handler, S3Error } from './s3rver.ts'
import type { ObjectStore } from './store.ts'

const SUFFIX = '._S3rver_object'
const MOST = 1000

type Entry = { key: string } | { prefix: string }

interface Page {
  readonly entries: Entry[]
  readonly truncated: boolean
}

/** GET Bucket, versions 1 and 2: keys in their own order (not the file system's), so that page follows page without a gap. */
export const listObjects: Handler = async (context) => {
  const store = context.store as ObjectStore
  const { bucket } = context.params
  const {
    prefix = '',
    delimiter = '',
    'list-type': type,
    'encoding-type': encoding,
    'max-keys': most = String(MOST),
  } = context.query
  if (!/^\d{1,10}$/.test(most))
    throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range')
  const token = context.query['continuation-token']
  const after = token ? fromToken(token) : ((type === '2' ? context.query['start-after'] : context.query.marker) ?? '')
  const keys = await keysOf(path.join(store.rootDirectory, bucket), prefix)
  const page = cut(keys, { prefix, delimiter, after, most: Math.min(MOST, Number(most)) })
  const written = (name: string) => (encoding === 'url' ? encodeURIComponent(name).replaceAll('%2F', '/') : name)
  const last = page.entries.at(-1)
  const next = page.truncated && last ? ('key' in last ? last.key : last.prefix) : undefined

  const contents = await Promise.all(
    page.entries.flatMap((entry) => ('key' in entry ? [describe(store, bucket, entry.key, written)] : [])),
  )
  context.body = {
    ListBucketResult: {
      '@': { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/' },
      Name: bucket,
      Prefix: written(prefix),
      ...(delimiter && { Delimiter: written(delimiter) }),
      ...(encoding === 'url' && { EncodingType: 'url' }),
      ...(type === '2'
        ? {
            KeyCount: page.entries.length,
            ContinuationToken: token,
            NextContinuationToken: next === undefined ? undefined : toToken(next),
          }
        : { Marker: written(after), NextMarker: next === undefined ? undefined : written(next) }),
      MaxKeys: most,
      IsTruncated: page.truncated,
      Contents: contents.filter((entry) => entry !== undefined),
      CommonPrefixes: page.entries.flatMap((entry) => ('prefix' in entry ? [{ Prefix: written(entry.prefix) }] : [])),
    },
  }
}

/** The page that begins after `after`, which is a key or a common prefix of the page before. */
export function cut(
  keys: readonly string[],
  options: { prefix: string; delimiter: string; after: string; most: number },
): Page {
  const { prefix, delimiter, after, most } = options
  const entries: Entry[] = []
  let group: string | undefined
  for (const key of keys) {
    if (
      key <= after ||
      (delimiter && after.endsWith(delimiter) && key.startsWith(after) && after.length > prefix.length)
    )
      continue
    if (group !== undefined && key.startsWith(group)) continue
    const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    if (entries.length === most) return { entries, truncated: most > 0 }
    group = end === -1 ? undefined : key.slice(0, end + delimiter.length)
    entries.push(group === undefined ? { key } : { prefix: group })
  }
  return { entries, truncated: false }
}

async function keysOf(bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = []
  const walk = async (folder: string, within: string): Promise<void> => {
    // A folder may go away while we walk, with the last object in it.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) {
        const inner = `${within}${entry.name}/`
        if (inner.startsWith(prefix) || prefix.startsWith(inner)) await walk(path.join(folder, entry.name), inner)
      } else if (entry.name.endsWith(SUFFIX)) {
        const key = within + entry.name.slice(0, -SUFFIX.length)
        if (key.startsWith(prefix)) keys.push(key)
      }
    }
  }
  await walk(bucket, '')
  return keys.sort()
}

async function describe(store: ObjectStore, bucket: string, key: string, written: (name: string) => string) {
  const metadata = await store.getMetadata(bucket, key).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!metadata) return undefined
  return {
    Key: written(key),
    LastModified: new Date(String(metadata['last-modified'])).toISOString(),
    ETag: metadata.etag,
    Size: metadata['content-length'],
    StorageClass: 'STANDARD',
  }
}

const toToken = (key: string) => Buffer.from(key).toString('base64url')
const fromToken = (token: string) => Buffer.from(token, 'base64url').toString()
