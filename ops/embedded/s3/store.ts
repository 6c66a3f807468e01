import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { open, readdir, rm, rmdir, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { type Digests, type Incoming, place, type Received } from './incoming.ts'
import { checkNames, isBucketName } from './names.ts'
import { FilesystemStore, type Headers, S3Error, S3Object, type StoredObject } from './s3rver.ts'
import { turns } from '../../platform/turns.ts'
import { keptHeaders, modifiedOf, record, type Version, versionOf } from './versions.ts'

export type Condition = Digests & { readonly unlessExists?: boolean }

/** s3rver's layout of files; but an object appears whole, with its own headers and ETag, or not at all. */
export class ObjectStore extends FilesystemStore {
  readonly incoming: Incoming
  private readonly inTurn = turns()

  constructor(directory: string, incoming: Incoming) {
    super(directory)
    this.incoming = incoming
  }

  override getResourcePath(bucket: string, key: string | undefined, resource: string): string {
    checkNames(bucket, key)
    return super.getResourcePath(bucket, key, resource)
  }

  override async getBucket(bucket: string): Promise<unknown> {
    return isBucketName(bucket) ? super.getBucket(bucket) : null
  }

  async listBuckets(): Promise<unknown[]> {
    const names = await readdir(this.rootDirectory)
    return (await Promise.all(names.map((name) => this.getBucket(name)))).filter(Boolean)
  }

  async putObject({ bucket, key, content, metadata }: StoredObject, condition: Condition = {}) {
    checkNames(bucket, key)
    await this.refuseExisting(bucket, key, condition)
    const received = await this.incoming.receive(content!, condition)
    await this.adopt(bucket, key, received, received.md5, keptHeaders(metadata), condition)
    return { size: received.size, md5: received.md5 }
  }

  /** Makes received bytes the object. They are gone afterwards, whatever happens. */
  async adopt(
    bucket: string,
    key: string,
    received: Pick<Received, 'file'>,
    etag: string,
    headers: Headers,
    condition: Condition = {},
  ) {
    try {
      const object = this.getResourcePath(bucket, key, 'object')
      const notes = this.getResourcePath(bucket, key, 'metadata.json')
      await this.inTurn(`${bucket}/${key}`, async () => {
        await this.refuseExisting(bucket, key, condition)
        if (!(await this.getBucket(bucket))) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist')
        const fresh = await stat(received.file, { bigint: true })
        const next: Version = { size: Number(fresh.size), modified: modifiedOf(fresh), etag, headers }
        await place(await this.incoming.write(record(next, await this.current(object, notes))), notes)
        await place(received.file, object)
      })
    } finally {
      await rm(received.file, { force: true })
    }
  }

  async copyObject(fromBucket: string, fromKey: string, bucket: string, key: string, replacement: Headers | null) {
    const source = await this.openObject(fromBucket, fromKey)
    if (!source) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: fromKey })
    const received = await this.incoming.receive(source.handle.createReadStream())
    await this.adopt(bucket, key, received, received.md5, keptHeaders(replacement ?? (source.metadata as Headers)))
    return this.getMetadata(bucket, key)
  }

  async deleteObject(bucket: string, key: string): Promise<void> {
    const object = this.getResourcePath(bucket, key, 'object')
    await this.inTurn(`${bucket}/${key}`, async () => {
      await rm(object, { force: true })
      await rm(this.getResourcePath(bucket, key, 'metadata.json'), { force: true })
    })
    const top = path.join(this.rootDirectory, bucket)
    for (let folder = path.dirname(object); folder !== top; folder = path.dirname(folder)) {
      // Refused when something is in it, also what came this instant.
      if (
        !(await rmdir(folder).then(
          () => true,
          () => false,
        ))
      )
        return
    }
  }

  /** One open file is one version, whatever is put or deleted meanwhile. The caller reads it to the end or closes it. */
  async openObject(
    bucket: string,
    key: string,
  ): Promise<{ handle: FileHandle; size: number; metadata: Record<string, string | number> } | null> {
    const handle = await openOrNull(this.getResourcePath(bucket, key, 'object'))
    if (!handle) return null
    try {
      const found = await handle.stat({ bigint: true })
      return { handle, size: Number(found.size), metadata: await this.describe(bucket, key, found, handle) }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async getMetadata(bucket: string, key: string): Promise<Record<string, string | number>> {
    return this.describe(bucket, key, await stat(this.getResourcePath(bucket, key, 'object'), { bigint: true }))
  }

  async getObject(
    bucket: string,
    key: string,
    range: { start?: number; end?: number } = {},
  ): Promise<StoredObject | null> {
    const found = await this.openObject(bucket, key)
    if (!found) return null
    const start = range.start ?? 0
    const end = Math.min(range.end ?? Infinity, found.size - 1)
    const object = (content: StoredObject['content']) => new S3Object(bucket, key, content, found.metadata)
    if (range.start === undefined && range.end === undefined) return object(found.handle.createReadStream())
    const part = start <= end ? object(found.handle.createReadStream({ start, end })) : object(null)
    if (!part.content) await found.handle.close()
    part.range = { start, end }
    return part
  }

  private async describe(bucket: string, key: string, found: BigIntStats, handle?: FileHandle) {
    const notes = this.getResourcePath(bucket, key, 'metadata.json')
    const version = await versionOf(notes, found)
    const etag = version?.etag ?? (await digestOf(handle, this.getResourcePath(bucket, key, 'object')))
    return {
      ...version?.headers,
      etag: JSON.stringify(etag),
      'last-modified': found.mtime.toUTCString(),
      'content-length': Number(found.size),
    }
  }

  private async current(object: string, notes: string): Promise<Version | undefined> {
    const found = await stat(object, { bigint: true }).catch(() => undefined)
    return found && versionOf(notes, found)
  }

  private async refuseExisting(bucket: string, key: string, { unlessExists }: Condition): Promise<void> {
    if (unlessExists && (await this.existsObject(bucket, key))) {
      throw new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
        Condition: 'If-None-Match',
      })
    }
  }
}

async function openOrNull(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

// For a file that was put here by other hands than ours, and so has no record.
async function digestOf(handle: FileHandle | undefined, file: string): Promise<string> {
  const reading = handle ?? (await open(file, 'r'))
  const md5 = createHash('md5')
  try {
    for await (const chunk of reading.createReadStream({ start: 0, autoClose: false })) md5.update(chunk as Buffer)
    return md5.digest('hex')
  } finally {
    if (!handle) await reading.close()
  }
}
