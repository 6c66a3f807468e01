import { createServer, type Server } from 'node:http'
import { gate } from './gate.ts'
import { getObject } from './getObject.ts'
import { deleteObjects, putObject, uploadHandlers } from './handlers.ts'
import { incomingIn } from './incoming.ts'
import { listObjects } from './listing.ts'
import { multipartUploads } from './multipart.ts'
import { Account, Application, bucketHandlers, objectHandlers } from './s3rver.ts'
import { ObjectStore } from './store.ts'

export interface S3Options {
  readonly port: number
  readonly directory: string
  readonly accessKey: string
  readonly secretKey: string
}

/**
 * s3rver with its own signatures, routes and buckets, and with our store and handlers where its own tear or lose objects. One server a
 * process: s3rver keeps its accounts and handlers in module globals. Resolves when it listens on 127.0.0.1.
 */
export async function startS3Server({ port, directory, accessKey, secretKey }: S3Options): Promise<Server> {
  const store = new ObjectStore(directory, await incomingIn(directory))
  const uploads = multipartUploads(directory, store)
  await uploads.sweep()

  // s3rver brings an account whose keys everybody knows.
  Account.registry.clear()
  new Account('xylolabs', 'xylolabs').createKeyPair(accessKey, secretKey)
  Object.assign(objectHandlers, uploadHandlers(uploads), { getObject, putObject, deleteMultipleObjects: deleteObjects })
  Object.assign(bucketHandlers, { getBucket: listObjects })

  const application = new Application({
    directory,
    silent: true,
    vhostBuckets: false,
    allowMismatchedSignatures: false,
  })
  application.store = application.context.store = store
  application.middleware.splice(-1, 0, gate(uploads))
  application.on('error', (error) => {
    if ((error.status ?? 500) >= 500 && error.code !== 'ECONNRESET') console.error(error)
  })

  // No limit on how long an upload may take; idle connections outlive the pauses of a client that keeps its own.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, application.callback())
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return server
}
