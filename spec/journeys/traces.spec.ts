import { expect } from 'chai'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { closeServer } from '../../ops/server/listening.ts'
import { apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { launch, outsideServers, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { newAdmin, newFacility, specLog, startServers, temporaryDataDir } from '../system.ts'

interface Span {
  role: string
  name: string
  spanId: string
  parentSpanId?: string
  traceId: string
  attributes: Record<string, unknown>
  isError: boolean
}

/** Whoever OpenTelemetry's spans are sent to, as OTLP over HTTP. */
async function collector() {
  const spans: Span[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
        const { 'xylolabs.roles': roles, 'service.name': service } = plain(resource.attributes)
        expect(service).to.equal('xylolabs-api')
        for (const { spans: sent } of scopeSpans)
          for (const { attributes, status, ...span } of sent)
            spans.push({ ...span, role: String(roles), attributes: plain(attributes), isError: status.code === 2 })
      }
      response.setHeader('Content-Type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, spans, close: () => closeServer(server) }
}

const plain = (attributes: { key: string; value: Record<string, any> }[]) =>
  Object.fromEntries(
    attributes.map(({ key, value: { arrayValue, ...value } }) => [
      key,
      arrayValue ? arrayValue.values.map((one: object) => Object.values(one)[0]) : Object.values(value)[0],
    ]),
  )

describe('a trace', function () {
  this.timeout(90_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('of one upload spans the API, the projections and the worker, each a process of its own', async () => {
    const { url: endpoint, spans, close } = await collector()
    lifecycle.onStop('collector', close)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    const env = { ...outsideServers(config), OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' }
    const folder = (name: string) => (mkdirSync(join(dataDir, name)), join(dataDir, name))
    for (const role of ['projections', 'workers'])
      lifecycle.onStop(role, launch([role], { ...env, DATA_DIR: folder(role) }).stop)
    const { url, stop } = await startProcess(folder('api'), { args: ['api'], env })
    lifecycle.onStop('api', stop)
    const admin = await newAdmin(config, url)
    const { key } = await newFacility({ admin, url, as: (headers) => apiOf(url, headers) })
    const [traceId, spanId] = ['c'.repeat(32), 'd'.repeat(16)]
    const sensor = apiOf(url, { 'X-API-Key': key.api_key, traceparent: `00-${traceId}-${spanId}-01` })
    const { status, body } = await sensor.upload(sound('wav', { seconds: 0.3 }))
    expect(status).to.equal(201)
    const refused = await sensor.get('/api/v1/users')
    expect(refused.status).to.equal(403)

    const ofIt = () => spans.filter((span) => span.traceId === traceId)
    // Each process sends its spans when it likes.
    const found = (name: string, holds: (span: Span) => boolean = () => true) =>
      eventually(() => {
        const span = ofIt().find((one) => one.name === name && holds(one))
        expect(span, `${name} of ${JSON.stringify(ofIt())}`).not.to.equal(undefined)
        return span!
      }, 30_000)
    const projectedOf = (type: string) =>
      found('project', ({ attributes }) => attributes['xylolabs.event.type'] === type)
    const completed = await projectedOf('TranscodeCompleted')
    const request = await found('POST /api/v1/uploads')
    expect(request).to.deep.include({ role: 'api', parentSpanId: spanId, isError: false })
    expect(request.attributes).to.include({ 'http.route': '/api/v1/uploads', 'http.response.status_code': 201 })
    const append = await found('append', ({ attributes }) => attributes['xylolabs.stream'] === `upload-${body.id}`)
    expect(append).to.deep.include({ role: 'api', parentSpanId: request.spanId })
    const projected = await projectedOf('UploadReceived')
    expect(projected).to.deep.include({ role: 'projections', parentSpanId: request.spanId })
    const attempt = await found('transcode attempt')
    expect(attempt).to.deep.include({ role: 'workers', parentSpanId: request.spanId, isError: false })
    expect(completed).to.deep.include({ role: 'projections', parentSpanId: attempt.spanId })
    const denied = await found('GET /api/v1/users')
    expect(denied).to.deep.include({ isError: false })
    expect(denied.attributes).to.include({ 'http.response.status_code': 403 })
    expect(JSON.stringify(spans)).not.to.include(key.api_key)
  })
})
