import { randomUUID } from 'node:crypto'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Access } from './access.ts'
import { clusterInfo, supportedMethods } from './cluster.ts'
import type { Stores } from '../streams/cursors.ts'
import { Scavenges } from './operations.ts'
import type { Groups } from '../persistent/groups.ts'
import { persistentRoutes } from '../persistent/service.ts'
import { read } from './reading.ts'
import { Code, Refusal } from '../refusal.ts'
import type { Streams } from '../streams/streams.ts'
import { Call } from '../wire/call.ts'
import { requireOperator, Users } from './users.ts'
import type { User } from './users.ts'
import { append, batchAppend, remove } from './writing.ts'

/** What we say we are: the clients look up what this version can do. */
const VERSION = '24.10.0'
const WINDOW = 1024 * 1024
const GRACE_MS = 1000

export interface ServerOptions {
  host: string
  port: number
  /** Without any, everybody may do everything. */
  users: readonly User[]
  /** Without it the server speaks plaintext. */
  tls: { cert: Buffer; key: Buffer } | undefined
}

interface Route {
  run: (call: Call) => Promise<void>
  anonymous?: true
  operator?: true
  /** What the clients look for before they call. */
  features?: readonly string[]
}

/** The gRPC services over http2. `followers` are the calls to wake when the log advances. */
export class Server {
  readonly #http: http2.Http2Server | http2.Http2SecureServer
  readonly #routes: ReadonlyMap<string, Route>
  readonly #options: ServerOptions
  readonly #users: Users
  readonly #scavenges: Scavenges
  readonly #sessions = new Set<http2.ServerHttp2Session>()
  readonly #calls = new Set<Call>()
  #stopping = false

  constructor(stores: Stores, streams: Streams, followers: Set<Call>, groups: Groups, options: ServerOptions) {
    this.#options = options
    this.#users = new Users(options.users)
    this.#scavenges = new Scavenges(stores, streams)
    this.#routes = routesOf(stores, streams, followers, groups, this.#scavenges)
    const settings = { settings: { initialWindowSize: WINDOW }, maxSessionMemory: 256 }
    this.#http = options.tls
      ? http2.createSecureServer({ ...settings, ...options.tls, allowHTTP1: false })
      : http2.createServer(settings)
    this.#http.on('connection', (socket) => socket.setNoDelay(true))
    this.#http.on('session', (session: http2.ServerHttp2Session) => {
      session.setLocalWindowSize(WINDOW)
      session.on('error', () => session.destroy())
      session.on('close', () => this.#sessions.delete(session))
      this.#sessions.add(session)
    })
    this.#http.on('stream', (stream, headers) => void this.#answer(stream, headers))
  }

  /** Returns the port. Throws what the socket says, e.g. EADDRINUSE. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(this.#options.port, this.#options.host, resolve)
    })
    return (this.#http.address() as AddressInfo).port
  }

  /** Refuses new calls, lets `settled` finish the appends under way, ends what is still open with CANCELLED. */
  async stop(settled: () => Promise<void>): Promise<void> {
    this.#stopping = true
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    await this.#scavenges.settle()
    await settled()
    await new Promise(setImmediate) // their answers
    for (const call of this.#calls) call.cancel('The server is stopping')
    await new Promise(setImmediate)
    for (const session of this.#sessions) session.close()
    const impatient = setTimeout(() => this.#sessions.forEach((session) => session.destroy()), GRACE_MS)
    await closed
    clearTimeout(impatient)
  }

  async #answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> {
    if (!headers['content-type']?.startsWith('application/grpc')) {
      stream.on('error', () => {})
      stream.respond({ ':status': 415 }, { endStream: true })
      return
    }
    const call = new Call(stream, headers)
    this.#calls.add(call)
    try {
      const route = this.#routes.get(call.path)
      if (this.#stopping) throw new Refusal(Code.unavailable, 'The server is stopping')
      if (!route) throw new Refusal(Code.unimplemented, `${call.path} is not served by the embedded event store`)
      if (!route.anonymous) call.caller = this.#users.authenticate(call.authorization)
      if (route.operator) requireOperator(call.caller)
      await route.run(call)
      call.end()
    } catch (error) {
      if (!(error instanceof Refusal) && !call.closed) console.error(`${call.path} failed:`, error)
      call.end(error instanceof Refusal ? error : new Refusal(Code.internal, (error as Error).message))
    } finally {
      this.#calls.delete(call)
    }
  }
}

function routesOf(
  stores: Stores,
  streams: Streams,
  followers: Set<Call>,
  groups: Groups,
  scavenges: Scavenges,
): Map<string, Route> {
  const instanceId = randomUUID()
  const access = new Access(stores.heads)
  const routes = new Map<string, Route>(Object.entries(persistentRoutes(groups, access)))
  const STREAMS = '/event_store.client.streams.Streams'
  routes.set(`${STREAMS}/Read`, { run: (call) => read(call, stores, access, followers) })
  routes.set(`${STREAMS}/Append`, { run: (call) => append(call, streams, access) })
  routes.set(`${STREAMS}/BatchAppend`, { run: (call) => batchAppend(call, streams, access) })
  routes.set(`${STREAMS}/Delete`, { run: (call) => remove(call, streams, access, 'delete') })
  routes.set(`${STREAMS}/Tombstone`, { run: (call) => remove(call, streams, access, 'tombstone') })
  const OPERATIONS = '/event_store.client.operations.Operations'
  routes.set(`${OPERATIONS}/StartScavenge`, { operator: true, run: (call) => scavenges.start(call) })
  routes.set(`${OPERATIONS}/StopScavenge`, { operator: true, run: (call) => scavenges.stop(call) })
  routes.set('/event_store.client.gossip.Gossip/Read', {
    anonymous: true,
    run: (call) => clusterInfo(call, instanceId),
  })
  routes.set('/event_store.client.server_features.ServerFeatures/GetSupportedMethods', {
    anonymous: true,
    run: (call) => supportedMethods(call, routes, VERSION),
  })
  return routes
}
