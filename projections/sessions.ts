import type { Projection } from './engine/projection.ts'

export interface SessionRow {
  id: string
  user_id: string
  address: string
  user_agent: string
  status: 'open' | 'ended'
  end_reason: string | null
  started_at: string
  refreshed_at: string
  expires_at: string
}

export const sessions: Projection<SessionRow> = {
  name: 'sessions',
  version: 1,
  indexes: ['user_id, started_at, id'],
  on: {
    SessionStarted: {
      create: ({ id, data: { refresh_id: _, password_generation: __, ...data } }) => ({
        id,
        ...data,
        status: 'open',
        end_reason: null,
        refreshed_at: data.started_at,
      }),
    },
    SessionRefreshed: (row, { data: { refreshed_at, expires_at } }) => ({ ...row, refreshed_at, expires_at }),
    SessionEnded: (row, { data }) => ({ ...row, status: 'ended', end_reason: data.reason }),
  },
}
