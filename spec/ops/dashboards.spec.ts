import { expect } from 'chai'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { buildDashboards } from '../../ops/platform/dashboards.mjs'
import { route } from '../../ops/platform/route.ts'
import { mountDashboards } from '../../ops/server/dashboards.ts'
import { served } from '../served.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'dashboards-spec-'))
function write(root: string, file: string, text: string) {
  mkdirSync(join(root, file, '..'), { recursive: true })
  writeFileSync(join(root, file), text)
}

describe('serving the dashboards', () => {
  const [admin, operator] = [folder(), folder()]
  let site: Awaited<ReturnType<typeof served>>
  const script = `console.log(${JSON.stringify('x'.repeat(2000))})`
  before(async () => {
    write(admin, 'index.html', '<!doctype html><head><base href="/" /><title>admin</title></head>')
    write(admin, 'icon.svg', '<svg/>')
    write(admin, 'assets/index-AbCd_-12.js', script)
    write(admin, 'assets/index-AbCd_-12.js.br', 'brotli')
    write(admin, 'assets/index-AbCd_-12.js.gz', 'gzip')
    write(admin, '../dashboards-spec-secret', 'secret')
    const things = route({
      ...{ method: 'GET', path: '/api/v1/things', permission: 'device:read' },
      answers: { 200: z.object({}) },
      run: () => Promise.resolve({ status: 200, body: {} }),
    })
    site = await served([things], {
      mount: (app) =>
        mountDashboards(app, [
          { ...{ name: 'admin', prefix: '/admin/', directory: admin, builtBy: 'npm run build:web' }, hosts: [] },
          {
            ...{ name: 'operator', prefix: '/app/', directory: operator, builtBy: 'npm run build:web' },
            hosts: ['listen.example.test'],
          },
        ]),
    })
  })
  after(async () => {
    await site.close()
    for (const one of [admin, operator, join(admin, '../dashboards-spec-secret')]) rmSync(one, { recursive: true })
  })

  interface Answer {
    status: number
    headers: IncomingHttpHeaders
    text: string
  }
  /** By hand: `fetch` tidies paths and sets no Host. */
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      const { hostname, port } = new URL(site.url)
      get({ hostname, port, path, headers, method }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      }).on('error', reject)
    })

  it('answers every place within with the page, which knows where it is', async () => {
    for (const path of ['/admin/', '/admin/devices', '/admin/devices/3?tab=history', '/admin/index']) {
      const { status, text, headers } = await ask(path)
      expect({ path, status }).to.deep.equal({ path, status: 200 })
      expect(text).to.include('<base href="/admin/"').and.include('<title>admin')
      expect(headers['cache-control']).to.equal('no-cache')
    }
    const bare = await ask('/admin')
    expect([bare.status, bare.headers.location]).to.deep.equal([308, '/admin/'])
  })

  it('lets no script run but its own files, nowhere be framed, and nothing be asked of others', async () => {
    const policy = String((await ask('/admin/')).headers['content-security-policy'])
    const of = (name: string) => policy.split('; ').find((part) => part.startsWith(`${name} `))
    expect(of('script-src')).to.equal("script-src 'self'")
    expect(of('default-src')).to.equal("default-src 'none'")
    expect(of('frame-ancestors')).to.equal("frame-ancestors 'none'")
    expect(policy).not.to.match(/https?:|\*|unsafe-eval/)
  })

  it('sends hashed files compressed, for good; others to be asked about again', async () => {
    const path = '/admin/assets/index-AbCd_-12.js'
    for (const [accepted, encoding, text] of [
      ['gzip, deflate, br', 'br', 'brotli'],
      ['gzip', 'gzip', 'gzip'],
      ['identity', undefined, script],
    ] as const) {
      const answer = await ask(path, { 'Accept-Encoding': accepted })
      expect(answer.headers['content-encoding']).to.equal(encoding)
      expect(answer.text).to.equal(text)
      expect(answer.headers['content-type']).to.match(/^text\/javascript/)
      expect(answer.headers.vary).to.include('Accept-Encoding')
      expect(answer.headers['cache-control']).to.equal('public, max-age=31536000, immutable')
    }
    expect((await ask('/admin/icon.svg')).headers['cache-control']).to.equal('no-cache')
  })

  it('knows what a browser has already, and answers HEAD', async () => {
    for (const path of ['/admin/', '/admin/icon.svg']) {
      const { etag } = (await ask(path)).headers
      expect((await ask(path, { 'If-None-Match': etag! })).status, path).to.equal(304)
      const head = await ask(path, {}, 'HEAD')
      expect([head.status, head.text, head.headers.etag]).to.deep.equal([200, '', etag])
      expect(Number(head.headers['content-length'])).to.be.above(0)
    }
  })

  it('has no page for a file that is not there, and none of what is outside or hidden', async () => {
    write(admin, '.built', 'digest')
    for (const path of ['/admin/assets/index-00000000.js', '/admin/missing.css', '/admin/assets/'])
      expect((await ask(path)).status, path).to.equal(404)
    const outside = [
      '..%2fdashboards-spec-secret',
      '../dashboards-spec-secret',
      '%2e%2e/dashboards-spec-secret',
      '.built',
    ]
    for (const path of outside) expect((await ask(`/admin/${path}`)).text, path).not.to.match(/secret$|^digest/)
    expect((await ask('/admin/%')).status).to.equal(404)
  })

  it('never takes the place of the API, wherever it is', async () => {
    for (const Host of ['localhost', 'admin.example.test', 'listen.example.test']) {
      expect((await ask('/api/v1/things', { Host })).text).to.equal('{}')
      const unknown = await ask('/api/v1/nothing', { Host })
      expect([unknown.status, JSON.parse(unknown.text).code]).to.deep.equal([404, 'not_found'])
    }
    expect((await ask('/devices')).status).to.equal(404)
  })

  it('is the root of its own hosts: named ones, else those that begin with its word', async () => {
    const page = (Host: string, path = '/devices') => ask(path, { Host })
    expect((await page('admin.example.test')).text).to.include('<base href="/"')
    expect((await page('admin.example.test:8443')).text).to.include('<title>admin')
    expect((await page('listen.example.test')).text).to.include('operator')
    expect((await page('app.example.test')).status).to.equal(404)
  })

  it('says how to build what is not there', async () => {
    const { status, text } = await ask('/app/')
    expect(status).to.equal(503)
    expect(text).to.include('npm run build:web')
  })
})

describe('building the dashboards', () => {
  const root = folder()
  after(() => rmSync(root, { recursive: true }))
  const said: string[] = []
  const build = () => buildDashboards(root, (line: string) => said.push(line))
  const built = () => readFileSync(join(root, 'frontend/dist/index.js'), 'utf8').slice(0, 3)

  before(() => {
    // Stands in for vite: what is built is the source, unless that is no source at all.
    const vite = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
      const text = readFileSync('src/main.tsx', 'utf8')
      if (text === 'broken') { console.error('main.tsx:1 is broken'); process.exit(1) }
      const to = process.argv[process.argv.indexOf('--outDir') + 1]
      mkdirSync(to); writeFileSync(to + '/index.js', text.padEnd(3000))`
    write(root, 'node_modules/vite/bin/vite.js', vite)
    write(root, 'node_modules/vite/package.json', '{"type":"module"}')
    write(root, 'frontend/package.json', '{}')
    write(root, 'frontend/src/main.tsx', 'one')
    write(root, 'packages/web-shared/src/theme.ts', 'blue')
  })
  beforeEach(() => said.splice(0))

  it('is done once, compressed beside, and not again for what has not changed', async () => {
    expect(await build()).to.equal(true)
    expect(said).to.deep.equal(['Building frontend'])
    expect(readdirSync(join(root, 'frontend/dist'))).to.have.members([
      '.built',
      'index.js',
      'index.js.br',
      'index.js.gz',
    ])
    said.splice(0)
    write(root, 'frontend/src/main.tsx', 'one')
    expect(await build()).to.equal(true)
    expect(said).to.deep.equal([])
  })

  it('is done again when a source has changed, its own or what is shared', async () => {
    write(root, 'frontend/src/main.tsx', 'two')
    await build()
    expect(built()).to.equal('two')
    write(root, 'packages/web-shared/src/theme.ts', 'red')
    await build()
    expect(said).to.have.lengthOf(2)
  })

  it('leaves what was there where it fails, and says why', async () => {
    write(root, 'frontend/src/main.tsx', 'broken')
    expect(await build()).to.equal(false)
    expect(said.join()).to.include('main.tsx:1 is broken')
    expect(built()).to.equal('two')
    expect(readdirSync(join(root, 'frontend'))).to.have.members(['dist', 'package.json', 'src'])
  })
})
