import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import type { Site } from '../../ops/deploy/nginx/site.ts'
import { eventually } from '../eventually.ts'
import { askNginx, type Nginx, startNginx } from '../nginx.ts'
import { wavOf } from '../sounds.ts'
import { anotherInstance, newFacility, type System, temporaryDataDir, theSystem, unique } from '../system.ts'
import { metadataOf, tusPath } from '../tus.ts'

const MIB = 1 << 20
const mostBytes = (process.env['SPEC_LONG'] ? 100 : 20) * MIB
const site: Site = {
  api: 'api.example.test',
  admin: ['admin.api.example.test'],
  app: ['app.example.test'],
  docs: 'docs.api.example.test',
  uploadBytes: mostBytes,
  firmwareBytes: 4 * MIB,
  proxies: 1,
}
const [admin, app] = [site.admin[0]!, site.app[0]!]

/** Passes all on to a port, and keeps what was sent there: what nginx hands on, and when. */
async function tap(port: number) {
  const sockets = new Set<Socket>()
  const seen = { bytes: 0, head: '' }
  const server: Server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    sockets.add(from).add(to)
    from.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.length
      seen.head = (seen.head + chunk.toString('latin1')).slice(-64 * 1024)
    })
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      one
        .pipe(other)
        .on('error', () => undefined)
        .on('close', () => one.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const end = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
  return { port: (server.address() as AddressInfo).port, seen, end }
}

describe('behind nginx', function () {
  this.timeout(process.env['SPEC_LONG'] ? 300_000 : 60_000)
  const folder = temporaryDataDir()
  let system: System
  let instance: { url: string; stop: () => Promise<void> }
  let upstream: Awaited<ReturnType<typeof tap>>
  let nginx: Nginx
  let sensor: Record<string, string>
  let authorization: Record<string, string>
  let facilityId: string

  before(async () => {
    system = await theSystem()
    for (const name of ['admin', 'app']) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'index.html'), `<!doctype html><base href="/" /><title>the ${name} page</title>`)
    }
    instance = await anotherInstance(system, {
      ...{ UPLOAD_MAX_SIZE: site.uploadBytes, FIRMWARE_MAX_SIZE: site.firmwareBytes, TRUST_PROXY: site.proxies },
      ...{ ADMIN_HOSTS: [...site.admin], APP_HOSTS: [...site.app] },
      ...{ STATIC_DIR: join(folder, 'admin'), STATIC_DIR_APP: join(folder, 'app') },
    })
    upstream = await tap(Number(new URL(instance.url).port))
    nginx = await startNginx(folder, site, `127.0.0.1:${upstream.port}`, 'http')
    const facility = await newFacility(system)
    facilityId = facility.id
    sensor = { 'X-API-Key': facility.key.api_key }
    const { email, password } = facility.facilityAdmin
    const login = await fetch(`${instance.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    })
    authorization = { Authorization: `Bearer ${((await login.json()) as { access_token: string }).access_token}` }
    writeFileSync(join(nginx.places.webroot, '.well-known/acme-challenge/token'), 'what was agreed')
    writeFileSync(join(nginx.places.docs, 'index.html'), '<!doctype html><title>documentation</title>')
    writeFileSync(join(nginx.places.docs, 'deployment.html'), '<!doctype html><title>deployment</title>')
  })
  after(async () => {
    await nginx?.end()
    await upstream?.end()
    await instance?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const challenge = (host: string) => askNginx(nginx, host, '/.well-known/acme-challenge/token', { plain: true })

  it('answers challenges alone before there is a certificate, then turns to TLS as the same process', async () => {
    for (const host of [site.api, admin, app, site.docs!]) {
      expect((await challenge(host)).bytes.toString()).to.equal('what was agreed')
      const { status, headers } = await askNginx(nginx, host, '/api/auth/login', { method: 'POST', plain: true })
      expect([status, headers['retry-after']], host).to.deep.equal([503, '60'])
    }
    expect(upstream.seen.bytes, 'passed on without TLS').to.equal(0)
    await nginx.turnTo('tls')
    await eventually(async () => {
      expect((await askNginx(nginx, site.api, '/health')).status).to.equal(200)
      expect((await askNginx(nginx, site.api, '/', { plain: true })).status).to.equal(301)
    })
    expect(Number(readFileSync(join(folder, 'nginx.own.pid'), 'utf8'))).to.equal(nginx.pid)
  })

  it('sends whoever comes without TLS to the same place with it, and still answers challenges', async () => {
    for (const host of [site.api, admin, app, site.docs!]) {
      const { status, headers } = await askNginx(nginx, host, '/a/b?c=d', { plain: true })
      expect([status, headers.location]).to.deep.equal([301, `https://${host}/a/b?c=d`])
      expect((await challenge(host)).bytes.toString()).to.equal('what was agreed')
    }
    const stranger = await askNginx(nginx, 'other.example.test', '/', { plain: true }).catch((error: Error) => error)
    expect(stranger).to.be.an('error')
  })

  it('shakes hands for its own names alone', async () => {
    const shaken = (servername: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: nginx.httpsPort, servername, rejectUnauthorized: false })
        socket.on('error', () => resolve(false)).on('secureConnect', () => socket.end() && resolve(true))
      })
    expect(await shaken(site.api)).to.equal(true)
    for (const name of ['other.example.test', 'example.test', '']) expect(await shaken(name), name).to.equal(false)
  })

  it('speaks HTTP/2', async () => {
    const session = connectHttp2(`https://127.0.0.1:${nginx.httpsPort}`, { servername: site.api, ca: nginx.ca })
    const request = session.request({ ':path': '/health', ':authority': site.api })
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>]
    request.resume()
    await once(request, 'end')
    session.close()
    expect([session.alpnProtocol, headers[':status']]).to.deep.equal(['h2', 200])
  })

  it('shows each host what it is for', async () => {
    const page = async (host: string, path: string) => (await askNginx(nginx, host, path)).bytes.toString()
    expect(await page(admin, '/facilities')).to.include('the admin page')
    expect(await page(app, '/recordings')).to.include('the app page')
    expect((await askNginx(nginx, site.docs!, '/')).raw.join()).to.match(/location,\S*\/docs\//i)
    expect(await page(site.docs!, '/docs/')).to.include('documentation')
    expect(await page(site.docs!, '/docs/deployment')).to.include('deployment')
    for (const path of ['/none', '/docs/none']) expect((await askNginx(nginx, site.docs!, path)).status).to.equal(404)
    for (const host of [site.api, admin, app])
      expect((await askNginx(nginx, host, '/api/v1/facilities')).body.code).to.equal('unauthenticated')
  })

  it('gives every answer the security headers, once', async () => {
    const answers = await Promise.all([
      ...[site.api, admin, app].map((host) => askNginx(nginx, host, '/health')),
      ...['/docs/', '/none'].map((path) => askNginx(nginx, site.docs!, path)),
      askNginx(nginx, admin, '/'),
      askNginx(nginx, site.api, '/api/v1/none'),
      askNginx(nginx, site.api, '/api/auth/login', { method: 'POST', body: Buffer.alloc(3 * MIB) }),
    ])
    const wanted = ['strict-transport-security', 'x-content-type-options', 'x-frame-options', 'referrer-policy']
    for (const { status, raw } of answers) {
      const names = raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
      for (const name of wanted)
        expect(names.filter((one) => one === name).length, `${name} of a ${status}`).to.equal(1)
      expect(raw.join('\n')).not.to.match(/nginx\/\d/)
    }
    for (const { headers } of answers.filter(({ status, bytes }) => status === 200 && /<title>/.test(`${bytes}`)))
      expect(headers['content-security-policy']).to.include("frame-ancestors 'none'")
  })

  it('says who asks, and believes nobody who says so themselves', async () => {
    const headers = {
      ...{ 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Host': admin, 'X-Forwarded-Proto': 'http' },
      ...{ Forwarded: 'for=203.0.113.7', 'X-Request-Id': unique('asked') },
    }
    const { bytes, headers: given } = await askNginx(nginx, site.api, '/facilities', { headers })
    expect(bytes.toString()).not.to.include('the admin page')
    expect(given['x-request-id']).to.equal(headers['X-Request-Id'])
    const passedOn = upstream.seen.head.slice(upstream.seen.head.lastIndexOf('GET /facilities'))
    expect(passedOn)
      .to.match(/^x-forwarded-for: 127\.0\.0\.1\r$/im)
      .and.match(/^x-forwarded-proto: https\r$/im)
    expect(passedOn)
      .to.match(/^x-forwarded-host: api\.example\.test\r$/im)
      .and.not.include('203.0.113.7')
  })

  let uploadId: string
  let recording: Buffer
  const boundary = 'the-boundary'
  const multipart = (name: string, bytes: Buffer, more: Record<string, string> = {}) =>
    Buffer.concat([
      ...Object.entries(more).map(([field, value]) =>
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`),
      ),
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`),
      bytes,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ])
  const formHeaders = (length: number) => ({
    'Content-Type': `multipart/form-data; boundary=${boundary}`,
    'Content-Length': String(length),
  })

  it(`hands on an upload of ${mostBytes / MIB} MiB as it comes, with nothing on its own disk`, async () => {
    // Few seconds of much: what is made of it takes no time.
    recording = wavOf(Buffer.alloc(mostBytes - 44), { rate: 192_000, channels: 8, bits: 32 })
    const form = multipart('large.wav', recording)
    const half = form.length / 2
    const before = upstream.seen.bytes
    async function* inHalves() {
      for (let at = 0; at < half; at += MIB / 4) yield form.subarray(at, Math.min(at + MIB / 4, half))
      await eventually(() => expect(upstream.seen.bytes - before, 'handed on').to.be.above(half - MIB / 2))
      expect(nginx.spooled()).to.deep.equal([])
      for (let at = half; at < form.length; at += MIB / 4) yield form.subarray(at, at + MIB / 4)
    }
    const { status, body, bytes } = await askNginx(nginx, site.api, '/api/v1/uploads', {
      ...{ method: 'POST', body: inHalves() },
      headers: { ...sensor, ...formHeaders(form.length) },
    })
    expect(status, bytes.toString()).to.equal(201)
    expect(nginx.spooled()).to.deep.equal([])
    uploadId = (body as { id: string }).id
  })

  it('passes ranges and strong tags through, also to whoever takes compressed answers', async () => {
    const path = `/api/v1/uploads/${uploadId}/download`
    const ask = (headers: Record<string, string>) =>
      eventually(async () => {
        const got = await askNginx(nginx, app, path, { headers: { ...authorization, ...headers } })
        expect(got.status).to.be.oneOf([200, 206, 304])
        return got
      })
    const part = await ask({ Range: 'bytes=1000-1999' })
    expect([part.status, part.headers['content-range']]).to.deep.equal([206, `bytes 1000-1999/${mostBytes}`])
    expect(part.bytes.equals(recording.subarray(1000, 2000))).to.equal(true)
    const etag = part.headers.etag!
    expect((await ask({ 'If-None-Match': etag })).status).to.equal(304)
    expect((await ask({ Range: 'bytes=0-9', 'If-Range': etag })).status).to.equal(206)
    const page = await askNginx(nginx, admin, '/', { headers: { 'Accept-Encoding': 'gzip' } })
    expect(page.headers.etag).to.match(/^"/)
    const all = await ask({})
    expect(all.bytes.equals(recording)).to.equal(true)
    expect(nginx.spooled()).to.deep.equal([])
  })

  it('lets a recording come in pieces', async () => {
    const wav = wavOf(Buffer.alloc(3 * MIB), { rate: 192_000, channels: 2 })
    const headers = { ...sensor, 'Tus-Resumable': '1.0.0' }
    const announced = await askNginx(nginx, site.api, tusPath, {
      method: 'POST',
      headers: {
        ...{ ...headers, 'Upload-Length': String(wav.length), 'Content-Length': '0' },
        'Upload-Metadata': metadataOf({ filename: 'pieces.wav' }),
      },
    })
    expect(announced.status, announced.bytes.toString()).to.equal(201)
    const place = announced.headers.location!
    const cut = 2.5 * MIB
    for (const [from, to] of [
      [0, cut],
      [cut, wav.length],
    ] as const) {
      const { status, headers: told } = await askNginx(nginx, site.api, place, {
        ...{ method: 'PATCH', body: wav.subarray(from, to) },
        headers: {
          ...{ ...headers, 'Upload-Offset': String(from), 'Content-Length': String(to - from) },
          'Content-Type': 'application/offset+octet-stream',
        },
      })
      expect([status, told['upload-offset']]).to.deep.equal([204, String(to)])
    }
  })

  it('takes firmware larger than what other paths take', async () => {
    const form = multipart('image.bin', Buffer.alloc(3 * MIB, 1), {
      device_model: unique('xs'),
      version: '1.0.0',
      facility_id: facilityId,
    })
    const { status, bytes } = await askNginx(nginx, admin, '/api/v1/firmware', {
      ...{ method: 'POST', body: form },
      headers: { ...authorization, ...formHeaders(form.length) },
    })
    expect(status, bytes.toString()).to.equal(201)
  })

  it('says what is too large in the same words, whether it or the app refuses', async () => {
    const tooLarge = async (path: string, headers: Record<string, string>, body?: Buffer) => {
      const got = await askNginx(nginx, site.api, path, { method: 'POST', headers, ...(body && { body }) })
      expect([got.status, got.body?.code, got.headers['content-type']?.split(';')[0]], path).to.deep.equal([
        ...[413, 'payload_too_large', 'application/problem+json'],
      ])
      expect(got.body.request_id).to.equal(got.headers['x-request-id'])
    }
    const json = { ...authorization, 'Content-Type': 'application/json' }
    await tooLarge('/api/v1/devices', json, Buffer.alloc(1.5 * MIB, ' '))
    await tooLarge('/api/v1/devices', json, Buffer.alloc(3 * MIB, ' '))
    await tooLarge('/api/v1/uploads', { ...sensor, ...formHeaders(mostBytes + 2 * MIB) }, Buffer.alloc(1))
    const over = multipart('image.bin', Buffer.alloc(site.firmwareBytes + 1), {
      device_model: 'xs',
      version: '1.0.0',
      facility_id: facilityId,
    })
    await tooLarge('/api/v1/firmware', { ...authorization, ...formHeaders(over.length) }, over)
  })

  it('brings the refusal of a body that was not read', async () => {
    const form = multipart('large.wav', Buffer.alloc(mostBytes - MIB))
    async function* slowly() {
      for (let at = 0; at < form.length; at += MIB / 4) yield form.subarray(at, at + MIB / 4)
    }
    const { status, body } = await askNginx(nginx, site.api, '/api/v1/uploads', {
      ...{ method: 'POST', body: slowly(), headers: formHeaders(form.length) },
    })
    expect([status, body?.code]).to.deep.equal([401, 'unauthenticated'])
  })

  it('tells what happens as it happens', async () => {
    const request = httpsRequest({
      ...{ host: '127.0.0.1', port: nginx.httpsPort, servername: app, ca: nginx.ca, agent: false },
      ...{ path: '/api/v1/live', headers: { Host: app, ...authorization, 'Accept-Encoding': 'gzip' } },
    })
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let told = ''
    response.on('data', (chunk: Buffer) => (told += chunk.toString())).on('error', () => undefined)
    const { status, body } = await askNginx(nginx, app, '/api/v1/tags', {
      ...{ method: 'POST', body: Buffer.from(JSON.stringify({ facility_id: facilityId, name: unique('wind') })) },
      headers: { ...authorization, 'Content-Type': 'application/json' },
    })
    expect(status).to.equal(201)
    await eventually(() => expect(told).to.include((body as { id: string }).id), 3000)
    request.destroy()
  })

  it('keeps tokens of links out of its log', async () => {
    await askNginx(nginx, app, `/api/v1/uploads/${uploadId}/stream?format=webm&token=a-secret-token`)
    await eventually(() => {
      const log = readFileSync(join(folder, 'xylolabs.log'), 'utf8')
      expect(log).to.include(`GET /api/v1/uploads/${uploadId}/stream HTTP/1.1" 401`).and.not.include('a-secret-token')
    })
  })

  it('says that the app is away while it is', async () => {
    await upstream.end()
    const { status, body, headers } = await askNginx(nginx, site.api, '/api/v1/facilities', { headers: authorization })
    expect([status, body?.code, headers['retry-after']]).to.deep.equal([503, 'unavailable', '5'])
  })
})
