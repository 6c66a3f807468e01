import type { NewEvent } from '../log/record.ts'
import { randomUUID } from 'node:crypto'

/** "$tb" of a soft-deleted stream: 2^63 - 1, whose nearest double is 2^63. */
const DELETED = 2 ** 63

export type Right = 'read' | 'write' | 'delete' | 'metaRead' | 'metaWrite'
/** The roles that have each right; a right that is not there has the store's default. */
export type Acl = { readonly [right in Right]?: readonly string[] }

const ACL_FIELDS: Record<Right, string> = { read: '$r', write: '$w', delete: '$d', metaRead: '$mr', metaWrite: '$mw' }

/** What the last event of `$$stream` says about `stream`. */
export interface StreamMetadata {
  maxCount: number
  maxAgeMs: number
  truncateBefore: number
  deleted: boolean
  acl: Acl
  /** The whole document, kept by a delete and by what revives the stream. */
  document: Readonly<Record<string, unknown>>
}

export const NO_METADATA: StreamMetadata = {
  maxCount: Infinity,
  maxAgeMs: Infinity,
  truncateBefore: 0,
  deleted: false,
  acl: {},
  document: {},
}

/** Of a metadata stream only the last event counts. */
export const METADATA_OF_METADATA: StreamMetadata = { ...NO_METADATA, maxCount: 1 }

export const isMetastream = (stream: string): boolean => stream.startsWith('$$')
export const metastreamOf = (stream: string): string => `$$${stream}`
export const originalOf = (metastream: string): string => metastream.slice(2)

const numberOr = (value: unknown, otherwise: number): number =>
  Number.isInteger(value) && (value as number) >= 0 ? (value as number) : otherwise

function parseAcl(value: unknown): Acl {
  if (typeof value !== 'object' || value === null) return {}
  const acl: { [right in Right]?: string[] } = {}
  for (const right of Object.keys(ACL_FIELDS) as Right[]) {
    const roles = (value as Record<string, unknown>)[ACL_FIELDS[right]]
    if (typeof roles === 'string') acl[right] = [roles]
    else if (Array.isArray(roles)) acl[right] = roles.filter((role) => typeof role === 'string')
  }
  return acl
}

/** What cannot be read as a JSON object truncates nothing. */
export function parseMetadata(data: Buffer): StreamMetadata {
  let document: unknown
  try {
    document = JSON.parse(data.toString('utf8'))
  } catch {
    return NO_METADATA
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return NO_METADATA
  const fields = document as Record<string, unknown>
  const truncateBefore = numberOr(fields['$tb'], 0)
  return {
    maxCount: numberOr(fields['$maxCount'], 0) || Infinity,
    maxAgeMs: (numberOr(fields['$maxAge'], 0) || Infinity) * 1000,
    truncateBefore,
    deleted: truncateBefore >= DELETED,
    acl: parseAcl(fields['$acl']),
    document: fields,
  }
}

/** The event for `$$stream` that sets "$tb"; `'deleted'` makes the stream one that is not found. */
export function truncation(document: Readonly<Record<string, unknown>>, before: number | 'deleted'): NewEvent {
  // JSON has no way from a double to 2^63 - 1.
  const json = JSON.stringify({ ...document, $tb: before === 'deleted' ? '$tb' : before })
  return {
    id: randomUUID(),
    type: '$metadata',
    contentType: 'application/json',
    customMetadata: Buffer.alloc(0),
    data: Buffer.from(json.replace('"$tb":"$tb"', '"$tb":9223372036854775807')),
  }
}
