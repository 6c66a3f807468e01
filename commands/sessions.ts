import * as Session from '../domain/session.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Intent } from '../ops/platform/route.ts'
import { handle } from './handle.ts'
import { aside } from './http.ts'

export interface SessionDeps {
  store: EventStore
  now: () => string
  /** As the read model has them: candidates, no more. */
  openSessionsOf: (userId: string) => Promise<string[]>
}

/** Said for the history only: they have ended with the user's own event, whether or not the read model knows of them. */
export async function sayEnded(
  { store, now, openSessionsOf }: SessionDeps,
  userId: string,
  reason: Session.EndReason,
  about: Intent,
  except?: string,
): Promise<void> {
  const ended_at = now()
  const others = (await openSessionsOf(userId)).filter((sid) => sid !== except)
  await Promise.all(others.map((sid) => handle(store, Session, sid, Session.end({ reason, ended_at }), aside(about))))
}
