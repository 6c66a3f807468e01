import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'

// The parts of @20minutes/s3rver 4.0.4 that are used here, inner files included: the version is pinned exactly. It brings no types.
const require = createRequire(import.meta.url)
const inner = (file: string) => require(`@20minutes/s3rver/lib/${file}`) as unknown

export type Headers = Record<string, string>

/** Koa's context, as far as this server reads it. */
export interface Context<Store = unknown> {
  method: string
  path: string
  headers: Headers
  query: Record<string, string | undefined>
  /** `key` is empty in a request to a bucket. */
  params: { bucket: string; key: string }
  state: { account?: unknown }
  req: IncomingMessage
  request: { body: Readable }
  store: Store
  status: number
  body: unknown
  length: number
  etag: string
  href: string
  set(name: string, value: string): void
}

export type Handler = (context: Context<any>) => Promise<void>
export type Middleware = (context: Context<any>, next: () => Promise<void>) => Promise<void>

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  readonly content: Readable | null
  readonly metadata: Record<string, string | number>
  range?: { start: number; end: number }
}

export interface S3ErrorClass {
  new (code: string, message: string, detail?: Record<string, unknown>): Error & { code: string; status: number }
}

interface Application {
  middleware: Middleware[]
  context: { store: unknown }
  store: unknown
  callback(): (request: IncomingMessage, response: ServerResponse) => void
  on(event: 'error', listener: (error: Error & { status?: number; code?: string }) => void): void
}

interface FilesystemStoreClass {
  new (directory: string): {
    readonly rootDirectory: string
    getResourcePath(bucket: string, key: string | undefined, resource: string): string
    getBucket(bucket: string): Promise<unknown>
    existsObject(bucket: string, key: string): Promise<boolean>
  }
}

interface ObjectClass {
  new (bucket: string, key: string, content: Readable | null, metadata: Record<string, string | number>): StoredObject
  readonly ALLOWED_METADATA: readonly string[]
}

interface AccountClass {
  new (id: string, name: string): { createKeyPair(accessKey: string, secretKey: string): void }
  readonly registry: Map<string, unknown>
}

export const Application = require('@20minutes/s3rver') as { new (options: Record<string, unknown>): Application }
export const FilesystemStore = inner('stores/filesystem.js') as FilesystemStoreClass
export const S3Object = inner('models/object.js') as ObjectClass
export const S3Error = inner('models/error.js') as S3ErrorClass
export const Account = inner('models/account.js') as AccountClass
export const authentication = inner('middleware/authentication.js') as () => Middleware
export const requestBody = (inner('signature/v4.js') as { aws4SignatureBodyParser(context: Context): void })
  .aws4SignatureBodyParser
/** The routes look their handlers up in these objects at every request: what is assigned here is what runs. */
export const objectHandlers = inner('controllers/object.js') as Record<string, Handler>
export const bucketHandlers = inner('controllers/bucket.js') as Record<string, Handler>
