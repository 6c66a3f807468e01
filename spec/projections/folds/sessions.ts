import { sessions } from '../../../projections/sessions.ts'
import { at, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const session = `session-${id(3)}`
const sessionData = {
  user_id: id(2),
  refresh_id: id(30),
  address: '203.0.113.7',
  user_agent: 'Firefox',
  password_generation: 4,
  started_at: at,
  expires_at: later,
}
const sessionRow = {
  id: id(3),
  user_id: id(2),
  status: 'open',
  end_reason: null,
  started_at: at,
  refreshed_at: at,
  expires_at: later,
}
const refresh = { refresh_id: id(31), refreshed_at: later, expires_at: '2026-12-01T10:00:00.000Z' }
promise(
  sessions,
  'shows a session without its token and where it came from',
  [[session, 'SessionStarted', sessionData]],
  sessionRow,
)
promise(
  sessions,
  'shows until when it lasts, and why it ended',
  [
    [session, 'SessionStarted', sessionData],
    [session, 'SessionRefreshed', refresh],
    [session, 'SessionEnded', { reason: 'reuse_detected', ended_at: later }],
  ],
  {
    ...sessionRow,
    status: 'ended',
    end_reason: 'reuse_detected',
    refreshed_at: later,
    expires_at: '2026-12-01T10:00:00.000Z',
  },
)
