import { expect } from 'chai'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../ops/embedded/ports.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { launch, outsideServers, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { newAdmin, newFacility, specLog, startServers, temporaryDataDir, theSystem } from '../system.ts'

describe('who scrapes a running system', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  let env: Record<string, string>
  let servers: ReturnType<typeof startServers>
  before(async () => {
    const { stack, config } = await (servers = startServers(dataDir))
    lifecycle.onStop('stack', () => stack.stop())
    env = outsideServers(config)
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })
  const folder = (name: string) => {
    mkdirSync(join(dataDir, name))
    return join(dataDir, name)
  }

  it('finds each role at its own address, before its servers are there and after', async () => {
    const { DATABASE_URL, ...others } = env
    const away = { ...others, DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' }
    for (const [role, given, postgres] of [
      ['workers', env, 1],
      ['projections', { ...others, DATABASE_URL: DATABASE_URL! }, 1],
      ['projections', away, 0],
    ] as const) {
      const port = await freePort()
      const DATA_DIR = folder(`${role} ${postgres}`)
      const running = launch([role], { ...given, DATA_DIR, METRICS_ADDR: `127.0.0.1:${port}` })
      lifecycle.onStop(role, running.stop)
      await eventually(async () => {
        const { status, bytes } = await apiOf(`http://127.0.0.1:${port}`).get('/metrics')
        expect(status).to.equal(200)
        expect(bytes.toString()).to.include(`server_up{server="postgres"} ${postgres}`)
        if (postgres && role === 'projections')
          expect(bytes.toString()).to.include('projection_state{projection="uploads",version="2",state="live"} 1')
      }, 20_000)
      expect(await running.stop()).to.equal(0)
    }
  })

  it('finds the API at its own address alone, or behind the token', async () => {
    const port = await freePort()
    const [apart, beside] = await Promise.all([
      startProcess(folder('apart'), { args: ['api'], env: { ...env, METRICS_ADDR: `127.0.0.1:${port}` } }),
      startProcess(folder('beside'), { args: ['api'], env: { ...env, METRICS_TOKEN: 'shown by the scraper' } }),
    ])
    try {
      expectProblem(await apiOf(apart.url).get('/metrics'), 404, 'not_found')
      await apiOf(apart.url).get('/api/v1/facilities/0b1c2d3e-0000-4000-8000-000000000001')
      const text = (await apiOf(`http://127.0.0.1:${port}`).get('/metrics')).bytes.toString()
      expect(text).to.include(
        'http_request_duration_seconds_count{method="GET",route="/api/v1/facilities/:id",status="401"} 1',
      )
      expect(text).to.include('server_up{server="event_store"} 1')
      expect(text).to.match(/^xylolabs_objects_missing_total 0$/m)

      expectProblem(await apiOf(beside.url).get('/metrics'), 401, 'unauthenticated')
      const scraper = apiOf(beside.url, { Authorization: 'Bearer shown by the scraper' })
      expect((await scraper.get('/metrics')).bytes.toString()).to.include('server_up{server="postgres"} 1')
    } finally {
      expect(await Promise.all([apart.stop(), beside.stop()])).to.deep.equal([0, 0])
    }
  })

  it('finds what one process has done: what it appended, when that could be read, and how its jobs ended', async () => {
    const METRICS_TOKEN = 'shown by the scraper'
    const { url, stop } = await startProcess(folder('all'), { env: { ...env, METRICS_TOKEN } })
    try {
      const admin = await newAdmin((await servers).config, url)
      const { key } = await newFacility({ admin, url, as: (headers) => apiOf(url, headers) })
      const { status } = await apiOf(url, { 'X-API-Key': key.api_key }).upload(sound('wav', { seconds: 0.3 }))
      expect(status).to.equal(201)
      const scraper = apiOf(url, { Authorization: `Bearer ${METRICS_TOKEN}` })
      const figure = (text: string, name: string) => Number(text.split(`\n${name} `)[1]?.split('\n', 1)[0])
      const text = await eventually(async () => {
        const told = (await scraper.get('/metrics')).bytes.toString()
        expect(figure(told, 'job_attempts_total{kind="transcode",outcome="done"}')).to.equal(1)
        return told
      }, 20_000)
      expect(figure(text, 'events_appended_total{category="upload"}')).to.be.greaterThan(0)
      expect(figure(text, 'append_duration_seconds_count')).to.be.greaterThan(5)
      expect(figure(text, 'append_visible_seconds_count')).to.be.greaterThan(5)
      expect(figure(text, 'object_bytes_stored_total')).to.be.greaterThan(10_000)
      expect(figure(text, 'jobs_open{kind="inference",state="queued"}')).to.be.a('number').and.not.to.be.NaN
      await eventually(async () =>
        expect(figure((await scraper.get('/metrics')).bytes.toString(), 'passwords_waiting')).to.equal(0),
      )
    } finally {
      await stop()
    }
  })

  it('finds nothing where nobody has asked for figures', async () =>
    expectProblem(await apiOf((await theSystem()).url).get('/metrics'), 404, 'not_found'))
})
