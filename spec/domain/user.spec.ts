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

  describe('has passwords of generations', () => {
    it('which begin at 0 and grow by one a change', () => {
      const second: User.Event = { type: 'UserPasswordChanged', data: { ...change, password_hash: 'hash-3' } }
      expect(stateAfter(registered)).to.include({ password_generation: 0, must_change_password: true })
      expect(stateAfter(registered, changed)).to.include({ password_generation: 1, must_change_password: false })
      expect(stateAfter(registered, changed, second)).to.include({ password_generation: 2, password_hash: 'hash-3' })
    })
    it('and remembers the session in which it was changed, until a change outside of any', () => {
      const { session_id: _, ...outside } = { ...change, password_hash: 'hash-3' }
      expect(stateAfter(registered)).not.to.have.property('password_session_id')
      expect(stateAfter(registered, changed)).to.include({ password_session_id: session_id })
      const reset = stateAfter(registered, changed, { type: 'UserPasswordChanged', data: outside })
      expect(reset).to.include({ password_generation: 2 }).and.not.to.have.property('password_session_id')
    })
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
      password_generation: 0,
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
