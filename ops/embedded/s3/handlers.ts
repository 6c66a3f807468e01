import type { MultipartUploads, Part } from './multipart.ts'
import { type Context, type Handler, requestBody, S3Error, S3Object } from './s3rver.ts'
import type { Condition, ObjectStore } from './store.ts'
import { elements, textOf, unescaped } from './xml.ts'

type ObjectContext = Context<ObjectStore>

const NAMESPACE = { '@': { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/' } }

export const putObject: Handler = async (context: ObjectContext) => {
  const { bucket, key } = context.params
  const { md5 } = await context.store.putObject(
    new S3Object(bucket, key, bodyOf(context), context.headers),
    conditionOf(context),
  )
  context.etag = md5
  context.body = ''
}

/** What is asked of an upload in parts; the abort is in the gate, because s3rver has no route for it. */
export function uploadHandlers(uploads: MultipartUploads): Record<string, Handler> {
  return {
    async initiateMultipartUpload(context: ObjectContext) {
      const { bucket, key } = context.params
      const id = await uploads.initiate(bucket, key, context.headers)
      context.body = { InitiateMultipartUploadResult: { ...NAMESPACE, Bucket: bucket, Key: key, UploadId: id } }
    },
    async uploadPart(context: ObjectContext) {
      const { bucket, key } = context.params
      const { uploadId, partNumber } = context.query
      context.etag = await uploads.put(bucket, key, uploadId, Number(partNumber), bodyOf(context), conditionOf(context))
      context.body = ''
    },
    async completeMultipartUpload(context: ObjectContext) {
      const { bucket, key } = context.params
      const parts = elements(await textOf(context.req), 'Part').map(partOf)
      if (parts.length === 0) throw new S3Error('MalformedXML', 'The XML you provided names no part.')
      const etag = await uploads.complete(bucket, key, context.query.uploadId, parts, conditionOf(context))
      const Location = context.href.split('?')[0]
      context.body = {
        CompleteMultipartUploadResult: { ...NAMESPACE, Location, Bucket: bucket, Key: key, ETag: JSON.stringify(etag) },
      }
    },
  }
}

export const deleteObjects: Handler = async (context: ObjectContext) => {
  const keys = elements(await textOf(context.req), 'Key').map(unescaped)
  if (keys.length === 0 || keys.length > 1000) throw new S3Error('MalformedXML', 'Give between 1 and 1000 keys.')
  await Promise.all(keys.map((key) => context.store.deleteObject(context.params.bucket, key)))
  context.body = { DeleteResult: { ...NAMESPACE, Deleted: keys.map((Key) => ({ Key })) } }
}

function partOf(xml: string): Part {
  return {
    number: Number(elements(xml, 'PartNumber')[0]),
    etag: unescaped(elements(xml, 'ETag')[0] ?? '').replaceAll('"', ''),
  }
}

function bodyOf(context: Context) {
  requestBody(context)
  const { body } = context.request
  // A chunk decoder in between does not learn by itself that the client went away, and would wait for ever.
  if (body !== context.req) context.req.once('close', () => context.req.complete || body.destroy(new Error('aborted')))
  return body
}

function conditionOf({ headers }: Context): Condition {
  const sha256 = headers['x-amz-content-sha256']
  return {
    unlessExists: headers['if-none-match'] === '*',
    md5: headers['content-md5'],
    sha256: sha256 && /^[0-9a-f]{64}$/i.test(sha256) ? sha256.toLowerCase() : undefined,
  }
}
