import fs from 'node:fs'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { frame } from '../../embedded/eventstore/wire/call.ts'
import { BatchAppendResp, ReadReq, ReadResp, SupportedMethods } from '../../embedded/eventstore/wire/messages.ts'
import { decode } from '../../embedded/eventstore/wire/protobuf.ts'

/**
 * What a client can do at best: a server with nothing behind it. Appends are acknowledged and forgotten; reads are answered
 * with frames recorded beforehand, in writes of 64 KiB. Its argument is the folder with the recordings.
 */
const [folder = '.'] = process.argv.slice(2)
const WRITE = 64 * 1024
const PREFIX = 5

const recordings = new Map<string, { bytes: Buffer; count: number }>()

function recording(name: string): { bytes: Buffer; count: number } {
  let found = recordings.get(name)
  if (!found) {
    const bytes = fs.readFileSync(path.join(folder, name))
    let count = 0
    for (let at = 0; at < bytes.length; at += PREFIX + bytes.readUInt32BE(at + 1)) count++
    recordings.set(name, (found = { bytes, count }))
  }
  return found
}

const put = (stream: http2.ServerHttp2Stream, bytes: Buffer) =>
  stream.write(bytes) || new Promise<void>((resolve) => stream.once('drain', resolve))

/** $all from `all`, over and over until there are as many as wanted; a stream once from `stream`; a subscription `all` once. */
async function read(stream: http2.ServerHttp2Stream, request: Buffer): Promise<void> {
  const { options = {} } = decode(ReadReq, request.subarray(PREFIX))
  const { bytes, count } = recording(options.stream ? 'stream' : 'all')
  const times = options.stream || options.subscription ? 1 : Math.ceil((options.count ?? 0) / count)
  if (options.subscription) stream.write(frame(ReadResp, { confirmation: { subscriptionId: 'ceiling' } }))
  for (let time = 0; time < times; time++)
    for (let at = 0; at < bytes.length && !stream.destroyed; at += WRITE)
      await put(stream, bytes.subarray(at, at + WRITE))
  if (options.subscription) stream.write(frame(ReadResp, { caughtUp: true }))
  else stream.end()
}

/** Of a BatchAppendReq only what an answer needs. */
const Batch = { correlationId: [1, 'bytes'], isFinal: [4, 'bool'] } as const

function acknowledge(stream: http2.ServerHttp2Stream): void {
  let held: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= PREFIX && held.length >= PREFIX + held.readUInt32BE(1)) {
      const end = PREFIX + held.readUInt32BE(1)
      const { correlationId, isFinal } = decode(Batch, held.subarray(PREFIX, end))
      held = held.subarray(end)
      if (isFinal) stream.write(frame(BatchAppendResp, { correlationId, success: { currentRevision: 0 } }))
    }
  })
  stream.once('end', () => stream.end())
}

function features(stream: http2.ServerHttp2Stream): void {
  const method = { serviceName: 'event_store.client.streams.streams', methodName: 'batchappend', features: [] }
  stream.end(frame(SupportedMethods, { methods: [method], serverVersion: '24.10.0' }))
}

const server = http2.createServer({ settings: { initialWindowSize: 1024 * 1024 }, maxSessionMemory: 256 })
server.on('session', (session: http2.ServerHttp2Session) => session.setLocalWindowSize(1024 * 1024))
server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
  stream.on('error', () => {})
  stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const [, , method] = headers[':path']!.split('/')
  if (method === 'BatchAppend') acknowledge(stream)
  else if (method === 'Read') stream.once('data', (request: Buffer) => void read(stream, request))
  else features(stream.resume())
})
process.once('SIGTERM', () => process.exit(0))
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })))
