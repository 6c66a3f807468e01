import type { Projection } from './engine/projection.ts'

export interface SessionRow {
  id: string
  user_id: string
  status: 'open' | 'ended'
  end_reason: string | null
  started_at: string
  refreshed_at: string
  expires_at: string
}

export const sessions: Projection<SessionRow> = {
  name: 'sessions',
  version: 2,
  indexes: ['user_id, started_at, id'],
  on: {
    SessionStarted: {
      create: ({ id, data: { user_id, started_at, expires_at } }) => ({
        id,
        user_id,
        status: 'open',
        end_reason: null,
        started_at,
        refreshed_at: started_at,
        expires_at,
      }),
    },
    SessionRefreshed: (row, { data: { refreshed_at, expires_at } }) => ({ ...row, refreshed_at, expires_at }),
    SessionEnded: (row, { data }) => ({ ...row, status: 'ended', end_reason: data.reason }),
  },
}
