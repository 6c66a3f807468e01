import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../domain/decider.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { attemptsAt, type Begun, within } from './attempts.ts'
import { FfmpegFailed } from './ffmpeg.ts'
import { RequestFault, ServerFault } from './inferenceFaults.ts'
import type { Held, ServerFleet } from './inferenceServers.ts'
import type { Programs } from './media.ts'
import { type Model, WrongAnswer } from './models/model.ts'
import { chunks, fetchOriginal, putting, recordingOf } from './originals.ts'
import type { Reaped } from './reaper.ts'
import { NotYet, PermanentFailure, type Task } from './runner.ts'
import { samplesOf } from './samples.ts'

interface Listening extends Begun {
  upload_id: string
  model: Model
  params: unknown
  /** Asked for; absent: whichever the server has. */
  model_version?: string
  /** Absent where the worker does it by itself. */
  held?: Held
  /** What its server has done so far. */
  outcome: Parameters<Held['release']>[0]
}

export interface InferenceDeps {
  store: EventStore
  objects: Objects
  programs: Programs
  fleet: Pick<ServerFleet, 'pick' | 'anyFor' | 'changed'>
  models: readonly Model[]
  /** Where recordings lie while they are listened to. */
  scratch: string
  /** Names this worker in the log. */
  worker: string
  /** So long an attempt may take. */
  limitMs: number
  now: () => string
}

/** Results of more bytes than that lie in the store. */
const mostInEvent = 64 * 1024
/** So long a slot waits for a server that is busy, before it looks at another job. */
const busyMs = 1000
/** So long until somebody looks again whether there is a server. */
const noServerMs = 2000

/** Whether another server may do better. */
const isServers = (error: unknown) => error instanceof ServerFault || error instanceof WrongAnswer

/**
 * Choose a server, fetch, decode, listen, record. Without a server that is healthy and has the model the job waits, and no attempt is used up; one
 * that failed it is asked last.
 */
export function inference({ store, objects, programs, fleet, models, scratch, worker, limitMs, now }: InferenceDeps) {
  const attempts = attemptsAt('inference', InferenceJob, { store, worker, now })

  async function begin(id: string, signal: AbortSignal): Promise<Listening | undefined> {
    const next = await attempts.next(id)
    if (!next) return undefined
    const { state, ...job } = next
    const { upload_id, params, model_version } = state
    const model = models.find(({ name }) => name === state.model)
    if (!model) {
      await attempts.end(job, `No model is called ${state.model} here`)
      return undefined
    }
    const held = model.needsServer ? await serverFor(state, signal) : undefined
    try {
      const begun = await attempts.start(job, held && { server_id: held.id })
      const asked = model_version !== undefined && { model_version }
      return { ...job, ...begun, upload_id, model, params, ...asked, ...(held && { held }), outcome: 'unused' }
    } catch (error) {
      held?.release('unused')
      throw error
    }
  }

  async function serverFor(
    { model, model_version, failed_servers }: InferenceJob.Known,
    signal: AbortSignal,
  ): Promise<Held> {
    const version = model_version !== undefined && { version: model_version }
    for (const until = performance.now() + busyMs; ;) {
      const held = fleet.pick({ model, ...version, avoid: failed_servers })
      if (held) return held
      if (!fleet.anyFor(model, model_version)) throw new NotYet(`No healthy server has ${model}`, noServerMs)
      const left = Math.ceil(until - performance.now())
      if (left <= 0 || signal.aborted) throw new NotYet(`Every server that has ${model} is busy`, busyMs / 4)
      await fleet.changed(AbortSignal.any([signal, AbortSignal.timeout(left)])).catch(() => undefined)
    }
  }

  async function perform(job: Listening, stopped: AbortSignal): Promise<void> {
    try {
      await within(limitMs, 'The inference', stopped, (signal) => listen(job, signal))
    } catch (error) {
      if (isServers(error)) job.outcome = 'fault'
      throw error
    } finally {
      job.held?.release(job.outcome)
    }
  }

  async function listen(job: Listening, signal: AbortSignal): Promise<void> {
    const upload = await recordingOf(store, job.upload_id)
    if (upload.status === 'rejected') throw new PermanentFailure(`The recording was rejected: ${upload.reason}`)
    const directory = await mkdtemp(join(scratch, 'inference-'))
    try {
      const file = await fetchOriginal(objects, upload, directory, signal)
      const { sample_rate_hz } = job.model
      const decoded = { programs, file, contentType: upload.content_type, sample_rate_hz, signal }
      const { samples, ffmpeg } = samplesOf(decoded)
      const { found, model_version } = await run(job, samples, signal)
      const text = JSON.stringify(found)
      const output_sha256 = createHash('sha256').update(text).digest('hex')
      signal.throwIfAborted()
      const completed = InferenceJob.complete({
        attempt: job.attempt,
        model_version,
        ...(await kept(job, text)),
        lineage: { input_sha256: upload.sha256, ffmpeg, output_sha256 },
        completed_at: now(),
      })
      await attempts.complete(job, completed)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  /** What the model found, and in which version it says it did. */
  async function run(job: Listening, samples: AsyncIterable<Float32Array>, signal: AbortSignal) {
    const { model, params, model_version, held } = job
    const parsed = model.params.safeParse(params ?? {})
    if (!parsed.success) throw new PermanentFailure(`${model.name} cannot be asked with these parameters`)
    const version = model_version !== undefined && { version: model_version }
    let said = model_version ?? held?.version ?? model.version
    const infer: Parameters<Model['run']>[0]['infer'] = async (inputs, outputs) => {
      const answer = await held!.server.infer(
        { model: model.name, ...version, inputs, ...(outputs && { outputs }) },
        signal,
      )
      job.outcome = 'ok'
      said = answer.model_version ?? said
      return answer.outputs
    }
    const asked = { samples, params: parsed.data, signal, ...(held && { infer }) }
    const found = await model.run(asked).catch((error: unknown) => {
      throw isPermanent(error) ? new PermanentFailure(error.message) : error
    })
    return { found, model_version: said }
  }

  async function kept(
    job: Listening,
    text: string,
  ): Promise<{ result: Json } | { stored_result: InferenceJob.StoredResult }> {
    if (Buffer.byteLength(text) <= mostInEvent) return { result: JSON.parse(text) as Json }
    const object_key = `uploads/${job.upload_id}/${job.id}/${job.attempt}/result.json`
    return { stored_result: { object_key, ...(await putting(objects)(object_key, chunks(text), 'application/json')) } }
  }

  /** At another server it is tried at once, at first. */
  const blame = ({ attempt }: Listening, error: Error) =>
    isServers(error) ? { cause: 'server' as const, afterMs: Math.min(100 * 2 ** (attempt - 1), 60_000) } : undefined

  const { failed, giveUp, timeOut } = attempts
  return { kind: 'inference', begin, perform, failed, blame, giveUp, timeOut } satisfies Task<Listening> & Reaped
}

/** What every server, and every attempt, would say. */
const isPermanent = (error: unknown): error is Error =>
  error instanceof RequestFault || (error instanceof FfmpegFailed && error.rejected)
