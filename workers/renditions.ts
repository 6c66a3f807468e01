import type { Format, Loudness } from '../domain/transcodeJob.ts'
import { type FfmpegOptions, runFfmpeg } from './ffmpeg.ts'
import { outputsOf } from './media.ts'

export interface RenditionsOptions<First> extends Omit<FfmpegOptions, 'outputs'> {
  directory: string
  formats: readonly Format[]
  /** Bits per second of each. */
  bitrate: number
  /** Called once the first format can be had, while the others are still made. */
  onFirst: (format: Format) => Promise<First>
}

/**
 * Makes every rendition of a recording, its mono samples and what it measures, all at once: the first format by itself, so that it is there as
 * soon as one encoder can have it, and everything else in one pass beside it. What one of the two fails of ends the other. Throws what
 * `runFfmpeg` throws, or `onFirst`.
 */
export async function makeRenditions<First>({
  directory,
  formats,
  bitrate,
  onFirst,
  onProgress,
  ...options
}: RenditionsOptions<First>): Promise<{ first: First; loudness?: Loudness }> {
  const [first, ...others] = outputsOf(directory, formats, bitrate)
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const both = [
    runFfmpeg({ ...options, signal, outputs: [first!] }).then(() => onFirst(formats[0]!)),
    // It is the longer one: how far this is, all of it is.
    runFfmpeg({ ...options, signal, outputs: others, ...(onProgress && { onProgress }) }),
  ] as const
  try {
    const [made, measured] = await Promise.all(both)
    return { first: made, ...measured }
  } catch (error) {
    failed.abort()
    await Promise.allSettled(both)
    throw error
  }
}
