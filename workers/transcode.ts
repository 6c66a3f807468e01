import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { handle } from '../commands/handle.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import type { Bus } from '../ops/platform/bus.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Objects } from '../ops/platform/objects.ts'
import { attemptsAt, type Begun, within } from './attempts.ts'
import { FfmpegFailed } from './ffmpeg.ts'
import { codecs, type Found, probe, type Programs, Unreadable } from './media.ts'
import { chunks, fetchOriginal, putting, recordingOf } from './originals.ts'
import { peaksOf } from './peaks.ts'
import type { Reaped } from './reaper.ts'
import { makeRenditions } from './renditions.ts'
import { PermanentFailure, type Task } from './runner.ts'

export interface Job extends Begun {
  upload_id: string
  facility_id: string
  formats: readonly TranscodeJob.Format[]
  bitrate: number
}

export interface TranscodeDeps {
  store: EventStore
  objects: Objects
  bus: Bus
  programs: Programs
  /** Where files in the making lie. */
  scratch: string
  /** Names this worker in the log. */
  worker: string
  /** So long an attempt may take. */
  limitMs: number
  /** So long ffmpeg may stand still. */
  stallMs?: number
  now: () => string
}

const tellEveryMs = 500

/** Fetch, probe, make, put, record; the first rendition is put and recorded while the others are made. Attempts have object keys of their own: a late one overwrites nothing. */
export function transcode({
  store,
  objects,
  bus,
  programs,
  scratch,
  worker,
  limitMs,
  stallMs = 60_000,
  now,
}: TranscodeDeps) {
  const attempts = attemptsAt('transcode', TranscodeJob, { store, worker, now })
  const { intent } = attempts
  const put = putting(objects)

  async function begin(id: string): Promise<Job | undefined> {
    const next = await attempts.next(id)
    if (!next) return undefined
    const { state, ...job } = next
    const { upload_id, facility_id, formats, bitrate } = state
    return { ...job, ...(await attempts.start(job)), upload_id, facility_id, formats, bitrate }
  }

  const perform = (job: Job, stopped: AbortSignal) =>
    within(limitMs, 'The transcode', stopped, (signal) => make(job, signal))

  async function make(job: Job, signal: AbortSignal): Promise<void> {
    const upload = await recordingOf(store, job.upload_id)
    if (upload.status === 'rejected') return rejected(job, upload, upload.reason ?? 'It was rejected')
    const directory = await mkdtemp(join(scratch, 'transcode-'))
    try {
      const input = await fetchOriginal(objects, upload, directory, signal)
      const found = await probe(programs, input, upload.content_type, { signal }).catch((error: unknown) => {
        if (error instanceof Unreadable) return error
        throw error
      })
      if (found instanceof Unreadable) return await rejected(job, upload, found.message)
      if (found.duration_ms !== undefined) await recordProbe(job, { ...found, duration_ms: found.duration_ms })
      const { first, loudness } = await encode(job, upload, input, directory, found, signal)
      // Its length may only be known once it was decoded to its end.
      const samples = (await stat(join(directory, 'mono.pcm'))).size / 2
      if (samples === 0) return await rejected(job, upload, 'This file has no sound in it: its length is zero')
      await recordProbe(job, { duration_ms: Math.round((samples / found.sample_rate_hz) * 1000), ...found })
      const completed = {
        attempt: job.attempt,
        renditions: [
          first ?? (await putRendition(job, directory, job.formats[0]!)),
          ...(await Promise.all(job.formats.slice(1).map((format) => putRendition(job, directory, format)))),
        ],
        peaks: await putPeaks(job, directory, { sample_rate: found.sample_rate_hz, samples }),
        ...(loudness && { loudness }),
        completed_at: now(),
      }
      await attempts.complete(job, TranscodeJob.complete(completed))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }

  /** The first reading stands; saying it again adds nothing. */
  const recordProbe = (job: Job, probe: Upload.Probe) =>
    handle(store, Upload, job.upload_id, Upload.probed({ ...probe, probed_at: now() }), intent(job, 'probed'))

  async function encode(
    job: Job,
    upload: Upload.Recording,
    input: string,
    directory: string,
    found: Found,
    signal: AbortSignal,
  ) {
    const { duration_ms } = found
    const { upload_id, facility_id, attempt } = job
    let told = -Infinity
    const onProgress = (seconds: number) => {
      if (performance.now() - told < tellEveryMs) return
      told = performance.now()
      const done = duration_ms === undefined ? null : Math.min(1, (seconds * 1000) / duration_ms)
      bus.tell(`progress.transcode.${job.id}`, { upload_id, facility_id, attempt, done })
    }
    const { formats, bitrate } = job
    const onFirst = async (format: TranscodeJob.Format) => {
      // A recording without a sample makes one that cannot be read: that is seen to once all is done.
      const rendition = await putRendition(job, directory, format).catch((error: unknown) => {
        if (error instanceof Unreadable) return undefined
        throw error
      })
      if (!rendition) return undefined
      const made = TranscodeJob.renditionMade({ attempt, rendition, made_at: now() })
      // Alone it is there as soon as the job is done.
      if (formats.length > 1) await handle(store, TranscodeJob, job.id, made, intent(job, 'first-rendition'))
      return rendition
    }
    const source = { programs, input, contentType: upload.content_type, directory, formats, bitrate }
    return makeRenditions({ ...source, signal, stallMs, onProgress, onFirst }).catch((error: unknown) => {
      throw error instanceof FfmpegFailed && error.rejected ? new PermanentFailure(error.message) : error
    })
  }

  const prefixOf = (job: Job) => `uploads/${job.upload_id}/${job.id}/${job.attempt}`

  async function putRendition(
    job: Job,
    directory: string,
    format: TranscodeJob.Format,
  ): Promise<TranscodeJob.Rendition> {
    const { extension, codec, content_type } = codecs[format]
    const file = join(directory, `rendition.${extension}`)
    const { duration_ms = 0 } = await probe(programs, file, content_type)
    const object_key = `${prefixOf(job)}/${extension}`
    const stored = await put(object_key, createReadStream(file) as AsyncIterable<Buffer>, content_type)
    return { format, codec, bitrate: job.bitrate, duration_ms, object_key, ...stored }
  }

  async function putPeaks(
    job: Job,
    directory: string,
    sound: { sample_rate: number; samples: number },
  ): Promise<TranscodeJob.Peaks> {
    const peaks = await peaksOf(join(directory, 'mono.pcm'), sound)
    const object_key = `${prefixOf(job)}/peaks.json`
    await put(object_key, chunks(JSON.stringify(peaks)), 'application/json')
    return { object_key, samples_per_pixel: peaks.samples_per_pixel, length: peaks.length }
  }

  /** First the fact, then the bytes: a crash in between leaves an object too many, never one too few. */
  async function rejected(job: Job, upload: Upload.Recording, reason: string): Promise<void> {
    const outcome = await handle(
      store,
      Upload,
      job.upload_id,
      Upload.reject({ reason, rejected_at: now() }),
      intent(job, 'reject'),
    )
    // A file that could be read before is good: then something is wrong here, and its bytes stay.
    if (outcome.state.status !== 'rejected') throw new PermanentFailure(reason)
    await objects.remove(upload.object_key)
    throw new PermanentFailure(reason)
  }

  const { failed, giveUp, timeOut } = attempts
  return { kind: 'transcode', begin, perform, failed, giveUp, timeOut } satisfies Task<Job> & Reaped
}
