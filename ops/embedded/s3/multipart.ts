import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { type Digests, named, place } from './incoming.ts'
import { type Headers, S3Error } from './s3rver.ts'
import type { Condition, ObjectStore } from './store.ts'
import { turns } from '../../platform/turns.ts'
import { keptHeaders } from './versions.ts'

const SMALLEST_PART = 5 * 1024 * 1024
const KEPT_FOR_MS = 24 * 60 * 60 * 1000

export interface Part {
  readonly number: number
  readonly etag: string
}

interface Intent {
  readonly bucket: string
  readonly key: string
  readonly headers: Headers
}

/**
 * Uploads in parts. Each is a folder `.uploads/<id>` of `about.json` and parts named by number and MD5, so that sending a part again
 * never disturbs the one that was acknowledged: the list given to `complete` says which is meant. A part is flushed with the object that it becomes a
 * part of: what a power failure made of it before that does not fit its MD5.
 */
export function multipartUploads(root: string, store: ObjectStore) {
  const uploads = path.join(root, '.uploads')
  const inTurn = turns()
  /** Parts that this process has received: the machine has not lost power since. */
  const ofThisRun = new Set<string>()

  async function drop(folder: string) {
    for (const part of ofThisRun) if (path.dirname(part) === folder) ofThisRun.delete(part)
    await rm(folder, { recursive: true, force: true })
  }

  function folderOf(id: string | undefined): string {
    if (!id || !/^[0-9a-f]{32}$/.test(id)) throw noSuchUpload()
    return path.join(uploads, id)
  }

  async function intentOf(id: string | undefined, bucket: string, key: string): Promise<Intent> {
    const text = await readFile(path.join(folderOf(id), 'about.json'), 'utf8').catch(() => undefined)
    const intent = text === undefined ? undefined : (JSON.parse(text) as Intent)
    if (!intent || intent.bucket !== bucket || intent.key !== key) throw noSuchUpload()
    return intent
  }

  return {
    async initiate(bucket: string, key: string, headers: Headers): Promise<string> {
      store.getResourcePath(bucket, key, 'object')
      const id = randomBytes(16).toString('hex')
      const intent: Intent = { bucket, key, headers: keptHeaders(headers) }
      await place(await store.incoming.write(JSON.stringify(intent)), path.join(folderOf(id), 'about.json'))
      return id
    },

    async put(
      bucket: string,
      key: string,
      id: string | undefined,
      number: number,
      content: Readable,
      expected: Digests = {},
    ): Promise<string> {
      if (!Number.isInteger(number) || number < 1 || number > 10_000) {
        throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive')
      }
      await intentOf(id, bucket, key)
      const { file, md5 } = await store.incoming.receive(content, expected, false)
      await inTurn(id!, async () => {
        try {
          await intentOf(id, bucket, key)
          const part = path.join(folderOf(id), partName(number, md5))
          await named(file, part)
          ofThisRun.add(part)
        } finally {
          await rm(file, { force: true })
        }
      })
      return md5
    },

    /** Returns the object's ETag, made as S3 makes it: the MD5 of the parts' MD5s, a dash, their number. */
    async complete(
      bucket: string,
      key: string,
      id: string | undefined,
      parts: readonly Part[],
      condition: Condition = {},
    ): Promise<string> {
      return inTurn(id ?? '', async () => {
        const { headers } = await intentOf(id, bucket, key)
        const files = await checkedParts(folderOf(id), parts)
        const file = await joined(files, store.incoming.newFile(), (part) => ofThisRun.has(part))
        const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
        const etag = `${createHash('md5').update(digests).digest('hex')}-${parts.length}`
        await store.adopt(bucket, key, { file }, etag, headers, condition)
        await drop(folderOf(id))
        return etag
      })
    },

    async abort(bucket: string, key: string, id: string | undefined): Promise<void> {
      await inTurn(id ?? '', async () => {
        await intentOf(id, bucket, key)
        await drop(folderOf(id))
      })
    },

    /** Removes uploads that nobody has added to for a day. */
    async sweep(now = Date.now()): Promise<void> {
      await mkdir(uploads, { recursive: true, mode: 0o700 })
      for (const id of await readdir(uploads)) {
        const folder = path.join(uploads, id)
        if (now - (await stat(folder)).mtimeMs > KEPT_FOR_MS) await drop(folder)
      }
    },
  }
}

export type MultipartUploads = ReturnType<typeof multipartUploads>

const partName = (number: number, md5: string) => `${String(number).padStart(5, '0')}-${md5}`

const noSuchUpload = () => new S3Error('NoSuchUpload', 'The specified multipart upload does not exist.')

async function checkedParts(folder: string, parts: readonly Part[]): Promise<string[]> {
  const files = []
  for (const [i, { number, etag }] of parts.entries()) {
    if (i > 0 && number <= parts[i - 1]!.number)
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.')
    const file = path.join(folder, partName(number, etag))
    const found = /^[0-9a-f]{32}$/.test(etag) ? await stat(file).catch(() => undefined) : undefined
    if (!found) throw new S3Error('InvalidPart', `Part ${number} could not be found, or has another ETag.`)
    if (i < parts.length - 1 && found.size < SMALLEST_PART)
      throw new S3Error('EntityTooSmall', `Part ${number} is smaller than 5 MiB.`)
    files.push(file)
  }
  return files
}

/** @param isWhole of a part; every other one is held against its MD5 */
async function joined(
  files: readonly string[],
  destination: string,
  isWhole: (file: string) => boolean,
): Promise<string> {
  const handle = await open(destination, 'wx', 0o600)
  try {
    for (const file of files) {
      const md5 = isWhole(file) ? undefined : createHash('md5')
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
        md5?.update(chunk as Buffer)
        await handle.appendFile(chunk as Buffer)
      }
      if (md5 && !file.endsWith(md5.digest('hex')))
        throw new S3Error(
          'InvalidPart',
          `Part ${Number(path.basename(file).slice(0, 5))} is not as it was sent: send it again.`,
        )
    }
    await handle.sync()
    return destination
  } catch (error) {
    await rm(destination, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}
