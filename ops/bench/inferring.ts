import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as GpuServer from '../../domain/gpuServer.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import * as Upload from '../../domain/upload.ts'
import { runDispatch } from '../../workers/dispatch.ts'
import { inference } from '../../workers/inference.ts'
import { followServers } from '../../workers/inferenceServers.ts'
import type { Model } from '../../workers/models/model.ts'
import { followOpenJobs, inferences } from '../../workers/openJobs.ts'
import { runJobs } from '../../workers/runner.ts'
import type { Connections } from '../roles/connections.ts'

const now = () => new Date().toISOString()
const facilities = 8
const name = 'bench'

/** Asks once, and hears nothing: what decoding costs is measured by itself. */
const model: Model = {
  ...{ name, version: '1', needsServer: true, describe: '', params: z.strictObject({}), sample_rate_hz: 16_000 },
  run: async ({ infer }) => {
    const { x } = await infer!([{ name: 'x', datatype: 'FP32', shape: [1], data: Float32Array.of(1) }])
    return { heard: x!.data[0] }
  },
}

/** One job as it went, in milliseconds of `performance.now()`. */
export interface Went {
  id: string
  asked: number
  /** Of its last attempt. */
  taken: number
  done: number
}

/** The product's own dispatch, runner, fleet and worker over these servers; each takes so many requests at a time. */
export async function inferringAt(
  connections: Connections,
  {
    urls,
    slots,
    concurrency,
    signal,
  }: { urls: readonly string[]; slots: number; concurrency: number; signal: AbortSignal },
) {
  const { store, objects, bus, log } = connections
  const about = { ...connections, now, signal }
  const intent = (id: string) => systemIntent('bench', id, randomUUID())

  const ids = urls.map(() => randomUUID())
  for (const [i, url] of urls.entries()) {
    const id = ids[i]!
    const given = { name: url, url, sealed_token: '', max_concurrency: concurrency, registered_at: now() }
    for (const decision of [
      GpuServer.register(given),
      GpuServer.recover({ recovered_at: now() }),
      GpuServer.observeModels({ models: [{ name, version: '1' }], observed_at: now() }),
    ])
      await handle(store, GpuServer, id, decision, intent(id))
  }
  const upload_id = randomUUID()
  async function* bytes() {
    yield Buffer.alloc(32_000)
  }
  const file = { object_key: `uploads/${upload_id}/original`, file_name: 'a.wav', content_type: 'audio/wav' }
  const stored = await objects.put(file.object_key, bytes(), file.content_type)
  const received = Upload.receive({ facility_id: upload_id, ...file, ...stored, received_at: now() })
  await handle(store, Upload, upload_id, received, { ...intent(upload_id), facility_id: upload_id })

  const fleet = followServers(about)
  const deps = { ...about, fleet, models: [model], scratch: connections.config.DATA_DIR, worker: 'bench' }
  const real = inference({ ...deps, programs: { ffmpeg: '', ffprobe: '' }, limitMs: 60_000 })
  const taken = new Map<string, number>()
  const ends = new Map<string, () => void>()
  const task: typeof real = {
    ...real,
    begin: (id, until) => (taken.set(id, performance.now()), real.begin(id, until)),
    perform: async (job, until) => {
      await real.perform(job, until)
      ends.get(job.id)?.()
    },
  }
  const jobs = followOpenJobs(inferences, about)
  const stopped = Promise.all([
    fleet.done,
    jobs.done,
    runDispatch(inferences.kind, { jobs, bus, log, signal }),
    fleet.ready.then(() => runJobs(task, { jobs, bus, slots, log, signal })),
  ]).then(() => undefined)

  let count = 0
  /** Resolves when the job has succeeded. */
  async function ask(): Promise<Went> {
    const id = randomUUID()
    const facility_id = `facility-${count++ % facilities}`
    const asked = performance.now()
    const done = new Promise<void>((resolve) => ends.set(id, resolve))
    const wanted = { upload_id, facility_id, model: name, priority: 'normal' as const, requested_at: now() }
    await handle(store, InferenceJob, id, InferenceJob.request(wanted), { ...intent(id), facility_id })
    await done
    return { id, asked, taken: taken.get(id)!, done: performance.now() }
  }
  /** The servers are no more. */
  async function retire() {
    for (const id of ids) await handle(store, GpuServer, id, GpuServer.remove({ removed_at: now() }), intent(id))
  }
  return { ask, stopped, retire, events: (id: string) => store.read(`inferenceJob-${id}`) }
}
