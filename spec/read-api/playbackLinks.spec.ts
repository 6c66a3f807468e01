import { expect } from 'chai'
import { createHmac } from 'node:crypto'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { logIn, newFacility, type System, theSystem } from '../system.ts'

describe('a playback link', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let path: string
  let other: string
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    const upload = async (seconds: number) => {
      const sent = await facility.sensor.upload(sound('wav', { seconds }))
      const location = sent.headers.get('Location')!
      await facility.user.api.get(location, after(sent))
      await eventually(async () => expect((await system.admin.get(location)).body.status).to.equal('ready'))
      return location
    }
    ;[path, other] = [await upload(1), await upload(0.2)]
  })
  const nobody = () => system.as({})
  const link = async (body: object = {}, api = facility.user.api): Promise<string> =>
    (await api.post(`${path}/playback-url`, body)).body.url
  const tokenIn = (url: string) => new URL(url, system.url).searchParams.get('token')!
  const withToken = (at: string, token: string, format = 'webm') =>
    nobody().get(`${at}?${new URLSearchParams({ format, token })}`)

  it('plays without a header, with HEAD and ranges, for a quarter of an hour', async () => {
    for (const format of ['webm', 'mp4']) {
      const { body, headers } = await facility.user.api.post(`${path}/playback-url`, { format })
      expect(headers.get('Cache-Control')).to.equal('no-store')
      expect(Date.parse(body.expires_at) - Date.now()).to.be.within(14.5 * 60_000, 15 * 60_000)
      const whole = await nobody().get(body.url)
      expect([whole.status, whole.headers.get('Content-Type')]).to.deep.equal([200, `audio/${format}`])
      const part = await nobody().get(body.url, { Range: 'bytes=10-19' })
      expect([part.status, part.bytes.equals(whole.bytes.subarray(10, 20))]).to.deep.equal([206, true])
      const head = await nobody().head(body.url)
      expect([head.status, head.headers.get('Content-Length')]).to.deep.equal([200, String(whole.bytes.length)])
    }
  })

  it('plays nothing else: no other recording, format or route', async () => {
    const token = tokenIn(await link())
    expect((await withToken(`${path}/stream`, token)).status).to.equal(200)
    expectProblem(await withToken(`${path}/stream`, token, 'mp4'), 401, 'unauthenticated')
    expectProblem(await withToken(`${other}/stream`, token), 401, 'unauthenticated')
    for (const what of ['', '/download', '/peaks', '/history', '/lineage'])
      expectProblem(await nobody().get(`${path}${what}?token=${token}`), 401, 'unauthenticated')
    expectProblem(await nobody().get('/api/v1/uploads', { Authorization: `Bearer ${token}` }), 401, 'unauthenticated')
    expectProblem(await nobody().post(`${path}/playback-url?token=${token}`), 401, 'unauthenticated')
  })

  it('is not made up, changed or signed by another way', async () => {
    const token = tokenIn(await link())
    const [text, signature] = token.split('.') as [string, string]
    const claims = JSON.parse(Buffer.from(text, 'base64url').toString())
    const later = Buffer.from(JSON.stringify({ ...claims, until: claims.until + 1 })).toString('base64url')
    const byTheSecret = createHmac('sha256', system.config.JWT_SECRET).update(text).digest('base64url')
    for (const made of [
      ...[
        '',
        '.',
        'a.b',
        text,
        `${text}.`,
        `.${signature}`,
        `${token}.x`,
        `${later}.${signature}`,
        `${text}.${byTheSecret}`,
      ],
      `${text}.${signature.slice(0, -4)}`,
      `${Buffer.from('not json').toString('base64url')}.${signature}`,
    ])
      expectProblem(await withToken(`${path}/stream`, made), 401, 'unauthenticated')
    const twice = `${path}/stream?format=webm&token=${token}&token=x`
    expect((await nobody().get(twice)).status).to.be.within(400, 401)
  })

  it('ends within a second of the session, and of all sessions, that it is of', async () => {
    const { email, password } = facility.user
    const session = await logIn(system.url, email, password)
    const [own, kept] = [await link({}, session), await link()]
    expect((await nobody().get(own)).status).to.equal(200)
    await session.post('/api/auth/logout')
    const since = Date.now()
    await eventually(async () => expectProblem(await nobody().get(own), 401, 'session_ended'), 1000)
    expect(Date.now() - since).to.be.below(1000)
    expect((await nobody().get(kept)).status, 'another session').to.equal(200)
    await system.admin.post(`/api/v1/users/${facility.user.id}/end-sessions`)
    await eventually(async () => expectProblem(await nobody().get(kept), 401, 'session_ended'), 1000)
  })

  it('is of no deactivated facility, not even when that is active again', async () => {
    const there = await newFacility(system)
    const location = (await there.sensor.upload(sound('wav', { seconds: 0.2 }))).headers.get('Location')!
    await eventually(async () => expect((await system.admin.get(location)).body.status).to.equal('ready'))
    const { body } = await there.user.api.post(`${location}/playback-url`)
    expect((await nobody().get(body.url)).status).to.equal(200)
    await system.admin.post(`/api/v1/facilities/${there.id}/deactivate`)
    await system.admin.post(`/api/v1/facilities/${there.id}/reactivate`)
    await eventually(async () => expectProblem(await nobody().get(body.url), 401, 'session_ended'))
  })

  it('is refused for what is not there to be played', async () => {
    const { api } = facility.facilityAdmin
    expectProblem(await api.post(`${path}/playback-url`, { format: 'ogg' }), 400, 'invalid_request')
    const url = await link({}, api)
    const deleted = await api.delete(path)
    await api.get('/api/v1/uploads', after(deleted))
    expectProblem(await nobody().get(url), 404, 'not_found')
    expectProblem(await api.post(`${path}/playback-url`), 404, 'not_found')
    const restored = await api.post(`${path}/restore`)
    await api.get('/api/v1/uploads', after(restored))
    expect((await nobody().get(url)).status).to.equal(200)
  })
})
