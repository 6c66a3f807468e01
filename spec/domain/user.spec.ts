import { expect } from 'chai'
import * as User from '../../domain/user.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(User)

const at = '2026-11-24T09:00:00.000Z'
const facility_id = '0b1c2d3e-0000-4000-8000-000000000001'
const session_id = '0b1c2d3e-0000-4000-8000-000000000002'
const data = {
  email: 'ada@example.org',
  name: 'Ada',
  role: 'user',
  facility_id,
  password_hash: 'hash-1',
  must_change_password: true,
  registered_at: at,
} as const
const { facility_id: _, ...free } = data
const registered: User.Event = { type: 'UserRegistered', data }
const deactivated: User.Event = { type: 'UserDeactivated', data: { deactivated_at: at } }
const reactivated: User.Event = { type: 'UserReactivated', data: { reactivated_at: at } }
const erased: User.Event = { type: 'UserErased', data: { erased_at: at } }
const change = { password_hash: 'hash-2', must_change_password: false, session_id, changed_at: at }
const changed: User.Event = { type: 'UserPasswordChanged', data: change }

describe('a user', () => {
  describe('is registered', () => {
    for (const role of ['user', 'facility_admin'] as const) {
      it(`as ${role} of a facility`, () =>
        given()
          .when(User.register({ ...data, role }))
          .then({ type: 'UserRegistered', data: { ...data, role } }))
      it(`as ${role} of no facility never`, () =>
        given()
          .when(User.register({ ...free, role }))
          .refused('facility-required'))
    }
    it('as super_admin of no facility', () =>
      given()
        .when(User.register({ ...free, role: 'super_admin' }))
        .then({ type: 'UserRegistered', data: { ...free, role: 'super_admin' } }))
    it('as super_admin of a facility never', () =>
      given()
        .when(User.register({ ...data, role: 'super_admin' }))
        .refused('facility-not-allowed'))
    it('again by whoever repeats it with another salt, which adds nothing', () =>
      given(registered)
        .when(User.register({ ...data, password_hash: 'hash-9' }))
        .then())
    it('not over another one', () =>
      given(registered)
        .when(User.register({ ...data, email: 'bob@example.org' }))
        .refused('user-exists'))
    it('not over one that was erased', () => given(registered, erased).when(User.register(data)).refused('user-exists'))
  })

  describe('changes the password', () => {
    it('once', () => given(registered).when(User.changePassword(change)).then(changed))
    it('to the hash it has, which adds nothing', () =>
      given(registered, changed).when(User.changePassword(change)).then())
    it('after having been reactivated', () =>
      given(registered, deactivated, reactivated).when(User.changePassword(change)).then(changed))
    it('not while deactivated', () =>
      given(registered, deactivated).when(User.changePassword(change)).refused('user-inactive'))
    it('not once erased', () => given(registered, erased).when(User.changePassword(change)).refused('user-inactive'))
    it('only when there is one', () => given().when(User.changePassword(change)).refused('user-unknown'))
  })

  describe('has sessions of generations', () => {
    it('which begin at 0 and grow by one a change', () => {
      const second: User.Event = { type: 'UserPasswordChanged', data: { ...change, password_hash: 'hash-3' } }
      expect(stateAfter(registered)).to.include({ session_generation: 0, must_change_password: true })
      expect(stateAfter(registered, changed)).to.include({ session_generation: 1, must_change_password: false })
      expect(stateAfter(registered, changed, second)).to.include({ session_generation: 2, password_hash: 'hash-3' })
    })
    it('and remembers the session in which it was changed, until a change outside of any', () => {
      const { session_id: _, ...outside } = { ...change, password_hash: 'hash-3' }
      expect(stateAfter(registered)).not.to.have.property('spared_session_id')
      expect(stateAfter(registered, changed)).to.include({ spared_session_id: session_id })
      const reset = stateAfter(registered, changed, { type: 'UserPasswordChanged', data: outside })
      expect(reset).to.include({ session_generation: 2 }).and.not.to.have.property('spared_session_id')
    })
  })

  describe('ends all sessions', () => {
    const data = { reason: 'ended_by_admin', ended_at: at } as const
    it('whichever there are', () =>
      given(registered).when(User.endSessions(data)).then({ type: 'UserSessionsEnded', data }))
    it('but the one that ends the others', () => {
      const others = { reason: 'logout', session_id, ended_at: at } as const
      given(registered).when(User.endSessions(others)).then({ type: 'UserSessionsEnded', data: others })
      expect(stateAfter(registered, { type: 'UserSessionsEnded', data: others })).to.include({
        session_generation: 1,
        spared_session_id: session_id,
      })
    })
    it('when deactivated and when erased, none spared', () => {
      for (const event of [deactivated, erased])
        expect(stateAfter(registered, changed, event))
          .to.include({ session_generation: 2 })
          .and.not.to.have.property('spared_session_id')
    })
    it('not once erased', () => given(registered, erased).when(User.endSessions(data)).refused('user-erased'))
  })

  describe('is changed', () => {
    const other = '0b1c2d3e-0000-4000-8000-000000000003'
    const boss: User.Event = { type: 'UserRegistered', data: { ...free, role: 'super_admin' } }
    it('in name, address, role and facility, each its own event', () =>
      given(registered)
        .when(User.change({ name: 'B', email: 'b@example.org', role: 'facility_admin', facility_id: other, at }))
        .then(
          { type: 'UserRenamed', data: { name: 'B', renamed_at: at } },
          { type: 'UserEmailChanged', data: { email: 'b@example.org', changed_at: at } },
          { type: 'UserRoleChanged', data: { role: 'facility_admin', changed_at: at } },
          { type: 'UserMovedToFacility', data: { facility_id: other, moved_at: at } },
        ))
    it('to what it is, which adds nothing', () =>
      given(registered)
        .when(User.change({ name: 'Ada', email: data.email, role: 'user', facility_id, at }))
        .then())
    it('to super_admin, and leaves the facility', () => {
      const promoted: User.Event = { type: 'UserRoleChanged', data: { role: 'super_admin', changed_at: at } }
      given(registered)
        .when(User.change({ role: 'super_admin', at }))
        .then(promoted)
      expect(stateAfter(registered, promoted)).not.to.have.property('facility_id')
    })
    it('never to a super_admin of a facility', () =>
      given(registered)
        .when(User.change({ role: 'super_admin', facility_id, at }))
        .refused('facility-not-allowed'))
    it('from super_admin only with a facility to belong to', () => {
      given(boss)
        .when(User.change({ role: 'user', at }))
        .refused('facility-required')
      given(boss)
        .when(User.change({ role: 'user', facility_id, at }))
        .then(
          { type: 'UserRoleChanged', data: { role: 'user', changed_at: at } },
          { type: 'UserMovedToFacility', data: { facility_id, moved_at: at } },
        )
    })
    it('not once erased', () =>
      given(registered, erased)
        .when(User.change({ name: 'B', at }))
        .refused('user-erased'))
  })

  describe('goes and comes back', () => {
    it('once', () =>
      given(registered)
        .when(User.deactivate({ deactivated_at: at }))
        .then(deactivated))
    it('again, which adds nothing', () =>
      given(registered, deactivated)
        .when(User.deactivate({ deactivated_at: at }))
        .then())
    it('reactivated', () =>
      given(registered, deactivated)
        .when(User.reactivate({ reactivated_at: at }))
        .then(reactivated))
    it('but not once erased', () => {
      given(registered, erased)
        .when(User.reactivate({ reactivated_at: at }))
        .refused('user-erased')
      given(registered, erased)
        .when(User.deactivate({ deactivated_at: at }))
        .refused('user-erased')
    })
    it('erased once', () =>
      given(registered)
        .when(User.erase({ erased_at: at }))
        .then(erased))
    it('erased when there is one', () =>
      given()
        .when(User.erase({ erased_at: at }))
        .refused('user-unknown'))
  })

  it('is what its events say', () => {
    const other = '0b1c2d3e-0000-4000-8000-000000000003'
    expect(
      stateAfter(
        registered,
        { type: 'UserRenamed', data: { name: 'Ada L.', renamed_at: at } },
        { type: 'UserEmailChanged', data: { email: 'ada@example.net', changed_at: at } },
        { type: 'UserRoleChanged', data: { role: 'facility_admin', changed_at: at } },
        { type: 'UserMovedToFacility', data: { facility_id: other, moved_at: at } },
        deactivated,
      ),
    ).to.deep.equal({
      status: 'inactive',
      email: 'ada@example.net',
      name: 'Ada L.',
      role: 'facility_admin',
      facility_id: other,
      password_hash: 'hash-1',
      must_change_password: true,
      session_generation: 1,
      sessions_ended: { reason: 'deactivated', at },
      registered_at: at,
    })
  })

  it('leaves no name, address or password behind when erased', () => {
    const state = stateAfter(registered, changed, erased)
    expect(state).to.include({ status: 'erased', email: '[erased]', name: '[erased]', password_hash: '' })
    expect(JSON.stringify(state)).not.to.match(/ada|hash-\d/i)
  })

  it('is nothing before it is registered', () => {
    expect(stateAfter(changed, deactivated, erased)).to.deep.equal({ status: 'unknown' })
    expect(() => User.known(User.initial))
      .to.throw()
      .with.property('code', 'user-unknown')
  })

  describe('is given up', () => {
    const abandoned: User.Event = { type: 'UserRegistrationAbandoned', data: { abandoned_at: at } }

    it('while it has not come', () =>
      given()
        .when(User.abandon({ abandoned_at: at }))
        .then(abandoned))
    it('not once it is there', () =>
      given(registered)
        .when(User.abandon({ abandoned_at: at }))
        .then())
    it('for ever: it can no longer be registered', () =>
      given(abandoned).when(User.register(data)).refused('registration-abandoned'))
    it('and is then as unknown as one that never was', () =>
      expect(() => User.known(stateAfter(abandoned))).to.throw(/^No such user/))
  })
})
