import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { handle } from '../commands/handle.ts'
import { systemIntent } from '../commands/http.ts'
import * as GpuServer from '../domain/gpuServer.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import { findPrograms } from '../ops/programs.ts'
import type { Connections } from '../ops/roles/connections.ts'
import { runDispatch } from '../workers/dispatch.ts'
import { watchGpuServers } from '../workers/gpuHealth.ts'
import { inference } from '../workers/inference.ts'
import { followServers } from '../workers/inferenceServers.ts'
import type { Model } from '../workers/models/model.ts'
import { followOpenJobs, inferences } from '../workers/openJobs.ts'
import { runJobs } from '../workers/runner.ts'
import { eventually } from './eventually.ts'
import { now, serversIn } from './gpuServers.ts'
import { inferenceServer } from './inferenceServer.ts'
import { specLog, unique } from './system.ts'
import { recordingsIn } from './transcoding.ts'

const params = z.strictObject({ results: z.int().min(1).default(1) })

/** A model that asks its server once for all it has heard, and says how much that was. */
export const ears: Model<typeof params> = {
  ...{ name: 'ears', version: '1', needsServer: true, describe: 'How much was heard', params, sample_rate_hz: 16_000 },
  run: async ({ samples, infer, params: { results } }) => {
    let heard = 0
    for await (const piece of samples) heard += piece.length
    const { x } = await infer!([{ name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(heard) }])
    return { heard: Array.from({ length: results }, () => x!.data[0]) }
  },
}

/** The same by itself. */
export const sum: Model = {
  ...{ name: 'sum', version: '3', needsServer: false, describe: 'How much', params: z.strictObject({}) },
  sample_rate_hz: 8000,
  run: async ({ samples }) => {
    let heard = 0
    for await (const piece of samples) heard += piece.length
    return { heard }
  },
}

/** Inference over the servers of this log, where no worker but ours runs. */
export async function inferringIn(connections: Connections, dataDir: string) {
  const { store, bus } = connections
  const recordings = recordingsIn(connections)
  const servers = serversIn(store)
  const programs = await findPrograms({}, process.env['PATH'] ?? '')

  /** A server with the model, and its place in the log, where it is healthy. */
  async function serving(manner: Parameters<typeof inferenceServer>[0] = {}, more: { max_concurrency?: number } = {}) {
    let server = await inferenceServer({ models: { ears: ['7'] }, ...manner })
    const { port, asked, manner: its } = server
    const id = await servers.register(server.url, more)
    await servers.decide(id, GpuServer.recover({ recovered_at: now() }))
    const models = [{ name: 'ears', version: '7' }]
    await servers.decide(id, GpuServer.observeModels({ models, observed_at: now() }))
    const close = async () => {
      await servers.decide(id, GpuServer.remove({ removed_at: now() }))
      await server.close()
    }
    /** Breaks off whatever is going on there; what is given back has it serve again. */
    const die = async () => {
      await server.close()
      return async () => void (server = await inferenceServer(its, port))
    }
    return { id, asked, manner: its, close, die }
  }

  async function requested(upload_id: string, more: Partial<Parameters<typeof InferenceJob.request>[0]> = {}) {
    const id = randomUUID()
    const facility_id = more.facility_id ?? upload_id
    const asked = { upload_id, facility_id, model: 'ears', priority: 'normal', requested_at: now(), ...more } as const
    await handle(store, InferenceJob, id, InferenceJob.request(asked), { ...systemIntent('spec', id), facility_id })
    return id
  }

  const events = (job: string) => store.read(`inferenceJob-${job}`)
  const types = async (job: string) => (await events(job)).map(({ type }) => type.replace('Inference', ''))
  const over = (job: string, withinMs = 20_000) =>
    eventually(async () => {
      const last = (await events(job)).at(-1)!
      if (!inferences.ends.has(last.type)) throw new Error(`job ${job} is not over: ${(await types(job)).join(' ')}`)
      return { type: last.type.replace('Inference', ''), data: last.data }
    }, withinMs)

  /** A worker with its followers; `watchMs`: looks at the servers so often, too. */
  function worker({ slots = 2, limitMs = 60_000, watchMs = 0, models = [ears, sum] as Model<any>[] } = {}) {
    const stop = new AbortController()
    const { signal } = stop
    const about = { ...connections, log: specLog, signal, now }
    const faults = new Set<(id: string) => void>()
    const onFault = (id: string) => faults.forEach((tell) => tell(id))
    const fleet = followServers({ ...about, timeoutMs: 5000, ejectedMs: { first: 100, most: 1000 }, onFault })
    const scratch = mkdtempSync(join(dataDir, 'scratch-'))
    const task = inference({ ...about, programs, fleet, models, scratch, worker: unique('w'), limitMs })
    const jobs = followOpenJobs(inferences, about)
    const running = Promise.all([
      fleet.done,
      jobs.done,
      watchMs > 0 &&
        watchGpuServers({
          ...about,
          ...{ models: ['ears'], timeoutMs: 1000, everyMs: watchMs },
          onFaults: (tell) => void faults.add(tell),
        }),
      slots > 0 && runDispatch('inference', { ...about, jobs, share: 4 }),
      slots > 0 && fleet.ready.then(() => runJobs(task, { ...about, bus, jobs, slots })),
    ])
    return { task, jobs, fleet, stop: () => (stop.abort(), running) }
  }

  return { recordings, serving, requested, events, types, over, worker }
}
