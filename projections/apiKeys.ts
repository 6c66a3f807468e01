import type { Projection } from './engine/projection.ts'

export interface ApiKeyRow {
  id: string
  name: string
  facility_id: string
  device_id: string | null
  scopes: readonly string[]
  status: 'active' | 'revoked'
  expires_at: string | null
  created_at: string
}

export const apiKeys: Projection<ApiKeyRow> = {
  name: 'api_keys',
  version: 1,
  indexes: ['facility_id, created_at, id'],
  on: {
    ApiKeyIssued: {
      create: ({ id, data: { issued_at, secret_sha256: _, ...data } }) => ({
        id,
        device_id: null,
        expires_at: null,
        ...data,
        status: 'active',
        created_at: issued_at,
      }),
    },
    ApiKeyRenamed: (row, { data }) => ({ ...row, name: data.name }),
    ApiKeyRevoked: (row) => ({ ...row, status: 'revoked' }),
  },
}
