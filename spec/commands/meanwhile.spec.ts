import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import { auth } from '../../commands/auth.ts'
import { devices } from '../../commands/devices.ts'
import { recordRefusals } from '../../commands/refusals.ts'
import { users } from '../../commands/users.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { createLoginThrottle } from '../../ops/platform/loginThrottle.ts'
import { createPasswords } from '../../ops/platform/passwords.ts'
import type { Caller } from '../../ops/platform/route.ts'
import { createTokens } from '../../ops/platform/tokens.ts'
import { rememberRefreshes } from '../../ops/server/refreshes.ts'
import { type Answered, apiOf, expectProblem } from '../api.ts'
import { logIn, newFacility, specLog, type System, theSystem } from '../system.ts'
import { ask } from './asking.ts'

type Facility = Awaited<ReturnType<typeof newFacility>>

// Between the look at something and the decision on it, somebody else changes it.
describe('what changes while a command is under way', function () {
  this.timeout(60_000)
  let system: System
  let here: Facility
  let elsewhere: Facility
  const now = () => new Date().toISOString()
  before(async () => {
    system = await theSystem()
    elsewhere = await newFacility(system)
  })
  beforeEach(async () => {
    here = await newFacility(system)
  })

  /** The store of an instance to which, right after its first look at this stream, that happens. */
  function interrupted(stream: string, happens: () => Promise<Answered>): EventStore {
    let looked = false
    return {
      ...system.store,
      read: async (...asked) => {
        const events = await system.store.read(...asked)
        if (asked[0] !== stream || looked) return events
        looked = true
        expect((await happens()).status).to.be.within(200, 204)
        return events
      },
    }
  }

  const adminOf = ({ id, facilityAdmin }: Facility): Caller => ({
    ...{ kind: 'user', id: facilityAdmin.id, session_id: crypto.randomUUID(), role: 'facility_admin', facility_id: id },
  })
  const typesOf = async (stream: string) => (await system.store.read(stream)).map(({ type }) => type)

  describe('to a person who goes to another facility, or rises, binds their former facility_admin:', () => {
    for (const [what, body] of [
      ['PATCH', { name: 'X' }],
      ['deactivate', {}],
      ['reactivate', {}],
      ['reset-password', { password: 'known to the old admin' }],
      ['end-sessions', {}],
      ['erase', {}],
    ] as const)
      it(what, async () => {
        const path = `/api/v1/users/${here.user.id}`
        if (what === 'reactivate') await system.admin.post(`${path}/deactivate`)
        for (const change of [{ facility_id: elsewhere.id }, { role: 'super_admin' }]) {
          const stream = `user-${here.user.id}`
          const before = await typesOf(stream)
          const store = interrupted(stream, () => system.admin.patch(path, change))
          const passwords = await createPasswords(1)
          const routes = users({ store, now, passwords, openSessionsOf: () => Promise.resolve([]) })
          const [method, verb] = what === 'PATCH' ? ['PATCH', ''] : ['POST', `/${what}`]
          const asked = { params: { id: here.user.id }, body }
          const told = await ask(routes, [method, `/api/v1/users/:id${verb}`], asked, adminOf(here))
          expect(told).to.equal('not_found')
          const expected = 'role' in change ? 'UserRoleChanged' : 'UserMovedToFacility'
          expect((await typesOf(stream)).slice(before.length)).to.deep.equal([expected])
          await system.admin.patch(path, { role: 'user', facility_id: here.id })
        }
      })
  })

  describe('to a device that goes to another facility binds its former facility_admin:', () => {
    for (const [method, verb, body] of [
      ['PATCH', '', { name: 'X' }],
      ['POST', '/decommission', {}],
    ] as const)
      it(`${method} ${verb}`, async () => {
        const stream = `device-${here.device.id}`
        const moves = () => system.admin.patch(`/api/v1/devices/${here.device.id}`, { facility_id: elsewhere.id })
        const routes = devices({ store: interrupted(stream, moves), now })
        const asked = { params: { id: here.device.id }, body }
        expect(await ask(routes, [method, `/api/v1/devices/:id${verb}`], asked, adminOf(here))).to.equal('not_found')
        expect(await typesOf(stream)).to.deep.equal(['DeviceRegistered', 'DeviceMovedToFacility'])
      })
  })

  describe('to a person’s password or sessions binds a session of theirs that is at work:', () => {
    const next = 'the thief keeps this one'
    async function working(
      path: string,
      body: object,
      at: 'user' | 'session',
      happens: (token: string) => Promise<Answered>,
    ) {
      const { id, email, password } = here.user
      const session = (await apiOf(system.url).post('/api/auth/login', { email, password })).body
      const { sid } = jwt.decode(session.access_token) as { sid: string }
      const store = interrupted(at === 'user' ? `user-${id}` : `session-${sid}`, () => happens(session.access_token))
      const [accessSecs, refreshSecs] = [900, 900]
      const routes = auth({
        ...{ store, now, passwords: await createPasswords(1), throttle: createLoginThrottle() },
        tokens: createTokens(system.config, { accessSecs, refreshSecs }),
        refusals: recordRefusals({ store, now, log: specLog }),
        refreshes: rememberRefreshes({ isCurrent: () => true }),
        openSessionsOf: () => Promise.resolve([]),
      })
      const caller = { kind: 'user', id, session_id: sid, role: 'user', facility_id: here.id } as const
      const told = await ask(routes, ['POST', `/api/auth/${path}`], { body }, caller)
      return { told, session }
    }
    const login = (password: string) => apiOf(system.url).post('/api/auth/login', { email: here.user.email, password })

    for (const verb of ['reset-password', 'end-sessions', 'deactivate'] as const) {
      const ends = () => system.admin.post(`/api/v1/users/${here.user.id}/${verb}`)
      it(`${verb}, which a new password does not undo`, async () => {
        const body = { current_password: here.user.password, new_password: next }
        const { told } = await working('change-password', body, 'user', ends)
        expect(told).to.equal('session_ended')
        if (verb === 'deactivate') await system.admin.post(`/api/v1/users/${here.user.id}/reactivate`)
        expectProblem(await login(next), 401, 'invalid_credentials')
      })

      it(`${verb}, which the end of all other sessions does not undo`, async () => {
        const { told, session } = await working('end-others', {}, 'session', ends)
        expect(told).to.equal('session_ended')
        if (verb === 'deactivate') await system.admin.post(`/api/v1/users/${here.user.id}/reactivate`)
        const { refresh_token } = session
        expectProblem(await apiOf(system.url).post('/api/auth/refresh', { refresh_token }), 401, 'session_ended')
      })
    }

    it('the password itself: the one of before proves nothing any more, in that very session either', async () => {
      const { password: current_password, email } = here.user
      const owner = 'what the owner chose'
      const happens = (token: string) =>
        apiOf(system.url, { Authorization: `Bearer ${token}` }).post('/api/auth/change-password', {
          current_password,
          new_password: owner,
        })
      const { told } = await working('change-password', { current_password, new_password: next }, 'user', happens)
      expect(told).to.equal('invalid_credentials')
      await logIn(system.url, email, owner)
    })
  })
})
