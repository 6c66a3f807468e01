import { expect } from 'chai'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { personalFields } from '../../domain/events.ts'
import { connectDatabase } from '../../ops/platform/database.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { createMetrics, type Metrics } from '../../ops/platform/metrics.ts'
import { Id, Problem, route } from '../../ops/platform/route.ts'
import { measureProjections } from '../../ops/projections/metrics.ts'
import { listenForScrapes, missingObjects, mountMetrics, requestDurations } from '../../ops/server/metrics.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { served } from '../served.ts'
import { specLog } from '../system.ts'

const token = 'what the scraper shows'
const bearer = (text: string) => ({ Authorization: `Bearer ${text}` })

describe('metrics', () => {
  let metrics: Metrics
  const open: (() => Promise<unknown>)[] = []
  beforeEach(() => (metrics = createMetrics()))
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })
  async function listening(given?: string) {
    const listener = await listenForScrapes({ address: '127.0.0.1:0', metrics, token: given, log: specLog })
    open.push(listener.close)
    return { port: listener.port, api: apiOf(`http://127.0.0.1:${listener.port}`) }
  }

  it('are there beside the API for whoever shows the token, and for nobody else', async () => {
    const server = await served([], { mount: (app) => mountMetrics(app, metrics, token) })
    open.push(server.close)
    const api = apiOf(server.url)
    for (const headers of [{}, bearer('wrong'), bearer(''), bearer(`${token}x`), { Authorization: `Basic ${token}` }]) {
      const answer = await api.get('/metrics', headers)
      expectProblem(answer, 401, 'unauthenticated')
      expect(answer.headers.get('WWW-Authenticate')).to.equal('Bearer')
    }
    const answer = await api.get('/metrics', bearer(token))
    expect(answer.status).to.equal(200)
    expect(answer.headers.get('Content-Type')).to.match(/^text\/plain; version=0\.0\.4/)
    expect(answer.bytes.toString()).to.match(/^process_cpu_seconds_total \d/m)
    expectProblem(await api.post('/metrics', {}, bearer(token)), 404, 'not_found')
  })

  it('are there at an address of their own, with nothing else', async () => {
    const { api, port } = await listening()
    expect((await api.get('/metrics')).bytes.toString()).to.match(/^nodejs_eventloop_lag_seconds \d/m)
    expect((await api.head('/metrics?of=all')).status).to.equal(200)
    for (const path of ['/', '/metrics/x', '/api/v1/projections', '/health'])
      expect((await api.get(path)).status, path).to.equal(404)
    expect((await api.post('/metrics')).status).to.equal(405)
    const second = listenForScrapes({ address: `127.0.0.1:${port}`, metrics, token: undefined, log: specLog })
    expect(await second.catch((error: Error) => error.message)).to.equal(
      `127.0.0.1:${port} is in use: stop what listens there, or set METRICS_ADDR`,
    )
  })

  it('ask for the token there too, where there is one', async () => {
    const { api } = await listening(token)
    expect((await api.get('/metrics')).status).to.equal(401)
    expect((await api.get('/metrics', bearer(token))).status).to.equal(200)
  })

  it('are gathered once for those who ask at the same time, and anew for the next', async () => {
    let looks = 0
    metrics.beforeScrape(() => Promise.resolve(void looks++))
    await Promise.all([metrics.scrape(), metrics.scrape()])
    expect(looks).to.equal(1)
    await metrics.scrape()
    expect(looks).to.equal(2)
  })

  it('time requests by the pattern of their route, never by the path', async () => {
    let asked = (): void => undefined
    const waiting = new Promise<void>((resolve) => (asked = resolve))
    const answers = { 200: z.object({}) }
    const common = { method: 'GET', permission: 'public', answers } as const
    const server = await served(
      [
        route({ ...common, path: '/things/:id', params: Id, run: () => Promise.resolve({ status: 200, body: {} }) }),
        route({ ...common, path: '/refused', run: () => Promise.reject(new Problem('contended', 'so')) }),
        route({ ...common, path: '/never', run: () => (asked(), new Promise(() => undefined)) }),
      ],
      { measure: requestDurations(metrics) },
    )
    open.push(server.close)
    const api = apiOf(server.url)
    const ids = ['0b1c2d3e-0000-4000-8000-000000000001', '0b1c2d3e-0000-4000-8000-000000000002']
    for (const id of ids) await api.get(`/things/${id}`)
    await api.head(`/things/${ids[0]}`)
    await api.get('/refused')
    await api.get('/nowhere/at-all')
    const impatient = new AbortController()
    const gone = fetch(`${server.url}/never`, { signal: impatient.signal }).catch(() => undefined)
    await waiting
    impatient.abort()
    await gone

    const counts = (text: string) =>
      [...text.matchAll(/^http_request_duration_seconds_count\{method="(\w+)",route="(.*)",status="(\d+)"\} (\d+)$/gm)]
        .map(([, ...found]) => found.join(' '))
        .sort()
    await eventually(async () => {
      const text = await metrics.scrape()
      expect(counts(text)).to.deep.equal([
        'GET /never 499 1',
        'GET /refused 409 1',
        'GET /things/:id 200 2',
        // The other one asked for the OpenAPI document, which these routes have not.
        'GET none 404 2',
        'HEAD /things/:id 200 1',
      ])
      expect(text).to.not.match(/0b1c2d3e|nowhere/)
    })
  })

  it('count requests for what the store has lost, and no other refusal', async () => {
    const refused = (code: 'object_missing' | 'contended') =>
      route({
        ...{ method: 'GET', path: `/${code}`, permission: 'public', answers: { 200: z.object({}) } },
        run: () => Promise.resolve({ status: 200, stream: () => Promise.reject(new Problem(code, 'so')) }),
      })
    const routes = [refused('object_missing'), refused('contended')]
    const server = await served(routes, { onObjectMissing: missingObjects(metrics) })
    open.push(server.close)
    const counted = async () => /^xylolabs_objects_missing_total (\d+)$/m.exec(await metrics.scrape())?.[1]
    expect(await counted()).to.equal('0')
    for (const path of ['/object_missing', '/contended', '/object_missing', '/nowhere'])
      await apiOf(server.url).get(path)
    expect(await counted()).to.equal('2')
  })

  describe('of servers that are away', () => {
    let connections: Socket[]
    /** Takes connections and says nothing. */
    async function silence(): Promise<number> {
      connections = []
      const server = createServer((socket) => void connections.push(socket))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      open.push(async () => {
        for (const socket of connections) socket.destroy()
        await new Promise((resolve) => server.close(resolve))
      })
      return (server.address() as AddressInfo).port
    }
    function connected(postgresPort: number) {
      const url = `postgres://somebody:secret@127.0.0.1:${postgresPort}/db`
      const database = connectDatabase({ url, maxConnections: 20, onError: () => undefined })
      const store = connectEventStore({ url: 'esdb://127.0.0.1:1?tls=false', secret: 'x'.repeat(32), personalFields })
      open.push(() => Promise.all([database.end(), store.close()]))
      return { database, store }
    }
    function expectNothingKnown(text: string) {
      expect(text).to.match(/^server_up\{server="postgres"\} 0$/m)
      expect(text).to.match(/^server_up\{server="event_store"\} 0$/m)
      expect(text).to.match(/^process_cpu_seconds_total/m)
      expect(text).to.not.match(/^projection_/m)
    }

    it('say so, and the rest', async () => {
      const deps = connected(1)
      measureProjections(metrics, () => deps)
      const { api } = await listening()
      const { status, bytes } = await api.get('/metrics')
      expect(status).to.equal(200)
      expectNothingKnown(bytes.toString())
    })

    it('say so before there is any connection', async () => {
      measureProjections(metrics, () => undefined)
      expectNothingKnown(await metrics.scrape())
    })

    it('wait no longer for one that is silent, and ask it nothing more while it is', async () => {
      const deps = connected(await silence())
      measureProjections(metrics, () => deps, 40)
      const unhandled: unknown[] = [] // The product would end with it; mocha does not look.
      const hear = (reason: unknown) => unhandled.push(reason)
      process.on('unhandledRejection', hear)
      open.push(() => Promise.resolve(process.off('unhandledRejection', hear)))
      for (let i = 0; i < 5; i++) expectNothingKnown(await metrics.scrape())
      expect(connections).to.have.length(2)
      expect(unhandled).to.deep.equal([])
    })
  })
})
