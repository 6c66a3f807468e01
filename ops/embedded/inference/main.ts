// The inference server as a process of its own: one line of JSON on stdin says where to serve, one line on stdout says that it does.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { startInferenceServer } from './server.ts'
import { silero } from './silero.ts'

const LAST_ANSWERS_MS = 2_000

const [line] = (await once(createInterface({ input: process.stdin }), 'line')) as [string]
const { port } = JSON.parse(line) as { port: number }
const server = await startInferenceServer({ port, models: [silero] })

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

console.log(JSON.stringify({ ready: true, port }))
