import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server as TcpServer, type Socket } from 'node:net'

/** Anything that listens on a port of its own. */
export interface Listening {
  url: string
  port: number
  /** How many are open. */
  connections(): number
  close(): Promise<void>
}

/** Listens on loopback; `port`: one that was listened on before. Closing breaks off whatever is going on. */
export async function listening(server: Server | TcpServer, port = 0, protocol = 'http'): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve()))
  const { port: given } = server.address() as AddressInfo
  return {
    url: `${protocol}://127.0.0.1:${given}`,
    port: given,
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

export const answering = (listener: RequestListener, port?: number) => listening(createServer(listener), port)

/** For what is no HTTP. */
export const speaking = (speak: (socket: Socket) => void) => listening(createTcp(speak))

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** What a server that speaks the protocol is like; may be changed while it runs. */
export interface Manner {
  live: boolean
  ready: boolean
  /** Its versions by model; those of `unready` are there and not ready. */
  models: Record<string, string[]>
  unready: Pick<ReadonlySet<string>, 'has'>
  extensions: string[]
  /** Asked for with each request, where it is not empty. */
  token: string
  /** Answers an infer request by itself. */
  infer?: RequestListener
}

/** It says so many times more that it is not live, and then that it is. */
export function badTimes(manner: Manner, times: number): void {
  Object.defineProperty(manner, 'live', { configurable: true, enumerable: true, get: () => times-- <= 0 })
}

export interface InferenceServer extends Listening {
  manner: Manner
  /** `GET /v2`, in the order in which they came. */
  asked: string[]
  /** The headers and bodies of infer requests. */
  inferred: { headers: IncomingHttpHeaders; body: Buffer }[]
}

/** A server that speaks the Open Inference Protocol, and answers each input as an output of the same name. */
export async function inferenceServer(manner: Partial<Manner> = {}, port?: number): Promise<InferenceServer> {
  const all: Manner = {
    ...{ live: true, ready: true, models: {}, unready: new Set(), extensions: ['binary_tensor_data'], token: '' },
    ...manner,
  }
  const asked: InferenceServer['asked'] = []
  const inferred: InferenceServer['inferred'] = []
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request
    asked.push(`${method} ${url}`)
    const say = (status: number, body?: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
    if (all.token !== '' && headers.authorization !== `Bearer ${all.token}`) return say(401, { error: 'who are you?' })
    if (url === '/v2/health/live') return say(all.live ? 200 : 503)
    if (url === '/v2/health/ready') return say(all.ready ? 200 : 503)
    if (url === '/v2') return say(200, { name: 'spec', version: '1', extensions: all.extensions })
    const [, name = '', version, what] =
      /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/.exec(url) ?? []
    const versions = all.models[decodeURIComponent(name)]
    const isThere = versions !== undefined && (version === undefined || versions.includes(version))
    if (!isThere) return say(404, { error: 'no such model' })
    if (what === undefined) return say(200, { name, versions, platform: 'spec' })
    const isReady = !all.unready.has(name) && !all.unready.has(`${name} ${version ?? ''}`)
    if (what === 'ready') return say(isReady ? 200 : 400)
    if (all.infer) return all.infer(request, response)
    void bodyOf(request).then((body) => {
      inferred.push({ headers, body })
      const given = headers['inference-header-content-length']
      const end = given === undefined ? body.length : Number(given)
      const { inputs } = JSON.parse(body.subarray(0, end).toString()) as { inputs: object[] }
      const head = Buffer.from(
        JSON.stringify({ model_name: name, model_version: version ?? versions.at(-1), outputs: inputs }),
      )
      if (given === undefined) return response.end(head)
      response.setHeader('inference-header-content-length', head.length)
      response.end(Buffer.concat([head, body.subarray(end)]))
    })
  }
  return { ...(await answering(listener, port)), manner: all, asked, inferred }
}
