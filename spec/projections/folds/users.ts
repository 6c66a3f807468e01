import { users } from '../../../projections/users.ts'
import { at, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

export const user = `user-${id(2)}`
export const userData = {
  email: 'ada@example.org',
  name: 'Ada',
  role: 'user',
  facility_id: id(1),
  password_hash: 'h1',
  must_change_password: true,
  registered_at: at,
}
const { password_hash: _hash, registered_at: _at, ...shownOfUser } = userData
export const userRow = { id: id(2), ...shownOfUser, status: 'active', created_at: at }
const { facility_id: _facility, ...superAdmin } = { ...userData, role: 'super_admin' }
promise(users, 'shows a user without the password', [[user, 'UserRegistered', userData]], userRow)
promise(users, 'shows a super_admin of no facility', [[user, 'UserRegistered', superAdmin]], {
  ...userRow,
  role: 'super_admin',
  facility_id: null,
})
promise(
  users,
  'shows who a user is by now',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserRenamed', { name: 'Ada L.', renamed_at: later }],
    [user, 'UserEmailChanged', { email: 'ada@example.net', changed_at: later }],
    [user, 'UserRoleChanged', { role: 'facility_admin', changed_at: later }],
    [user, 'UserMovedToFacility', { facility_id: id(9), moved_at: later }],
    [
      user,
      'UserPasswordChanged',
      { password_hash: 'h2', must_change_password: false, session_id: id(3), changed_at: later },
    ],
    [user, 'UserDeactivated', { deactivated_at: later }],
  ],
  {
    ...userRow,
    name: 'Ada L.',
    email: 'ada@example.net',
    role: 'facility_admin',
    facility_id: id(9),
    must_change_password: false,
    status: 'inactive',
  },
)
promise(
  users,
  'shows that a user was reactivated',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserDeactivated', { deactivated_at: later }],
    [user, 'UserReactivated', { reactivated_at: later }],
  ],
  userRow,
)
promise(
  users,
  'shows nothing of who was erased',
  [
    [user, 'UserRegistered', userData],
    [user, 'UserErased', { erased_at: later }],
  ],
  { ...userRow, status: 'erased', email: '[erased]', name: '[erased]' },
)
