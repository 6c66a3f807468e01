import { expect } from 'chai'
import { auth } from '../../commands/auth.ts'
import { recordRefusals } from '../../commands/refusals.ts'
import { users } from '../../commands/users.ts'
import { createLoginThrottle } from '../../ops/platform/loginThrottle.ts'
import { createPasswords } from '../../ops/platform/passwords.ts'
import type { Caller, Route } from '../../ops/platform/route.ts'
import { createTokens } from '../../ops/platform/tokens.ts'
import { rememberRefreshes } from '../../ops/server/refreshes.ts'
import { newFacility, specLog, type System, theSystem, unique } from '../system.ts'
import { ask } from './asking.ts'

describe('a password that takes a place in the queue', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let routes: Route[]
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    const { store, config } = system
    const now = () => new Date().toISOString()
    // For whoever is in there is no place at all; whoever is not in yet waits in the queue itself.
    const passwords = await createPasswords(1, { most: 200, mostOfAsker: 0 })
    const deps = { store, now, passwords, openSessionsOf: () => Promise.resolve([]) }
    const tokens = createTokens(config, { accessSecs: 900, refreshSecs: 900 })
    const refusals = recordRefusals({ store, now, log: specLog })
    const refreshes = rememberRefreshes({ isCurrent: () => true })
    routes = [...users(deps), ...auth({ ...deps, tokens, refusals, refreshes, throttle: createLoginThrottle() })]
  })

  const callerOf = (role: 'facility_admin' | 'user'): Caller => {
    const { id } = role === 'user' ? facility.user : facility.facilityAdmin
    return { kind: 'user', id, session_id: crypto.randomUUID(), role, facility_id: facility.id }
  }
  const [password, name] = ['a good password', 'N']

  it('takes that of whoever is in and asks for it: a new person, a reset, a change', async () => {
    const admin = callerOf('facility_admin')
    const body = { name, password, email: `${unique('h')}@example.test`, role: 'user' }
    expect(await ask(routes, ['POST', '/api/v1/users'], { body }, admin)).to.equal('rate_limited')
    const reset = { params: { id: facility.user.id }, body: { password } }
    expect(await ask(routes, ['POST', '/api/v1/users/:id/reset-password'], reset, admin)).to.equal('rate_limited')
    const change = { body: { current_password: 'guess', new_password: password } }
    expect(await ask(routes, ['POST', '/api/auth/change-password'], change, callerOf('user'))).to.equal('rate_limited')
  })

  it('and no other for whoever logs in', async () => {
    const { email, password } = facility.user
    expect(
      await ask(routes, ['POST', '/api/auth/login'], { body: { email, password } }, { kind: 'anonymous' }),
    ).to.equal('200')
  })
})
