import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Client } from 'minio'

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
   * Streams bytes to an object in constant memory (one part of 8 MiB at a time), hashing and counting on the way.
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

export interface ObjectsOptions {
  endpoint: string
  bucket: string
  region: string
  pathStyle: boolean
  accessKey: string
  secretKey: string
}

/** Plain S3, whoever provides it. Keys hold neither `&` nor `%`, which some stores get wrong. */
export function connectObjects({ endpoint, bucket, region, pathStyle, accessKey, secretKey }: ObjectsOptions): Objects {
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
  })

  async function put(key: string, source: AsyncIterable<Buffer>, contentType: string): Promise<Stored> {
    const hash = createHash('sha256')
    const headers = { 'Content-Type': contentType }
    let size = 0
    let uploadId: string | undefined
    const etags: { part: number; etag: string }[] = []
    const putPart = async (part: Buffer) => {
      uploadId ??= await client.initiateNewMultipartUpload(bucket, key, headers)
      const partNumber = etags.length + 1
      const partHeaders = {
        'Content-Length': part.length,
        'Content-MD5': createHash('md5').update(part).digest('base64'),
      }
      const { etag } = await client.uploadPart(
        { bucketName: bucket, objectName: key, uploadID: uploadId, partNumber, headers: partHeaders as never },
        part,
      )
      etags.push({ part: partNumber, etag })
    }
    try {
      let last: Buffer | undefined
      for await (const part of inParts(source)) {
        hash.update(part)
        size += part.length
        if (last) await putPart(last)
        last = part
      }
      if (uploadId === undefined) {
        const whole = last ?? Buffer.alloc(0)
        await client.putObject(bucket, key, whole, whole.length, headers)
      } else {
        await putPart(last!)
        await client.completeMultipartUpload(bucket, key, uploadId, etags)
      }
      return { size_bytes: size, sha256: hash.digest('hex') }
    } catch (error) {
      if (uploadId !== undefined) await client.abortMultipartUpload(bucket, key, uploadId).catch(() => undefined)
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

/** Cuts a stream of bytes into parts of 8 MiB; only the last one is shorter. */
async function* inParts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = []
  let size = 0
  for await (const chunk of source) {
    let rest = chunk
    while (size + rest.length >= partBytes) {
      const fits = partBytes - size
      yield Buffer.concat([...chunks, rest.subarray(0, fits)])
      chunks = []
      size = 0
      rest = rest.subarray(fits)
    }
    if (rest.length > 0) chunks.push(rest)
    size += rest.length
  }
  if (size > 0) yield Buffer.concat(chunks)
}
