import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import { auth } from '../../commands/auth.ts'
import { ensureFirstAdmin } from '../../commands/firstAdmin.ts'
import { recordRefusals } from '../../commands/refusals.ts'
import { createLoginThrottle } from '../../ops/platform/loginThrottle.ts'
import { createPasswords, type Passwords } from '../../ops/platform/passwords.ts'
import { createTokens } from '../../ops/platform/tokens.ts'
import { type Admission, followEndings } from '../../ops/server/admission.ts'
import { type Api, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { instances } from '../instances.ts'
import { served } from '../served.ts'
import { specLog } from '../system.ts'

const admin = { email: 'admin@example.test', password: 'a good password' }
const secrets = { JWT_SECRET: 's'.repeat(40), JWT_REFRESH_SECRET: 'r'.repeat(40) }

describe('a refresh token that is presented once more, to instances whose clocks differ', () => {
  const held = instances(3)
  let passwords: Passwords
  let controller: AbortController
  let closing: (() => Promise<unknown>)[]
  let following: Admission[]
  /** How much later it is than it was, by every clock. */
  let elapsed: number
  before(async () => (passwords = await createPasswords(1)))
  beforeEach(async () => {
    controller = new AbortController()
    closing = []
    following = []
    elapsed = 0
    const [store] = held.stores
    const nothing = () => Promise.resolve()
    const now = () => new Date().toISOString()
    await ensureFirstAdmin({ store: store!, passwords, now }, { ...admin, keep: nothing, discard: nothing })
  })
  afterEach(async () => {
    controller.abort()
    await Promise.all(closing.map((close) => close()))
  })

  /** What deals in tokens, of an instance whose clock is so far ahead. */
  async function instance(i: number, aheadMs: number): Promise<Api> {
    const store = held.stores[i]!
    const wall = () => Date.now() + aheadMs + elapsed
    const now = () => new Date(wall()).toISOString()
    const clock = () => ({ wall: wall(), steady: performance.now() + elapsed })
    const admission = followEndings({ store, accessSecs: 900, log: specLog, signal: controller.signal, clock })
    const refusals = recordRefusals({ store, now, log: specLog })
    const routes = auth({
      ...{ store, now, passwords, refusals, throttle: createLoginThrottle() },
      tokens: createTokens(secrets, { accessSecs: 900, refreshSecs: 86_400 }),
      refreshes: admission.refreshes,
      openSessionsOf: () => Promise.resolve([]),
    })
    await admission.ready
    following.push(admission)
    const { url, close } = await served(routes)
    closing.push(() => close().then(() => Promise.all([admission.done, refusals.close()])))
    return apiOf(url)
  }
  const refresh = (at: Api, refresh_token: string) => at.post('/api/auth/refresh', { refresh_token })
  /** A token that was replaced at one instance, and what replaced it. */
  async function replaced(at: Api): Promise<{ old: string; next: string; stream: string }> {
    const { refresh_token: old } = (await at.post('/api/auth/login', admin)).body
    const { sid } = jwt.decode(old as string) as { sid: string }
    return { old, next: (await refresh(at, old)).body.refresh_token, stream: `session-${sid}` }
  }
  /** Until every instance has heard of all that has happened. */
  async function allHeard(): Promise<void> {
    const sid = randomUUID()
    const data = { reason: 'logout', ended_at: new Date().toISOString() }
    const end = { id: randomUUID(), type: 'SessionEnded', data, metadata: { schema: 1 } }
    await held.stores[0]!.append(`session-${sid}`, [end], 'no_stream')
    const claims = { sub: randomUUID(), sid, user_revision: 0 } as never
    for (const admission of following) await eventually(() => expect(() => admission.check(claims)).to.throw('ended'))
  }
  const last = async (stream: string) => (await held.stores[0]!.read(stream)).at(-1)!

  for (const aheadMs of [60_000, 0, -60_000])
    it(`gets the successor of the last five seconds at either, and later ends the session at either, ${aheadMs / 1000} s ahead`, async () => {
      const [here, there] = [await instance(0, 0), await instance(1, aheadMs)]
      for (const [first, second] of [
        [here, there],
        [there, here],
      ] as const)
        for (const at of [second, first]) {
          const { old, next, stream } = await replaced(first)
          await allHeard()
          elapsed += 4000
          for (const one of [at, first, second]) {
            const again = await refresh(one, old)
            expect([again.status, again.body.refresh_token]).to.deep.equal([200, next])
          }
          elapsed += 1000
          expectProblem(await refresh(at, old), 401, 'session_ended')
          expect((await last(stream)).data['reason']).to.equal('reuse_detected')
          expectProblem(await refresh(first, next), 401, 'session_ended')
        }
    })

  it('gets one successor, sent to all of them at once', async () => {
    const apis = await Promise.all([0, 60_000, -60_000].map((aheadMs, i) => instance(i, aheadMs)))
    const { refresh_token } = (await apis[0]!.post('/api/auth/login', admin)).body
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => refresh(apis[i % 3]!, refresh_token)))
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(30).fill(200))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).to.equal(1)
  })

  for (const aheadMs of [60_000, -60_000])
    it(`ends the session at one that started since, which cannot know how long ago it was, ${aheadMs / 1000} s ahead`, async () => {
      const { old, stream } = await replaced(await instance(0, 0))
      const started = await instance(1, aheadMs)
      expectProblem(await refresh(started, old), 401, 'session_ended')
      expect((await last(stream)).data['reason']).to.equal('reuse_detected')
    })
})
