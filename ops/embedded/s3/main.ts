// The S3 server as a process of its own: one line of JSON on stdin says what to serve, one line on stdout says that it does.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type S3Options, startS3Server } from './server.ts'

const LAST_ANSWERS_MS = 2_000

const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string]
const options = JSON.parse(line) as S3Options
const server = await startS3Server(options)

let stopping = false
function stop(): void {
  if (stopping) return
  stopping = true
  server.close(() => process.exit(0))
  server.closeIdleConnections()
  setTimeout(() => process.exit(0), LAST_ANSWERS_MS).unref()
}
process.on('SIGINT', stop)
process.on('SIGTERM', stop)
// The owner holds the other end of stdin: when it is gone, however it went, so are we.
process.stdin.on('end', stop).on('close', stop).resume()

console.log(JSON.stringify({ ready: true, port: options.port }))
