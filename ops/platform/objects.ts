import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Client } from 'minio'
import { inParts } from './objectParts.ts'
import { impatient, Silent } from './silence.ts'

export interface Stored {
  size_bytes: number
  sha256: string
}

export interface Listed {
  key: string
  size_bytes: number
  modified_at: Date
}

export interface Objects {
  /**
   * Streams bytes to an object in constant memory (a few parts of 8 MiB), hashing and counting on the way.
   * When the source fails nothing of it stays behind, and the source's own error is thrown.
   */
  put(key: string, source: AsyncIterable<Buffer>, contentType: string): Promise<Stored>
  /** The whole object, or `length` bytes from `offset`. */
  get(key: string, range?: { offset: number; length: number }): Promise<Readable>
  /** Removing what is not there succeeds. */
  remove(key: string): Promise<void>
  /** All keys that begin so, in their order. */
  keys(prefix: string): AsyncIterable<string>
  /** The same, with what the store knows of each. */
  list(prefix: string): AsyncIterable<Listed>
  /** How many bytes an object has; undefined where there is none. */
  size(key: string): Promise<number | undefined>
  /** Throws when the store is away or the bucket missing. */
  ping(): Promise<void>
  /** Makes the bucket when it is missing; throws when the store is away or the keys are wrong. */
  prepare(): Promise<void>
}

const partBytes = 8 * 1024 * 1024
/** While so many are on their way, the next one is gathered. */
const partsAtOnce = 2

export interface ObjectsOptions {
  endpoint: string
  bucket: string
  region: string
  pathStyle: boolean
  accessKey: string
  secretKey: string
  /** So long the store may say nothing, and take nothing, when it was asked. */
  silenceMs?: number
}

const onSilence = () => new Silent('The object store did not answer in time')

/** Plain S3, whoever provides it. Keys hold neither `&` nor `%`, which some stores get wrong. */
export function connectObjects({
  silenceMs = 30_000,
  endpoint,
  bucket,
  region,
  pathStyle,
  accessKey,
  secretKey,
}: ObjectsOptions): Objects {
  const url = new URL(endpoint)
  const client = new Client({
    endPoint: url.hostname,
    useSSL: url.protocol === 'https:',
    ...(url.port && { port: Number(url.port) }),
    region,
    pathStyle,
    accessKey,
    secretKey,
    partSize: partBytes,
    transport: impatient(url.protocol, { silenceMs, onSilence }),
  })

  async function put(key: string, source: AsyncIterable<Buffer>, contentType: string): Promise<Stored> {
    const hash = createHash('sha256')
    const headers = { 'Content-Type': contentType }
    let size = 0
    let uploadID: string | undefined
    let partNumber = 0
    const underWay: Promise<void>[] = []
    const etags: { part: number; etag: string }[] = []
    try {
      for await (const { bytes, isLast, giveBack } of inParts(source, partBytes)) {
        hash.update(bytes)
        size += bytes.length
        if (isLast && uploadID === undefined) {
          await client.putObject(bucket, key, bytes, bytes.length, headers)
          break
        }
        uploadID ??= await client.initiateNewMultipartUpload(bucket, key, headers)
        if (underWay.length === partsAtOnce) await underWay.shift()
        const part = { bucketName: bucket, objectName: key, uploadID, partNumber: ++partNumber, headers: {} as never }
        const sent = client.uploadPart(part, bytes).then(({ etag }) => {
          etags.push({ part: part.partNumber, etag })
          giveBack()
        })
        sent.catch(() => undefined) // Awaited in its turn.
        underWay.push(sent)
      }
      await Promise.all(underWay)
      if (uploadID !== undefined) {
        etags.sort((one, other) => one.part - other.part)
        await client.completeMultipartUpload(bucket, key, uploadID, etags)
      }
      return { size_bytes: size, sha256: hash.digest('hex') }
    } catch (error) {
      await Promise.allSettled(underWay)
      if (uploadID !== undefined) await client.abortMultipartUpload(bucket, key, uploadID).catch(() => undefined)
      throw error
    }
  }

  async function* list(prefix: string): AsyncGenerator<Listed> {
    for await (const item of client.listObjectsV2(bucket, prefix, true)) {
      const { name, size, lastModified } = item as { name?: string; size: number; lastModified: Date }
      if (name !== undefined) yield { key: name, size_bytes: size, modified_at: lastModified }
    }
  }

  return {
    put,
    list,
    get: (key, range) =>
      range ? client.getPartialObject(bucket, key, range.offset, range.length) : client.getObject(bucket, key),
    remove: (key) => client.removeObject(bucket, key),
    keys: async function* (prefix) {
      for await (const { key } of list(prefix)) yield key
    },
    size: async (key) => {
      try {
        return (await client.statObject(bucket, key)).size
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    ping: async () => {
      if (!(await client.bucketExists(bucket))) throw new Error('the bucket is missing')
    },
    prepare: async () => {
      if (await client.bucketExists(bucket)) return
      await client.makeBucket(bucket, region).catch(async (error: unknown) => {
        // Another instance may have been faster.
        if (!(await client.bucketExists(bucket))) throw error
      })
    },
  }
}

export const isMissing = (error: unknown) => ['NotFound', 'NoSuchKey'].includes((error as { code?: string }).code ?? '')
