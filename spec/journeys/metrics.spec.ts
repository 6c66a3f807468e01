import { expect } from 'chai'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../ops/embedded/ports.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { launch, outsideServers, startProcess } from '../process.ts'
import { specLog, startServers, temporaryDataDir, theSystem } from '../system.ts'

describe('who scrapes a running system', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  let env: Record<string, string>
  before(async () => {
    const { stack, config } = await startServers(dataDir)
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

  it('finds nothing where nobody has asked for figures', async () =>
    expectProblem(await apiOf((await theSystem()).url).get('/metrics'), 404, 'not_found'))
})
