import { setTimeout as delay } from 'node:timers/promises'
import type { Found, ReadyModel, Server } from '../domain/gpuServer.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { connectTo } from './gpuServersHeard.ts'
import { type InferenceServer, ServerFault } from './inferenceProtocol.ts'

/** So many versions of a model are asked for, the newest. */
const mostVersions = 8
const againMs = 250

export interface ProbeDeps {
  store: EventStore
  /** The models there are, by name: others that a server may have are not asked for. */
  models: readonly string[]
  /** Of each request. */
  timeoutMs: number
}

/** Whether it is there, takes requests, and which of these models it has ready. Throws only the signal's reason. */
export async function probe(server: InferenceServer, models: readonly string[], signal: AbortSignal): Promise<Found> {
  try {
    if (!(await server.live(signal))) return { health: 'down', reason: 'It says that it is not live' }
    if (!(await server.ready(signal))) return { health: 'down', reason: 'It says that it is not ready' }
    const ready: ReadyModel[] = []
    for (const name of models) ready.push(...(await readyVersions(server, name, signal)))
    return { health: 'up', models: ready.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)) }
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error
    return { health: 'down', reason: error.message }
  }
}

export const keyOf = ({ name, version = '' }: ReadyModel) => `${name} ${version}`

async function readyVersions(server: InferenceServer, name: string, signal: AbortSignal): Promise<ReadyModel[]> {
  if (!(await server.modelReady(name, undefined, signal)).ready) return []
  const versions = (await server.versions(name, signal)).slice(-mostVersions)
  if (versions.length === 0) return [{ name }]
  const ready: ReadyModel[] = []
  for (const version of versions)
    if ((await server.modelReady(name, version, signal)).ready) ready.push({ name, version })
  // It takes requests for the model, whatever it says of each of its versions.
  return ready.length > 0 ? ready : [{ name }]
}

/** Looks once at a server of the log, by a connection of its own. */
export async function lookAt(
  { store, models, timeoutMs }: ProbeDeps,
  id: string,
  state: Server,
  signal: AbortSignal,
): Promise<Found> {
  let server: InferenceServer
  try {
    server = connectTo(store, id, state, timeoutMs)
  } catch {
    return { health: 'down', reason: 'Its token cannot be opened: it was sealed under another key' }
  }
  try {
    return await probe(server, models, signal)
  } finally {
    server.close()
  }
}

/** For whoever wants to know now: a second look where it was up and seems down, so that what is found can be recorded. */
export const lookTwice =
  (deps: ProbeDeps) =>
  async (id: string, state: Server, signal: AbortSignal): Promise<{ found: Found; latency_ms: number }> => {
    const timed = async () => {
      const began = performance.now()
      const found = await lookAt(deps, id, state, signal)
      return { found, latency_ms: Math.round((performance.now() - began) * 10) / 10 }
    }
    const first = await timed()
    if (first.found.health === 'up' || state.health !== 'up') return first
    await delay(againMs, undefined, { signal })
    return timed()
  }
