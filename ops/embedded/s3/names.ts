import { S3Error } from './s3rver.ts'

// Also keeps the store's own folders, which begin with a dot, from being taken for buckets.
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

export const isBucketName = (name: string) => BUCKET.test(name) && !name.includes('..')

/** Every path to a file is made of a bucket and a key that passed here: no key leaves its bucket, no two keys share a file. */
export function checkNames(bucket: string, key: string | undefined): void {
  if (!isBucketName(bucket)) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.')
  if (key === undefined || key === '') return
  const segments = key.replace(/\/$/, '').split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) refuse(key)
  if (/[\\\0]/.test(key) || key.includes('._S3rver_')) refuse(key)
  // 255 bytes is the longest file name; what the store appends must fit as well.
  if (segments.some((segment) => Buffer.byteLength(segment) > 220) || Buffer.byteLength(key) > 1024) {
    throw new S3Error('KeyTooLongError', 'Your key is too long')
  }
}

function refuse(key: string): never {
  throw new S3Error('InvalidArgument', 'This server does not accept this key', {
    ArgumentName: 'key',
    ArgumentValue: key,
  })
}
