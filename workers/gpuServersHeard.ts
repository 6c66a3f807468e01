import { setTimeout as delay } from 'node:timers/promises'
import { decode, splitStream } from '../domain/decider.ts'
import * as GpuServer from '../domain/gpuServer.ts'
import type { EventStore, Recorded } from '../ops/platform/eventStore.ts'
import type { Log } from '../ops/platform/log.ts'
import { connectInference, type InferenceServer } from './inferenceProtocol.ts'

export interface Heard {
  id: string
  event: GpuServer.Event
  server: GpuServer.Server
  /** Whether it happened after everything else was heard, as opposed to long ago. */
  isNews: boolean
}

/**
 * Follows the GPU servers of the log until the signal; what fails is begun again, from the first event.
 * @param onHeard each event in turn, with the server as it is after it
 * @param onCaughtUp whenever everything was heard that has happened
 */
export async function hearGpuServers({
  store,
  log,
  signal,
  onHeard,
  onCaughtUp,
}: {
  store: EventStore
  log: Log
  signal: AbortSignal
  onHeard: (heard: Heard) => void
  onCaughtUp: () => void
}): Promise<void> {
  for (let failures = 0; !signal.aborted;)
    try {
      const states = new Map<string, GpuServer.State>()
      let isNews = false
      const onBroken = (error: Error) => log.warn({ error: error.message }, 'not hearing of GPU servers')
      const caughtUp = () => {
        isNews = true
        failures = 0
        onCaughtUp()
      }
      const following = { prefixes: [`${GpuServer.category}-`], signal, onBroken, onCaughtUp: caughtUp }
      for await (const events of store.follow(following))
        for (const stored of events) {
          const id = splitStream(stored.stream)[1]
          const event = decoded(stored)
          const server = GpuServer.evolve(states.get(id) ?? GpuServer.initial, event)
          states.set(id, server)
          if (server.status !== 'unknown') onHeard({ id, event, server, isNews })
        }
    } catch (error) {
      if (signal.aborted) return
      log.error({ error }, 'GPU servers are not heard of; they will be, from the beginning of the log')
      await delay(Math.min(100 * 2 ** failures++, 5000), undefined, { signal }).catch(() => undefined)
    }
}

const decoded = ({ type, data, metadata }: Recorded) =>
  decode(GpuServer, { type, data, schema: metadata['schema'] as number })

/** What of a server decides how it is spoken to. */
export const wayTo = ({ url, sealed_token }: GpuServer.Server) => `${url} ${sealed_token}`

/** A connection to a server of the log, with its token opened. Throws where that cannot be. */
export const connectTo = (
  { sealing }: EventStore,
  id: string,
  { url, sealed_token }: GpuServer.Server,
  timeoutMs: number,
): InferenceServer =>
  connectInference({
    ...{ url, timeoutMs },
    ...(sealed_token !== '' && { token: sealing.openSecret(`${GpuServer.category}-${id}`, sealed_token) }),
  })
