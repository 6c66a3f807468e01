import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { handle, load } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import { type Decision, streamOf } from '../domain/decider.ts'
import { erasedBy, personalFields } from '../domain/events.ts'
import * as GpuServer from '../domain/gpuServer.ts'
import { secretsOfServers, startStack } from '../ops/embedded/stack.ts'
import { connectEventStore } from '../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { loadSecrets } from '../ops/platform/secrets.ts'
import { specLog, temporaryDataDir } from './system.ts'

export const now = () => new Date().toISOString()

/** A log in which nobody looks at GPU servers but the spec. */
export async function ownLog(): Promise<{ store: EventStore; close(): Promise<void> }> {
  const dataDir = temporaryDataDir()
  const secrets = loadSecrets(dataDir)
  const stack = await startStack({
    dataDir,
    provide: { eventStore: true, database: false, bus: false, objects: false, inference: false },
    secrets: secretsOfServers(secrets),
    paths: {},
    log: ({ level, msg, ...details }) => specLog[level](details, msg),
  })
  const secret = secrets.DATA_ENCRYPTION_KEY
  const store = connectEventStore({ url: stack.addresses.EVENTSTORE_URL!, secret, personalFields, erasedBy })
  const close = async () => {
    await store.close()
    await stack.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { store, close }
}

/** GPU servers as they are stored. */
export function serversIn(store: EventStore) {
  const decide = async (id: string, decision: Decision<GpuServer.State, GpuServer.Event>) =>
    void (await handle(store, GpuServer, id, decision, systemIntent('spec', randomUUID())))
  return {
    decide,
    register: async (url: string, { max_concurrency = 4, token = '' } = {}): Promise<string> => {
      const id = randomUUID()
      const sealed_token = token === '' ? '' : store.sealing.sealSecret(streamOf(GpuServer, id), token)
      const about = { name: 'spec', url, sealed_token, max_concurrency, registered_at: now() }
      await decide(id, GpuServer.register(about))
      return id
    },
    state: async (id: string) => GpuServer.known((await load(store, GpuServer, id)).state),
    /** What has happened since it was registered. */
    types: async (id: string) => (await store.read(streamOf(GpuServer, id))).slice(1).map(({ type }) => type),
  }
}
