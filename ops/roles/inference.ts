import { randomUUID } from 'node:crypto'
import { derivedId, handle, load } from '../../commands/handle.ts'
import { type Deps, systemIntent } from '../../commands/http.ts'
import * as GpuServer from '../../domain/gpuServer.ts'
import { watchGpuServers } from '../../workers/gpuHealth.ts'
import type { ProbeDeps } from '../../workers/gpuProbe.ts'
import { runAsLeader } from '../../workers/leading.ts'
import { models as catalogue } from '../../workers/models/catalogue.ts'
import type { Bus } from '../platform/bus.ts'
import type { EventStore } from '../platform/eventStore.ts'
import type { Locks } from '../platform/locks.ts'
import { serverUrl } from '../platform/serverAddress.ts'
import type { Connections } from './connections.ts'

const now = () => new Date().toISOString()
/** With it one instance looks at the servers. */
const lock = 'gpu health'
const probeMs = 5000
/** The models that are run on servers. */
const models = catalogue.filter(({ needsServer }) => needsServer).map(({ name }) => name)

/** How servers are looked at, whoever does it. */
export const probing = (store: EventStore): ProbeDeps => ({ store, models, timeoutMs: probeMs })

const faultSubject = 'gpu_server_faults'

/** Has whoever looks at the servers look at this one now. */
export const reportFault = (bus: Bus, id: string): void => bus.tell(faultSubject, { id })

/** Looks at the servers, in one of all instances; resolves after the signal. */
export async function runGpuHealth({
  config,
  store,
  bus,
  locks,
  log,
  lifecycle,
}: Connections & { locks: Locks }): Promise<void> {
  const everyMs = config.GPU_HEALTH_CHECK_INTERVAL_SECS * 1000
  const onFaults = (listener: (id: string) => void, until: AbortSignal) => {
    const subscription = bus.connection.subscribe(faultSubject, {
      callback: (_, message) => listener(String(message.json<{ id?: unknown }>().id)),
    })
    until.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
  }
  const leading = { locks, lock, everyMs: 1000, log, signal: lifecycle.stopping }
  await runAsLeader(leading, (signal) => watchGpuServers({ ...probing(store), everyMs, now, onFaults, log, signal }))
}

/**
 * Makes the inference server of the installation itself known, once and for ever: who removes it is not given it again. It is found under another
 * address at each start.
 * @param address where it answers; throws AddressRefused
 */
export async function registerOwnServer({ store, now }: Deps, address: string): Promise<string> {
  const id = derivedId('gpu-server', 'own')
  const url = serverUrl(address)
  const intent = () => systemIntent('own_inference_server', randomUUID())
  const own = { name: 'embedded', url, sealed_token: '', max_concurrency: 2, registered_at: now() }
  await handle(store, GpuServer, id, GpuServer.register(own), intent())
  const { state } = await load(store, GpuServer, id)
  if (state.status !== 'removed')
    await handle(store, GpuServer, id, GpuServer.change({ url, changed_at: now() }), intent())
  return id
}
