import { expect } from 'chai'
import { ApiError } from '../../packages/web-shared/src/api/problem.ts'
import { createSession, type Session } from '../../packages/web-shared/src/session.ts'

const origin = 'http://localhost'
const user = { id: crypto.randomUUID(), email: 'bo@example.test', name: 'Bo', role: 'user', facility_id: null } as const
const lifeMs = 900_000

/** Stands in for the server, by its own rules: each refresh token is good for once, and takes the session along when it is shown again. */
function server() {
  let [serial, refresh, open, must] = [0, '', true, false]
  /** Each is good for its time, however many came after it. */
  const good = new Set<string>()
  const asked: string[] = []
  const grant = () => {
    const access = `access-${++serial}`
    refresh = `refresh-${serial}`
    good.add(`Bearer ${access}`)
    return Response.json({
      ...{ access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: lifeMs / 1000 },
      ...{ must_change_password: must, user },
    })
  }
  const refuse = (status: number, code: string) =>
    Response.json({ title: '', status, code, detail: code, request_id: 'r' }, { status })
  return {
    asked,
    isAway: false,
    /** What answers to refreshes wait for on their way. */
    way: Promise.resolve(),
    isOpen: () => open,
    end: () => (open = false),
    expire: () => good.clear(),
    mustChange: (value: boolean) => (must = value),
    fetch: async function (this: { isAway: boolean; way: Promise<void> }, request: Request): Promise<Response> {
      if (this.isAway) throw new TypeError('fetch failed')
      const { pathname } = new URL(request.url)
      asked.push(pathname)
      const body = request.method === 'POST' ? ((await request.json()) as Record<string, string>) : {}
      await new Promise((resolve) => setImmediate(resolve))
      if (pathname === '/api/auth/login')
        return body['password'] === 'right' ? ((open = true), grant()) : refuse(401, 'invalid_credentials')
      if (pathname === '/api/auth/refresh') {
        open &&= body['refresh_token'] === refresh
        const answer = open ? grant() : refuse(401, 'session_ended')
        await this.way
        return answer
      }
      if (!good.has(request.headers.get('Authorization') ?? '') || !open)
        return refuse(401, open ? 'token_expired' : 'session_ended')
      if (pathname === '/api/auth/logout') {
        open = false
        return new Response(null, { status: 204 })
      }
      if (pathname === '/api/v1/locked') return refuse(401, 'invalid_credentials')
      if (pathname === '/api/auth/change-password') {
        if (body['current_password'] !== 'right') return refuse(401, 'invalid_credentials')
        must = false
        return new Response(null, { status: 204 })
      }
      return Response.json({ pathname, body })
    },
  }
}

/** Tabs of one browser: what they share. */
function browser() {
  let kept: string | null = null
  let queue: Promise<unknown> = Promise.resolve()
  const there = server()
  const clock = { ms: 0 }
  const tab = () =>
    createSession({
      ...{ origin, fetch: (request) => there.fetch(request), now: () => clock.ms },
      storage: { get: () => kept, set: (value) => (kept = value), remove: () => (kept = null) },
      exclusively: (act) => {
        const done = queue.then(act, act)
        queue = done.catch(() => undefined)
        return done
      },
    })
  return { there, clock, tab, kept: () => kept }
}

const get = async (session: Session, path = '/api/v1/things') => (await session.send(new Request(origin + path))).status
const refreshes = (asked: readonly string[]) => asked.filter((path) => path.endsWith('/refresh')).length

describe('the session of a dashboard', () => {
  it('begins with a login, and is told apart from one that was refused', async () => {
    const { tab } = browser()
    const session = tab()
    expect(session.state()).to.deep.equal({ status: 'anonymous', ended: false })
    const refused = await session.login('bo@example.test', 'wrong').catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(ApiError).and.to.include({ code: 'invalid_credentials' })
    await session.login('bo@example.test', 'right')
    expect(session.state()).to.deep.equal({ status: 'open', user, mustChangePassword: false })
    expect(await get(session)).to.equal(200)
  })

  it('renews a token before it expires, once for all who ask at the same time', async () => {
    const { tab, there, clock } = browser()
    const session = tab()
    await session.login('', 'right')
    clock.ms = lifeMs - 10_000
    expect(await Promise.all(['/1', '/2', '/3'].map((path) => get(session, path)))).to.deep.equal([200, 200, 200])
    expect(refreshes(there.asked)).to.equal(1)
  })

  it('renews one that the server’s clock finds expired, and asks again with the same body', async () => {
    const { tab, there } = browser()
    const session = tab()
    await session.login('', 'right')
    there.expire()
    const request = new Request(`${origin}/api/v1/things`, { method: 'POST', body: JSON.stringify({ name: 'x' }) })
    const answer = await session.send(request)
    expect(await answer.json()).to.deep.equal({ pathname: '/api/v1/things', body: { name: 'x' } })
    expect(refreshes(there.asked)).to.equal(1)
  })

  it('takes a no that no token helps against for an answer', async () => {
    const { tab, there } = browser()
    const session = tab()
    await session.login('', 'right')
    expect(await get(session, '/api/v1/locked')).to.equal(401)
    expect(there.asked).to.deep.equal(['/api/auth/login', '/api/v1/locked'])
  })

  it('is one in all tabs: each renews after the other, and none shows a token that was used', async () => {
    const { tab, there, clock } = browser()
    const first = tab()
    await first.login('', 'right')
    const second = tab()
    expect(second.state().status).to.equal('restoring')
    await second.restore()
    clock.ms = lifeMs
    expect(await Promise.all([get(first), get(second), get(first), get(second)])).to.deep.equal([200, 200, 200, 200])
    expect(second.state().status).to.equal('open')
    expect(refreshes(there.asked)).to.equal(3)
  })

  it('ends in all tabs when one logs out', async () => {
    const { tab, kept } = browser()
    const [first, second] = [tab(), tab()]
    await first.login('', 'right')
    await second.changedElsewhere()
    expect(second.state().status).to.equal('open')
    await first.logout()
    await second.changedElsewhere()
    expect([first.state(), second.state()].map(({ status }) => status)).to.deep.equal(['anonymous', 'anonymous'])
    expect(kept()).to.equal(null)
  })

  /** Holds the answers to refreshes back from when one is asked for. */
  async function heldBack(there: ReturnType<typeof server>, ask: () => Promise<unknown>) {
    let release = () => {}
    there.way = new Promise((resolve) => (release = resolve))
    const asked = ask().catch(() => undefined)
    while (refreshes(there.asked) === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    return { asked, release }
  }

  it('stays ended when a renewal was on its way', async () => {
    const { tab, there, clock, kept } = browser()
    const session = tab()
    await session.login('', 'right')
    clock.ms = lifeMs - 10_000
    const { asked, release } = await heldBack(there, () => get(session))
    const leaving = session.logout()
    expect(session.state().status).to.equal('anonymous')
    release()
    await Promise.all([asked, leaving])
    expect(session.state()).to.deep.equal({ status: 'anonymous', ended: false })
    expect([kept(), there.isOpen()]).to.deep.equal([null, false])
  })

  for (const [why, expire] of [
    ['this clock', ({ clock, there }) => ((clock.ms = lifeMs), there.expire())],
    ['the server’s', ({ there }) => there.expire()],
  ] as [string, (of: ReturnType<typeof browser>) => void][])
    it(`ends at the server as well when the token has expired by ${why}`, async () => {
      const all = browser()
      const session = all.tab()
      await session.login('', 'right')
      expire(all)
      await session.logout()
      expect([all.kept(), all.there.isOpen()]).to.deep.equal([null, false])
      expect(all.there.asked.at(-1)).to.equal('/api/auth/logout')
    })

  it('is not ended by a late no to the one before it', async () => {
    const { tab, there, kept } = browser()
    const session = tab()
    await session.login('', 'right')
    there.end()
    const { asked, release } = await heldBack(there, () => get(session))
    await session.login('', 'right')
    release()
    await asked
    expect(session.state().status).to.equal('open')
    expect(kept()).not.to.equal(null)
    expect(await get(session)).to.equal(200)
  })

  it('says so when the server has ended it, and keeps nothing', async () => {
    const { tab, there, kept } = browser()
    const session = tab()
    await session.login('', 'right')
    there.end()
    const refused = await get(session).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(ApiError).and.to.include({ code: 'session_ended' })
    expect(session.state()).to.deep.equal({ status: 'anonymous', ended: true })
    expect(kept()).to.equal(null)
  })

  it('outlives a server that is away: nobody is logged out by a broken line', async () => {
    const { tab, there, kept } = browser()
    await tab().login('', 'right')
    const session = tab()
    there.isAway = true
    await session.restore()
    expect(session.state().status).to.equal('unreachable')
    expect(kept()).not.to.equal(null)
    there.isAway = false
    await session.restore()
    expect(session.state().status).to.equal('open')
  })

  it('goes on after the password was changed; a wrong one is asked for once and ends nothing', async () => {
    const { tab, there } = browser()
    const session = tab()
    there.mustChange(true)
    await session.login('', 'right')
    expect(session.state()).to.include({ mustChangePassword: true })
    const refused = await session.changePassword('wrong', 'next').catch((error: unknown) => error)
    expect(refused).to.include({ code: 'invalid_credentials' })
    expect(there.asked.filter((path) => path.endsWith('change-password'))).to.have.lengthOf(1)
    expect(session.state()).to.include({ status: 'open', mustChangePassword: true })
    await session.changePassword('right', 'next')
    expect(session.state()).to.include({ status: 'open', mustChangePassword: false })
  })
})
