import type { MultipartUploads } from './multipart.ts'
import { authentication, type Context, type Middleware, S3Error } from './s3rver.ts'
import type { ObjectStore } from './store.ts'

/** In front of s3rver's routes: only requests signed with our keys pass, and what it has no answer to is answered here. */
export function gate(uploads: MultipartUploads): Middleware {
  const verify = authentication()
  return async (context: Context<ObjectStore>, next) => {
    const { bucket, key } = (context.params = namesIn(context.path))
    // s3rver lets a request pass that carries no signature at all, and a browser's form post.
    await verify(context, async () => {})
    if (!context.state.account) throw new S3Error('AccessDenied', 'Access Denied')

    if (context.method === 'DELETE' && key !== '' && context.query.uploadId !== undefined) {
      await uploads.abort(bucket, key, context.query.uploadId)
      context.status = 204
      return
    }
    // Asked by minio's putObject before every upload in parts, to go on with an earlier one. Here each begins anew.
    if (context.method === 'GET' && key === '' && 'uploads' in context.query) {
      if (!(await context.store.getBucket(bucket)))
        throw new S3Error('NoSuchBucket', 'The specified bucket does not exist')
      context.body = {
        ListMultipartUploadsResult: {
          '@': { xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/' },
          Bucket: bucket,
          MaxUploads: 1000,
          IsTruncated: false,
        },
      }
      return
    }
    await next()
  }
}

// As s3rver's router takes the path apart: the signature is calculated over these names.
function namesIn(path: string): Context['params'] {
  const [, bucket = '', ...key] = path.split('/')
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(key.join('/')) }
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.")
  }
}
