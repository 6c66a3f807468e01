import { expect } from 'chai'
import { z } from 'zod'
import { type Caller, Problem, route } from '../../ops/platform/route.ts'
import type { AppOptions } from '../../ops/server/app.ts'
import { mountHealth } from '../../ops/server/health.ts'
import { rateLimit } from '../../ops/server/rateLimit.ts'
import { apiOf, expectProblem } from '../api.ts'
import { served } from '../served.ts'
import { specLog } from '../system.ts'

describe('the rate limit', () => {
  const open: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of open.splice(0)) await close()
  })
  const answers = { 200: z.object({}) }
  const run = () => Promise.resolve({ status: 200, body: {} })
  const routes = [
    route({ method: 'GET', path: '/api/v1/things', permission: 'facility:read', answers, run }),
    route({ method: 'GET', path: '/api/v1/open', permission: 'public', answers, run }),
  ]

  /** Whoever names themself is let in; `x`: a key. */
  const authenticate: AppOptions['authenticate'] = (request) => {
    const name = request.get('Authorization')
    if (name === undefined) return Promise.reject(new Problem('unauthenticated', 'Who are you?'))
    const device = { kind: 'device', id: name, key_id: name, facility_id: 'f1', scopes: [] } as const
    const person: Caller = { kind: 'user', id: name, session_id: 's', role: 'super_admin' }
    return Promise.resolve(name.startsWith('x') ? device : person)
  }
  async function serving(perMinute: number, more: Partial<AppOptions> = {}) {
    const mount: AppOptions['mount'] = (app) => mountHealth(app, {}, specLog)
    const server = await served(routes, { authenticate, limit: rateLimit(perMinute), mount, ...more })
    open.push(server.close)
    return (name?: string, headers = {}) =>
      apiOf(server.url, { ...(name !== undefined && { Authorization: name }), ...headers })
  }
  const statuses = async (times: number, ask: () => Promise<{ status: number }>) => {
    const found: number[] = []
    for (let i = 0; i < times; i++) found.push((await ask()).status)
    return found
  }

  it('is each caller’s own, and says when to come again', async () => {
    const as = await serving(3)
    const ask = (name: string) => () => as(name).get('/api/v1/things')
    expect(await statuses(4, ask('ada'))).to.deep.equal([200, 200, 200, 429])
    const refused = await ask('ada')()
    expectProblem(refused, 429, 'rate_limited')
    expect(Number(refused.headers.get('Retry-After'))).to.be.within(1, 60)
    expect(await statuses(1, ask('bob'))).to.deep.equal([200])
    expect(await statuses(4, ask('x1'))).to.deep.equal([403, 403, 403, 429])
    expect(await statuses(1, ask('x2'))).to.deep.equal([403])
  })

  it('of those who are not let in is their address’s, and nobody else pays for it', async () => {
    const as = await serving(2)
    expect(await statuses(3, () => as().get('/api/v1/things'))).to.deep.equal([401, 401, 429])
    expect(await statuses(1, () => as().get('/api/v1/open'))).to.deep.equal([429])
    expect(await statuses(1, () => as('ada').get('/api/v1/things'))).to.deep.equal([200])
  })

  it('of those whom nothing is known of yet comes before they are looked for, and is given back to who is found', async () => {
    let looked = 0
    const looking: AppOptions['authenticate'] = async (request, beforeLooking) => {
      const name = request.get('Authorization')!
      if (name !== 'known') {
        await beforeLooking?.()
        looked++
      }
      return authenticate(name === 'made up' ? ({ get: () => undefined } as never) : request)
    }
    const as = await serving(2, { authenticate: looking })
    const ask = (name: string) => () => as(name).get('/api/v1/things')
    expect(await statuses(2, ask('new'))).to.deep.equal([200, 200])
    expect(await statuses(5, ask('made up'))).to.deep.equal([401, 401, 429, 429, 429])
    expect(looked).to.equal(4)
    expect(await statuses(1, ask('known'))).to.deep.equal([200])
  })

  it('believes X-Forwarded-For only where a proxy is trusted', async () => {
    const askAt = (as: Awaited<ReturnType<typeof serving>>, address: string) => () =>
      as(undefined, { 'X-Forwarded-For': address }).get('/api/v1/open')
    const alone = await serving(1)
    expect(await statuses(1, askAt(alone, '203.0.113.1'))).to.deep.equal([200])
    expect(await statuses(1, askAt(alone, '203.0.113.2'))).to.deep.equal([429])
    const behind = await serving(1, { trustProxy: 1 })
    expect(await statuses(1, askAt(behind, '203.0.113.1'))).to.deep.equal([200])
    expect(await statuses(1, askAt(behind, '203.0.113.2'))).to.deep.equal([200])
    expect(await statuses(1, askAt(behind, '198.51.100.9, 203.0.113.2'))).to.deep.equal([429])
  })

  it('counts all of an IPv6 network as one', async () => {
    const limit = rateLimit(1)
    const code = (address: string) =>
      limit({ kind: 'anonymous' }, address).then(
        () => 'counted',
        ({ code }: Problem) => code,
      )
    expect(await code('2001:db8:1:2:3:4:5:6')).to.equal('counted')
    for (const same of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::'])
      expect(await code(same), same).to.equal('rate_limited')
    for (const other of ['2001:db8:1:3::1', '2001:db8::1', '::1', '::ffff:10.0.0.1', '::ffff:10.0.0.2'])
      expect(await code(other), other).to.equal('counted')
  })

  it('never holds for health, and not at all where it is 0', async () => {
    const as = await serving(1)
    expect(await statuses(5, () => as().get('/health'))).to.deep.equal([200, 200, 200, 200, 200])
    expect(await statuses(3, () => as().get('/health/ready'))).to.deep.equal([200, 200, 200])
    const free = await serving(0)
    expect(await statuses(5, () => free().get('/api/v1/open'))).to.deep.equal([200, 200, 200, 200, 200])
  })
})
