import type { Projection } from '../engine/projection.ts'
import type { SessionRow } from '../sessions.ts'

interface SessionRowV1 extends SessionRow {
  address: string
  user_agent: string
}

/** With the address in clear, which a rebuild after an erasure no longer has. */
export const sessionsV1: Projection<SessionRowV1> = {
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
