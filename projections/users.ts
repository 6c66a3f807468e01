import type { Projection } from './engine/projection.ts'

export interface UserRow {
  id: string
  email: string
  name: string
  role: 'super_admin' | 'facility_admin' | 'user'
  facility_id: string | null
  status: 'active' | 'inactive' | 'erased'
  must_change_password: boolean
  created_at: string
}

export const users: Projection<UserRow> = {
  name: 'users',
  version: 1,
  indexes: ['facility_id, created_at, id'],
  on: {
    UserRegistered: {
      create: ({ id, data: { registered_at, password_hash: _, ...data } }) => ({
        id,
        facility_id: null,
        ...data,
        status: 'active',
        created_at: registered_at,
      }),
    },
    UserRenamed: (row, { data }) => ({ ...row, name: data.name }),
    UserEmailChanged: (row, { data }) => ({ ...row, email: data.email }),
    UserRoleChanged: (row, { data: { role } }) => ({
      ...row,
      role,
      facility_id: role === 'super_admin' ? null : row.facility_id,
    }),
    UserMovedToFacility: (row, { data }) => ({ ...row, facility_id: data.facility_id }),
    UserPasswordChanged: (row, { data }) => ({ ...row, must_change_password: data.must_change_password }),
    UserDeactivated: (row) => ({ ...row, status: 'inactive' }),
    UserReactivated: (row) => ({ ...row, status: 'active' }),
    UserErased: (row) => ({ ...row, status: 'erased', email: '[erased]', name: '[erased]' }),
  },
}
