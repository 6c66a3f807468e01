import { expect } from 'chai'
import { z } from 'zod'
import { createLog } from '../../ops/platform/log.ts'
import { route } from '../../ops/platform/route.ts'
import { apiOf, expectProblem } from '../api.ts'
import { served } from '../served.ts'

const site = 'https://app.xylolabs.com'

describe('the door', () => {
  let server: Awaited<ReturnType<typeof served>>
  let log = ''
  before(async () => {
    const answers = { 200: z.object({}) }
    const common = { permission: 'facility:read', answers } as const
    server = await served(
      [
        route({ ...common, method: 'GET', path: '/api/v1/things', run: async () => ({ status: 200, body: {} }) }),
        route({
          ...common,
          method: 'POST',
          path: '/api/v1/things',
          body: z.strictObject({ name: z.string().optional() }),
          run: async () => {
            throw Object.assign(new Error('column secret_sha256 of /srv/commands/apiKeys.ts'), { password: 'hunter2' })
          },
        }),
      ],
      { corsOrigins: [site], log: createLog('info', { write: (line) => void (log += line) }) },
    )
  })
  after(() => server.close())
  const get = (headers = {}) => apiOf(server.url).get('/api/v1/things', headers)
  const preflight = (Origin: string) =>
    fetch(`${server.url}/api/v1/things`, {
      method: 'OPTIONS',
      headers: { Origin, 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization' },
    })

  it('lets pages of the origins that are named call with credentials, and read what they go on with', async () => {
    const { headers } = await get({ Origin: site })
    expect(headers.get('Access-Control-Allow-Origin')).to.equal(site)
    expect(headers.get('Access-Control-Allow-Credentials')).to.equal('true')
    expect(headers.get('Access-Control-Expose-Headers')).to.include('ETag').and.include('Event-Position')
    const asked = await preflight(site)
    expect(asked.status).to.equal(204)
    expect(asked.headers.get('Access-Control-Allow-Methods')).to.include('PATCH')
    expect(asked.headers.get('Access-Control-Allow-Headers')).to.equal('authorization')
  })

  it('lets no other page read a thing, however its origin looks, and tells caches so', async () => {
    for (const origin of [
      'https://evil.example',
      `${site}.evil.example`,
      `${site}:8443`,
      'http://app.xylolabs.com',
      'null',
    ])
      for (const headers of [(await get({ Origin: origin })).headers, (await preflight(origin)).headers]) {
        expect(headers.get('Access-Control-Allow-Origin'), origin).to.equal(null)
        expect(headers.get('Vary'), origin).to.match(/\bOrigin\b/)
      }
  })

  it('tells browsers to be careful, and nobody what it is made of', async () => {
    const { headers } = await get()
    expect(headers.get('X-Content-Type-Options')).to.equal('nosniff')
    expect(headers.get('Content-Security-Policy')).to.include("default-src 'self'")
    expect(headers.get('Strict-Transport-Security')).to.match(/^max-age=\d+/)
    expect(headers.get('X-Powered-By')).to.equal(null)
    expect(headers.get('Server')).to.equal(null)
  })

  it('says of a fault of ours only where our log has it: no stack, no word of the cause', async () => {
    const answer = await apiOf(server.url).post('/api/v1/things', {}, { 'X-Request-Id': 'find-me' })
    expectProblem(answer, 500, 'internal')
    expect(answer.bytes.toString()).not.to.match(/secret_sha256|\.ts|at /)
    expect(answer.body.request_id).to.equal('find-me')
    expect(log).to.include('"request_id":"find-me"').and.include('secret_sha256 of').and.not.include('hunter2')
  })

  it('keeps a request id that is one, and makes one in the place of every other', async () => {
    expect((await get({ 'X-Request-Id': 'a.b:c-1' })).headers.get('X-Request-Id')).to.equal('a.b:c-1')
    for (const wrong of ['', 'a b', '<b>', 'x'.repeat(129)])
      expect((await get({ 'X-Request-Id': wrong })).headers.get('X-Request-Id')).to.match(/^[0-9a-f-]{36}$/)
  })
})
