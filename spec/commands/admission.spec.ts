import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { followEndings } from '../../ops/server/admission.ts'
import { RunningStore } from '../embedded/eventstore/running.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

describe('what the door remembers of endings', () => {
  let server: RunningStore
  let store: EventStore
  const controller = new AbortController()
  const following: Promise<unknown>[] = []
  before(async () => {
    server = await RunningStore.start()
    const url = `esdb://127.0.0.1:${server.port}?tls=false`
    store = connectEventStore({ url, secret: 'of the spec, long enough to be one', personalFields: () => undefined })
  })
  after(async () => {
    controller.abort()
    await Promise.all(following)
    await store.close()
    await server.remove()
  })

  async function follow() {
    const admission = followEndings({ store, accessSecs: 900, log: specLog, signal: controller.signal })
    following.push(admission.done)
    await admission.ready
    return (claims: object) => {
      try {
        admission.check(claims as never)
        return 'let in'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
  }

  const token = (more: object = {}) => ({ sub: randomUUID(), sid: randomUUID(), user_revision: 0, ...more })
  type Token = ReturnType<typeof token> & { facility_id?: string }
  const append = (stream: string, type: string, data = {}, expected: number | 'no_stream' = 'no_stream') =>
    store.append(stream, [{ id: randomUUID(), type, data, metadata: { schema: 1 } }], expected)

  const endings: Record<string, [end: (token: Token) => Promise<unknown>, code: string]> = {
    'a session that was ended': [({ sid }) => append(`session-${sid}`, 'SessionEnded'), 'session_ended'],
    'the people of a facility that was deactivated': [
      ({ facility_id }) => append(`facility-${facility_id}`, 'FacilityDeactivated'),
      'session_ended',
    ],
    'the people of a facility that is active again, with tokens of before': [
      async ({ facility_id }) => {
        await append(`facility-${facility_id}`, 'FacilityDeactivated')
        await append(`facility-${facility_id}`, 'FacilityReactivated', {}, 0)
      },
      'session_ended',
    ],
    'a user whose sessions were all ended': [
      async ({ sub }) => {
        await append(`user-${sub}`, 'UserRegistered')
        await append(`user-${sub}`, 'UserSessionsEnded', {}, 0)
      },
      'session_ended',
    ],
    'a user that was deactivated': [
      async ({ sub }) => {
        await append(`user-${sub}`, 'UserRegistered')
        await append(`user-${sub}`, 'UserDeactivated', {}, 0)
      },
      'session_ended',
    ],
    'a user whose password was changed in another session': [
      async ({ sub }) => {
        await append(`user-${sub}`, 'UserRegistered')
        await append(`user-${sub}`, 'UserPasswordChanged', { session_id: randomUUID() }, 0)
      },
      'session_ended',
    ],
    'a token of before a change of role, until it is refreshed': [
      async ({ sub }) => {
        await append(`user-${sub}`, 'UserRegistered')
        await append(`user-${sub}`, 'UserRoleChanged', {}, 0)
      },
      'token_expired',
    ],
  }
  for (const [whom, [end, code]] of Object.entries(endings))
    it(`keeps out ${whom}, told before or after the door was opened`, async () => {
      const [before, after] = [follow, follow].map(() => token({ facility_id: randomUUID() })) as [Token, Token]
      await end(before)
      const checked = await follow()
      expect(checked(before)).to.equal(code)
      expect(checked(after)).to.equal('let in')
      await end(after)
      await eventually(() => expect(checked(after)).to.equal(code), 1000)
      expect(checked({ ...after, sub: randomUUID(), sid: randomUUID(), facility_id: randomUUID() })).to.equal('let in')
    })

  it('lets in with a token that was made after the change, and in the session that changed the password', async () => {
    const [{ sub, sid }, changed] = [token(), token()]
    await append(`user-${sub}`, 'UserRegistered')
    await append(`user-${sub}`, 'UserPasswordChanged', { session_id: sid }, 0)
    await append(`user-${changed.sub}`, 'UserRegistered')
    await append(`user-${changed.sub}`, 'UserRoleChanged', {}, 0)
    const checked = await follow()
    expect(checked(token({ sub, sid }))).to.equal('let in')
    expect(checked(token({ sub, user_revision: 1 }))).to.equal('let in')
    expect(checked({ ...changed, user_revision: 1 })).to.equal('let in')
    const facility_id = randomUUID()
    await append(`facility-${facility_id}`, 'FacilityDeactivated')
    await append(`facility-${facility_id}`, 'FacilityReactivated', {}, 0)
    await eventually(() => expect(checked(token({ facility_id }))).to.equal('session_ended'))
    expect(checked(token({ facility_id, facility_revision: 1 }))).to.equal('let in')
  })

  it('lets nobody in while nothing can be heard of endings, and goes on by itself', async () => {
    const checked = await follow()
    const [ended, other] = [token(), token()]
    await server.end('SIGKILL')
    await eventually(() => expect(checked(other)).to.equal('unavailable'))
    server = await RunningStore.start({ dir: server.dir, args: ['--port', String(server.port)] })
    await eventually(() => append(`session-${ended.sid}`, 'SessionEnded'))
    await eventually(() => expect([ended, other].map(checked)).to.deep.equal(['session_ended', 'let in']))
  })
})
