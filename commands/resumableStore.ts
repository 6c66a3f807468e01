import { DataStore, ERRORS, Upload } from '@tus/server'
import type { Readable } from 'node:stream'
import type { Incoming } from '../ops/platform/incoming.ts'
import { audioType, sniffBytes } from './audioType.ts'
import { noRecording } from './recordingFile.ts'

const pieceBytes = 4 * 1024 * 1024
const flushEveryMs = 5000

/** What the tus server asks of a store, over `incoming`. Nothing is kept here: a recording goes on at any instance. */
export class ResumableStore extends DataStore {
  readonly #incoming: Incoming
  readonly #expiryMs: number

  constructor(incoming: Incoming, expiryMs: number) {
    super()
    this.extensions = ['creation', 'expiration', 'termination']
    this.#incoming = incoming
    this.#expiryMs = expiryMs
  }

  override async getUpload(id: string): Promise<Upload> {
    const found = await this.#incoming.read(id)
    // What the server knows how to answer with is thrown as it is.
    if (!found) throw ERRORS.FILE_NOT_FOUND as unknown as Error
    const { announced, offset, touched_at } = found
    // It expires so long after its last byte.
    const creation_date = touched_at.toISOString()
    return new Upload({ id, size: announced.size_bytes, offset, metadata: announced.metadata, creation_date })
  }

  override remove = (id: string) => this.#incoming.remove(id)
  override getExpiration = () => this.#expiryMs

  /** Whatever has come by the time that the stream ends or breaks stays: in pieces, one every few seconds. */
  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const pieces = new Pieces(this.#incoming, id, offset)
    const flushing = setInterval(() => void pieces.flush().catch(() => undefined), flushEveryMs)
    try {
      for await (const chunk of stream) await pieces.add(chunk as Buffer)
    } catch (error) {
      if (pieces.isRefused) throw error
      await pieces.flush()
      throw error
    } finally {
      clearInterval(flushing)
    }
    await pieces.flush()
    return pieces.offset
  }
}

/** Gathers bytes, and puts them where they stay. */
class Pieces {
  isRefused = false
  /** Up to where bytes are stored. */
  offset: number
  readonly #incoming: Incoming
  readonly #id: string
  #chunks: Buffer[] = []
  #size = 0
  #isSeen: boolean
  #flushed: Promise<void> = Promise.resolve()

  constructor(incoming: Incoming, id: string, offset: number) {
    this.#incoming = incoming
    this.#id = id
    this.offset = offset
    this.#isSeen = offset > 0
  }

  async add(chunk: Buffer): Promise<void> {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (!this.#isSeen && this.#size >= sniffBytes) await this.#look()
    if (this.#size >= pieceBytes) await this.flush()
  }

  /** One piece after the other; fails like the first that failed, since what comes behind a gap is nothing. */
  flush(): Promise<void> {
    this.#flushed = this.#flushed.then(async () => {
      if (this.#size === 0) return
      // What comes from now on is not the beginning.
      this.#isSeen = true
      const bytes = Buffer.concat(this.#chunks)
      this.#chunks = []
      this.#size = 0
      await this.#incoming.putPiece(this.#id, this.offset, bytes)
      this.offset += bytes.length
    })
    return this.#flushed
  }

  /** Nobody should send for an hour what is refused then. */
  async #look(): Promise<void> {
    this.#isSeen = true
    if (await audioType(Buffer.concat(this.#chunks).subarray(0, sniffBytes))) return
    this.isRefused = true
    await this.#flushed.catch(() => undefined)
    await this.#incoming.remove(this.#id)
    throw noRecording()
  }
}
