import { expect } from 'chai'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, CopyConditions } from 'minio'
import { startStack, type Stack } from '../../ops/embedded/stack.ts'

const MIB = 1024 * 1024
const bucket = 'audio'
const secrets = {
  postgresPassword: 'p',
  s3AccessKey: 'XYLOTEST',
  s3SecretKey: 'a-secret-for-the-spec',
  eventStoreUser: 'admin',
  eventStorePassword: 'e',
  natsToken: 't',
}
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

describe('the embedded object storage', () => {
  let dataDir: string
  let stack: Stack
  let port: number
  let client: Client
  const clientWith = (accessKey: string, secretKey: string) =>
    new Client({
      endPoint: '127.0.0.1',
      port,
      useSSL: false,
      accessKey,
      secretKey,
      region: 'us-east-1',
      partSize: 8 * MIB,
    })

  before(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'objects of '))
    const provide = { eventStore: false, database: false, bus: false, objects: true, inference: false }
    stack = await startStack({ dataDir, provide, secrets, paths: {}, log: () => {} })
    port = Number(new URL(stack.addresses.S3_ENDPOINT!).port)
    client = clientWith(secrets.s3AccessKey, secrets.s3SecretKey)
    await client.makeBucket(bucket)
  })
  after(async () => {
    await stack?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const read = async (key: string) => buffer(await client.getObject(bucket, key))
  const absent = (key: string) =>
    client.statObject(bucket, key).then(
      () => 'there',
      (error: { code: string }) => error.code,
    )
  /** Every file below a folder of the store, those of a running or broken-off upload included. */
  const filesIn = (folder: string) =>
    readdirSync(path.join(dataDir, 's3', folder), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )

  async function until(what: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 10_000; !(await what()); await delay(10)) expect(Date.now()).to.be.below(end)
  }

  /** Kills the server with -9, and resolves when it answers again. */
  async function killed(): Promise<void> {
    const pid = stack.pids().s3!
    process.kill(pid, 'SIGKILL')
    await until(async () => (stack.pids().s3 ?? pid) !== pid && (await client.bucketExists(bucket).catch(() => false)))
  }

  /** A request exactly as written: no client that would tidy its path. */
  async function raw(method: string, target: string, headers: http.OutgoingHttpHeaders = {}, body?: Buffer) {
    const request = http.request({ host: '127.0.0.1', port, method, path: target, headers, agent: false })
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await buffer(response as Readable) }
  }

  const targetOf = async (url: Promise<string>) => {
    const { pathname, search } = new URL(await url)
    return pathname + search
  }

  describe('objects', () => {
    it('come back with their bytes, size, ETag, type and metadata', async () => {
      const bytes = randomBytes(300_000)
      const { etag } = await client.putObject(bucket, 'a/b/one.wav', bytes, bytes.length, {
        'Content-Type': 'audio/wav',
        'X-Amz-Meta-Device': 'd1',
      })
      expect(etag).to.equal(md5(bytes))
      expect((await read('a/b/one.wav')).equals(bytes)).to.equal(true)
      const stat = await client.statObject(bucket, 'a/b/one.wav')
      expect(stat).to.include({ size: bytes.length, etag: md5(bytes) })
      expect(stat.metaData).to.include({ 'content-type': 'audio/wav', device: 'd1' })
    })

    it('are read by range, also from the end, and refuse one that is not there', async () => {
      const bytes = randomBytes(10_000)
      await client.putObject(bucket, 'ranged', bytes)
      expect(
        (await buffer(await client.getPartialObject(bucket, 'ranged', 100, 50))).equals(bytes.subarray(100, 150)),
      ).to.equal(true)
      const target = await targetOf(client.presignedGetObject(bucket, 'ranged'))
      const ranges: [string, number, number][] = [
        ['bytes=0-0', 0, 0],
        ['bytes=9990-', 9990, 9999],
        ['bytes=-10', 9990, 9999],
        ['bytes=9000-20000', 9000, 9999],
      ]
      for (const [Range, start, end] of ranges) {
        const { status, headers, body } = await raw('GET', target, { Range })
        expect({ status, range: headers['content-range'] }).to.deep.equal({
          status: 206,
          range: `bytes ${start}-${end}/10000`,
        })
        expect(body.equals(bytes.subarray(start, end + 1))).to.equal(true)
      }
      expect(await raw('GET', target, { Range: 'bytes=10000-' })).to.include({ status: 416 })
      expect(await raw('GET', target, { 'If-None-Match': `"${md5(bytes)}"` })).to.include({ status: 304 })
    })

    it('may be empty', async () => {
      await client.putObject(bucket, 'empty', Buffer.alloc(0))
      expect(await client.statObject(bucket, 'empty')).to.include({ size: 0, etag: md5(Buffer.alloc(0)) })
      expect(await read('empty')).to.have.length(0)
    })

    it('are copied with their headers, and deleted one by one or many at once', async () => {
      const bytes = randomBytes(1_000)
      await client.putObject(bucket, 'from', bytes, bytes.length, { 'Content-Type': 'audio/mp4' })
      await client.copyObject(bucket, 'to/here', `/${bucket}/from`, new CopyConditions())
      expect((await read('to/here')).equals(bytes)).to.equal(true)
      expect((await client.statObject(bucket, 'to/here')).metaData).to.include({ 'content-type': 'audio/mp4' })
      await client.removeObject(bucket, 'to/here')
      expect(await absent('to/here')).to.equal('NotFound')
      // A parser that guesses numbers would take the key 007 for 7.
      await client.putObject(bucket, '007', bytes)
      await client.removeObjects(bucket, ['from', '007'])
      expect([await absent('from'), await absent('007')]).to.deep.equal(['NotFound', 'NotFound'])
    })

    it('are listed page by page, in the order of their keys, without a gap', async () => {
      const keys = ['list/a-b', 'list/a/b', 'list/a/c', 'list/a+c', 'list/a0', 'list/b']
      for (const key of keys) await client.putObject(bucket, key, Buffer.from(key))
      const pages = async (delimiter: string) => {
        const names: string[] = []
        for (let token = ''; ;) {
          const page = await client.listObjectsV2Query(bucket, 'list/', token, delimiter, 1, '')
          names.push(...page.objects.map((entry) => entry.name ?? entry.prefix!))
          if (!page.isTruncated) return names
          token = page.nextContinuationToken
        }
      }
      expect(await pages('')).to.deep.equal([...keys].sort())
      expect(await pages('/')).to.deep.equal(['list/a+c', 'list/a-b', 'list/a/', 'list/a0', 'list/b'])
    })
  })

  describe('who may', () => {
    it('only requests signed with our keys are answered', async () => {
      await client.putObject(bucket, 'private', Buffer.from('x'))
      const form = { 'Content-Type': 'multipart/form-data; boundary=b' }
      const key =
        '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nstolen\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n'
      const answers = [
        await raw('GET', `/${bucket}/private`),
        await raw('GET', `/${bucket}/private?X-Amz-Signature=00`),
        await raw('GET', `/${bucket}`),
        await raw('GET', '/'),
        await raw('PUT', `/${bucket}/stolen`, {}, Buffer.from('x')),
        await raw('DELETE', `/${bucket}/private`),
        await raw('POST', `/${bucket}`, form, Buffer.from(key)),
      ]
      expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 403))
      for (const stranger of [clientWith('S3RVER', 'S3RVER'), clientWith(secrets.s3AccessKey, 'guessed')]) {
        expect(
          await stranger.getObject(bucket, 'private').then(
            () => 'read',
            (error: { code: string }) => error.code,
          ),
        ).to.match(/InvalidAccessKeyId|SignatureDoesNotMatch/)
      }
      expect(await absent('stolen')).to.equal('NotFound')
      expect(await absent('private')).to.equal('there')
    })

    it('no key leaves its bucket', async () => {
      for (const key of [
        '../outside',
        'a/../../outside',
        '..%2Foutside',
        'a/./b',
        'a//b',
        '../.incoming/x',
        'x._S3rver_object',
      ]) {
        const signed = new URL(await client.presignedPutObject(bucket, key))
        const { status } = await raw('PUT', `/${bucket}/${key}${signed.search}`, {}, Buffer.from('x'))
        expect(status, key).to.be.within(400, 404)
      }
      expect(filesIn('.').map(({ name }) => name)).to.not.include('outside._S3rver_object')
      expect(filesIn('.incoming')).to.deep.equal([])
    })
  })

  describe('an object is whole or not there', () => {
    /** Sends the headers and half of the body of a PUT, and resolves when the store is writing it. */
    async function halfPut(key: string): Promise<http.ClientRequest> {
      const target = await targetOf(client.presignedPutObject(bucket, key))
      const request = http.request({
        host: '127.0.0.1',
        port,
        method: 'PUT',
        path: target,
        headers: { 'Content-Length': 2 * MIB },
      })
      request.on('error', () => {})
      request.write(randomBytes(MIB))
      await until(() => filesIn('.incoming').length === 1)
      return request
    }

    it('a PUT that is broken off leaves nothing', async () => {
      const request = await halfPut('broken')
      expect(await absent('broken')).to.equal('NotFound')
      request.destroy()
      await until(() => filesIn('.incoming').length === 0)
      expect(await absent('broken')).to.equal('NotFound')
    })

    it('an overwrite that is broken off, even by kill -9 of the server, leaves the old one', async () => {
      const old = randomBytes(50_000)
      await client.putObject(bucket, 'kept', old)
      const request = await halfPut('kept')
      request.destroy()
      await until(() => filesIn('.incoming').length === 0)
      expect((await read('kept')).equals(old)).to.equal(true)

      await halfPut('kept')
      await killed()
      expect((await read('kept')).equals(old)).to.equal(true)
      expect((await client.statObject(bucket, 'kept')).etag).to.equal(md5(old))
      expect(filesIn('.incoming')).to.deep.equal([])
    })

    it('a reader gets one version to its end while the next one is put', async () => {
      const first = randomBytes(4 * MIB)
      await client.putObject(bucket, 'moving', first)
      const reading = await client.getObject(bucket, 'moving')
      const second = randomBytes(4 * MIB)
      await client.putObject(bucket, 'moving', second)
      expect((await buffer(reading)).equals(first)).to.equal(true)
      expect((await read('moving')).equals(second)).to.equal(true)
    })

    it('content that is not what its sender says is refused', async () => {
      const target = await targetOf(client.presignedPutObject(bucket, 'garbled'))
      const { status } = await raw(
        'PUT',
        target,
        { 'Content-MD5': Buffer.alloc(16).toString('base64') },
        Buffer.from('x'),
      )
      expect(status).to.equal(400)
      expect(await absent('garbled')).to.equal('NotFound')
    })

    it('If-None-Match: * lets exactly one of many writers through', async () => {
      const target = await targetOf(client.presignedPutObject(bucket, 'once'))
      const answers = await Promise.all(
        [1, 2, 3, 4].map((n) => raw('PUT', target, { 'If-None-Match': '*' }, Buffer.from(`${n}`))),
      )
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 412, 412, 412])
    })
  })

  describe('uploads in parts', () => {
    const begin = (key: string) => client.initiateNewMultipartUpload(bucket, key, { 'Content-Type': 'audio/webm' })
    const send = (key: string, uploadID: string, partNumber: number, part: Buffer) =>
      client.uploadPart({ bucketName: bucket, objectName: key, uploadID, partNumber, headers: {} }, part)

    it('put the parts together, with the ETag that S3 gives', async () => {
      const bytes = randomBytes(21 * MIB + 123)
      const parts = [bytes.subarray(0, 8 * MIB), bytes.subarray(8 * MIB, 16 * MIB), bytes.subarray(16 * MIB)]
      const id = await begin('parts')
      const sent = await Promise.all(parts.map((part, i) => send('parts', id, i + 1, part)))
      expect(await absent('parts')).to.equal('NotFound')
      await client.completeMultipartUpload(
        bucket,
        'parts',
        id,
        sent.map(({ part, etag }) => ({ part, etag })),
      )
      expect((await read('parts')).equals(bytes)).to.equal(true)
      const etag = createHash('md5')
        .update(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))))
        .digest('hex')
      const stat = await client.statObject(bucket, 'parts')
      expect(stat).to.include({ size: bytes.length, etag: `${etag}-3` })
      expect(stat.metaData).to.include({ 'content-type': 'audio/webm' })
      expect(filesIn('.uploads')).to.deep.equal([])
    })

    it("are what minio's putObject makes of a stream", async () => {
      const bytes = randomBytes(20 * MIB + 1)
      await client.putObject(bucket, 'streamed', Readable.from(chunked(bytes)))
      expect((await read('streamed')).equals(bytes)).to.equal(true)
    })

    it('leave nothing on disk when aborted', async () => {
      const id = await begin('aborted')
      await send('aborted', id, 1, randomBytes(5 * MIB))
      expect(filesIn('.uploads')).to.have.length(2)
      await client.abortMultipartUpload(bucket, 'aborted', id)
      expect([...filesIn('.uploads'), ...filesIn('.incoming')]).to.deep.equal([])
      expect(await absent('aborted')).to.equal('NotFound')
      expect(
        await send('aborted', id, 2, Buffer.from('x')).then(
          () => 'taken',
          (error: { code: string }) => error.code,
        ),
      ).to.equal('NoSuchUpload')
    })

    it('are forgotten when nobody has added to them for a day, at the next start', async () => {
      const [old, young] = [await begin('forgotten'), await begin('remembered')]
      await send('forgotten', old, 1, Buffer.from('part'))
      const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000)
      utimesSync(path.join(dataDir, 's3', '.uploads', old), longAgo, longAgo)
      await killed()
      expect(readdirSync(path.join(dataDir, 's3', '.uploads'))).to.deep.equal([young])
      await client.abortMultipartUpload(bucket, 'remembered', young)
    })

    it('refuse a part of an earlier run that is not as it was sent, and take it when it is sent again', async () => {
      const bytes = randomBytes(5 * MIB)
      const id = await begin('torn')
      const parts = [await send('torn', id, 1, bytes), await send('torn', id, 2, Buffer.from('end'))]
      await killed()
      const folder = path.join(dataDir, 's3', '.uploads', id)
      const first = readdirSync(folder).find((name) => name.startsWith('00001-'))!
      // What a power failure can make of what was not flushed.
      truncateSync(path.join(folder, first), MIB)
      truncateSync(path.join(folder, first), bytes.length)
      const complete = () =>
        client
          .completeMultipartUpload(
            bucket,
            'torn',
            id,
            parts.map(({ part, etag }) => ({ part, etag })),
          )
          .then(
            () => 'done',
            (error: { code: string }) => error.code,
          )
      expect(await complete()).to.equal('InvalidPart')
      expect(await absent('torn')).to.equal('NotFound')
      await send('torn', id, 1, bytes)
      expect(await complete()).to.equal('done')
      expect((await read('torn')).equals(Buffer.concat([bytes, Buffer.from('end')]))).to.equal(true)
    })

    it('refuse a part that was not sent, and keep the object that was there', async () => {
      await client.putObject(bucket, 'refused', Buffer.from('old'))
      const id = await begin('refused')
      await send('refused', id, 1, Buffer.from('new'))
      const complete = (etag: string) =>
        client.completeMultipartUpload(bucket, 'refused', id, [{ part: 1, etag }]).then(
          () => 'done',
          (error: { code: string }) => error.code,
        )
      expect(await complete(md5(Buffer.from('other')))).to.equal('InvalidPart')
      expect(String(await read('refused'))).to.equal('old')
      expect(await complete(md5(Buffer.from('new')))).to.equal('done')
      expect(String(await read('refused'))).to.equal('new')
    })
  })
})

function* chunked(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}
