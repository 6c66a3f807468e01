import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'

// The least that express can do for a request: find its route and answer. Nobody is asked who they are, no body is read. `bareExpress.ts METHOD PATH`.
const [method = '', path = ''] = process.argv.slice(2)
const app = express()
app.disable('x-powered-by')
app[method.toLowerCase() as 'get' | 'post'](path, (_request, response) => void response.status(204).end())
const server = createServer(app)
process.on('SIGTERM', () => process.exit(0))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
