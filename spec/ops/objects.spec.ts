import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { connectObjects } from '../../ops/platform/objects.ts'
import { eventually } from '../eventually.ts'
import { answering, type Listening, speaking } from '../inferenceServer.ts'

const silenceMs = 400
const told = { 'reason.code': 'ETIMEDOUT', 'reason.message': 'The object store did not answer in time' }
const size = 4 * 1024 * 1024

const objectsAt = (endpoint: string) =>
  connectObjects({
    ...{ endpoint, bucket: 'bucket', region: 'us-east-1', pathStyle: true },
    ...{ accessKey: 'key', secretKey: 'secret', silenceMs },
  })

async function* bytesOf(length: number, waitMs = 0) {
  await delay(waitMs)
  yield Buffer.alloc(length)
}

describe('an object store that', () => {
  const servers: Listening[] = []
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))
  const served = async (...handed: Parameters<typeof answering>) => {
    const server = await answering(...handed)
    servers.push(server)
    return objectsAt(server.url)
  }
  const first = async (all: AsyncIterable<unknown>) => {
    for await (const one of all) return one
    return undefined
  }

  it('takes a connection and says nothing is not waited for without end, whatever it was asked', async () => {
    const server = await speaking((socket) => socket.resume())
    servers.push(server)
    const objects = objectsAt(server.url)
    const asked: Record<string, Promise<unknown>> = {
      get: objects.get('k'),
      'part of one': objects.get('k', { offset: 0, length: 1 }),
      put: objects.put('k', bytesOf(1), 'audio/wav'),
      'put in parts': objects.put('k', bytesOf(9 * 1024 * 1024), 'audio/wav'),
      size: objects.size('k'),
      remove: objects.remove('k'),
      keys: first(objects.keys('')),
      list: first(objects.list('')),
      ping: objects.ping(),
      prepare: objects.prepare(),
    }
    const began = performance.now()
    const outcomes = await Promise.allSettled(Object.values(asked))
    for (const [i, what] of Object.keys(asked).entries())
      expect(outcomes[i], what).to.deep.include({ status: 'rejected' }).and.nested.include(told)
    expect(performance.now() - began).to.be.below(5 * silenceMs)
    await eventually(() => expect(server.connections()).to.equal(0))
  })

  it('falls silent in the midst of an object breaks it off, also where its reader took a while', async () => {
    const objects = await served((_request, response) => {
      response.writeHead(200, { 'Content-Length': 2000 }).write(Buffer.alloc(1000))
    })
    const slowly = async (object: Readable) => {
      await delay(3 * silenceMs)
      return buffer(object)
    }
    for (const read of [buffer, slowly]) {
      const error = await read(await objects.get('k')).catch((error: unknown) => error)
      expect(error, read.name).to.include({ code: 'ETIMEDOUT' })
    }
  })

  it('answers while nobody can hear it, since this process stands still, is heard after that', async () => {
    const objects = await served((_request, response) => {
      response.writeHead(200, { 'Content-Length': 1 }).end('x')
      for (const until = performance.now() + 2 * silenceMs; performance.now() < until;);
    })
    expect(await buffer(await objects.get('k'))).to.have.length(1)
  })

  it('is slow, and moves, is waited for', async () => {
    const pieces = 12
    const objects = await served((_request, response) => {
      response.writeHead(200, { 'Content-Length': pieces })
      void (async () => {
        for (let i = 0; i < pieces; i++) {
          await delay(silenceMs / 4)
          response.write('x')
        }
      })()
    })
    expect(await buffer(await objects.get('k'))).to.have.length(pieces)
  })

  it('is read by somebody who takes a long time, or given what comes slowly, is not the one to blame', async () => {
    const objects = await served((request, response) => {
      if (request.method === 'GET') return void response.end(Buffer.alloc(size))
      request.resume().on('end', () => response.setHeader('ETag', '"1"').end())
    })
    const object = await objects.get('k')
    const [kept] = await Promise.all([objects.put('k', bytesOf(10, 3 * silenceMs), 'audio/wav'), delay(3 * silenceMs)])
    expect(kept.size_bytes).to.equal(10)
    let read = 0
    for await (const chunk of object) {
      if (read === 0) await delay(3 * silenceMs)
      read += (chunk as Buffer).length
    }
    expect(read).to.equal(size)
  })
})
