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

/** How long ago sessions were refreshed, by the one clock of this instance: whoever wrote it into the log had another. */
export interface Refreshes {
  /** It is about to be made, here. */
  making(refreshId: string): void
  /** Whether the refresh that the log has at this position is younger than the grace. Throws the 503 problem where that cannot be known. */
  isYoung(refreshId: string, position: bigint): boolean
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
