import type { NatsConnection } from 'nats'
import type { Freshness } from '../../read-api/freshness.ts'
import type { Route } from '../platform/route.ts'
import { createHub, type Progress } from '../server/live/hub.ts'
import { live } from '../server/live/route.ts'
import type { Connections } from './connections.ts'

/** The route that tells what happens, over one follower of the log and one subscription to what workers say of their progress. */
export function liveOver(
  { store, bus, log, lifecycle }: Pick<Connections, 'store' | 'bus' | 'log' | 'lifecycle'>,
  freshness: Freshness,
): Route {
  const signal = lifecycle.stopping
  const hub = createHub({ store, freshness, log, signal })
  const telling = tellProgress(bus.connection, hub.progress, signal)
  lifecycle.onStop('live', () => Promise.all([hub.done, telling]))
  return live({ store, hub, freshness })
}

const prefix = 'progress.transcode.'

async function tellProgress(connection: NatsConnection, tell: (progress: Progress) => void, signal: AbortSignal) {
  const subscription = connection.subscribe(`${prefix}*`)
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
  for await (const message of subscription) {
    const { upload_id, facility_id, attempt, done } = message.json<Omit<Progress, 'id'>>()
    tell({
      id: message.subject.slice(prefix.length),
      ...(upload_id !== undefined && { upload_id }),
      ...(facility_id !== undefined && { facility_id }),
      ...{ attempt, done },
    })
  }
}
