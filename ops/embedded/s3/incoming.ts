import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { S3Error } from './s3rver.ts'

/** Bytes that are in a file, whole, but not yet under their name. */
export interface Received {
  readonly file: string
  readonly size: number
  readonly md5: string
}

/** What the sender says the content is; checked before it can be seen. */
export interface Digests {
  readonly sha256?: string | undefined
  readonly md5?: string | undefined
}

/** The folder of files that are still being written. Whatever lies there at boot was cut off, and is removed. */
export interface Incoming {
  /** @param flush whether they have to be on the disk then, as they have unless something does it later on */
  receive(content: Readable, expected?: Digests, flush?: boolean): Promise<Received>
  write(text: string): Promise<string>
  newFile(): string
}

export async function incomingIn(root: string): Promise<Incoming> {
  const folder = path.join(root, '.incoming')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) await rm(path.join(folder, name), { force: true })
  const newFile = () => path.join(folder, `${randomUUID()}.tmp`)

  return {
    newFile,
    async write(text) {
      const file = newFile()
      await using(file, async () => {
        const handle = await open(file, 'wx', 0o600)
        try {
          await handle.writeFile(text)
          await handle.sync()
        } finally {
          await handle.close()
        }
      })
      return file
    },
    async receive(content, expected = {}, flush = true) {
      const file = newFile()
      const md5 = createHash('md5')
      const sha256 = expected.sha256 === undefined ? undefined : createHash('sha256')
      let size = 0
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          md5.update(chunk)
          sha256?.update(chunk)
          size += chunk.length
          done(null, chunk)
        },
      })
      return using(file, async () => {
        await pipeline(
          content,
          meter,
          createWriteStream(file, { flags: 'wx', mode: 0o600, flush, highWaterMark: 1024 * 1024 }),
        )
        const digest = md5.digest()
        const right =
          (sha256?.digest('hex') ?? '') === (expected.sha256 ?? '') &&
          digest.toString('base64') === (expected.md5 ?? digest.toString('base64'))
        if (!right) throw new S3Error('BadDigest', 'The digest you specified did not match what we received.')
        return { file, size, md5: digest.toString('hex') }
      })
    },
  }
}

/** Gives a flushed file its name, at once and for good: the folder's entry is flushed too. */
export async function place(file: string, destination: string): Promise<void> {
  await named(file, destination)
  await flushFolder(path.dirname(destination))
}

/** Gives a file its name, until the machine loses power. */
export async function named(file: string, destination: string): Promise<void> {
  const folder = path.dirname(destination)
  for (let attempt = 1; ; attempt++) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      await rename(file, destination)
      break
    } catch (error) {
      // A delete may take the emptied folder away between the two.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 5) throw error
    }
  }
}

async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function using<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}
