import { createHash, randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import * as tusClient from 'tus-js-client'
import { outsideServers, type Running, startProcess } from '../process.ts'
import { newFacility, type System, temporaryDataDir, theSystem } from '../system.ts'
import { tusPath } from '../tus.ts'

/** 100 in `npm run test:long`. */
const mebibytes = process.env['SPEC_LONG'] ? 100 : 8
const cuts = 20
const restarts = [7, 14]

/** A bad link: every connection that carries much is cut somewhere, so many times in all. */
async function badLink({ most, onCut }: { most: number; onCut: (cut: number) => void }) {
  let target = 0
  let cut = 0
  const server = createServer((near: Socket) => {
    const far = connect(target, '127.0.0.1')
    let left = cut < cuts ? Math.ceil(Math.random() * most) : Infinity
    const end = () => [near, far].forEach((socket) => socket.destroy())
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    far.pipe(near)
    let isCut = false
    near.on('data', (chunk: Buffer) => {
      if (isCut) return
      left -= chunk.length
      if (left > 0) return void (far.write(chunk) || (near.pause(), far.once('drain', () => near.resume())))
      // What was sent up to here arrives, as it may on a link.
      far.write(chunk.subarray(0, Math.max(0, chunk.length + left)), end)
      isCut = true
      if (cut < cuts) onCut(++cut)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (url: string) => void (target = Number(new URL(url).port)),
    cuts: () => cut,
    close: () => server.close(),
  }
}

describe(`the stock tus client with ${mebibytes} MiB, over a link that is cut ${cuts} times, while the server is killed twice`, function () {
  this.timeout(120_000 + mebibytes * 4000)
  let system: System
  let server: Running | undefined
  const dataDir = temporaryDataDir()
  before(async () => {
    system = await theSystem()
  })
  after(async () => {
    await server?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('delivers the very bytes', async () => {
    const facility = await newFacility(system)
    const size = mebibytes * 1024 * 1024
    const bytes = Buffer.concat([Buffer.from('fLaC'), randomBytes(size - 4)])
    const env = { ...outsideServers(system.config), UPLOAD_MAX_SIZE: String(size) }
    const begin = async () => {
      server = await startProcess(dataDir, { args: ['api'], env })
      link.to(server.url)
    }
    let restarting = Promise.resolve()
    const link = await badLink({
      most: size / cuts,
      onCut: (cut) => {
        if (restarts.includes(cut)) restarting = restarting.then(() => server!.kill()).then(begin)
      },
    })
    await begin()
    let uploadId: string | undefined
    await new Promise<void>((resolve, reject) => {
      const upload = new tusClient.Upload(bytes as never, {
        endpoint: link.url + tusPath,
        headers: { 'X-API-Key': facility.key.api_key },
        metadata: { filename: 'long.flac', recorded_at: '2026-11-04T10:00:00Z' },
        retryDelays: Array.from({ length: 1000 }, () => 50),
        onAfterResponse: (_, response) => void (uploadId = response.getHeader('Upload-Id') ?? uploadId),
        onError: reject,
        onSuccess: () => resolve(),
      })
      upload.start()
    })
    await restarting
    link.close()
    expect(link.cuts()).to.equal(cuts)
    const [received] = await system.store.read(`upload-${uploadId}`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(received!.data).to.include({ sha256, size_bytes: size, file_name: 'long.flac' })
    const hash = createHash('sha256')
    for await (const chunk of await system.objects.get(received!.data['object_key'] as string)) hash.update(chunk)
    expect(hash.digest('hex')).to.equal(sha256)
  })
})
