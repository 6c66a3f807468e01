import { type ChildProcess, spawn } from 'node:child_process'
import { failureOf, FfmpegFailed, killGroup, noNumbers } from './ffmpeg.ts'
import { inputOptions, most, type Programs } from './media.ts'

export interface SamplesOptions {
  /** Confined: they stay within limits of the processor's time and of memory. */
  programs: Programs
  file: string
  contentType: string
  sample_rate_hz: number
  /** Kills ffmpeg: whoever aborts knows why. */
  signal: AbortSignal
  /** So long it may give nothing, while it is waited for. */
  stallMs?: number
}

export interface Samples {
  /** Of the first sound in the file, all channels mixed to one, −1…1 at full scale. Throws FfmpegFailed. */
  samples: AsyncIterable<Float32Array>
  /** What ffmpeg is given, with `input` for the file. */
  ffmpeg: readonly string[]
}

/**
 * Decodes a recording as it is read: however long it is, only little of it is in memory. ffmpeg starts with the first read, waits for a slow
 * reader, and is killed with all that it has started when the reader stops before the end.
 */
export function samplesOf({ file, contentType, sample_rate_hz, ...options }: SamplesOptions): Samples {
  const output = ['-map', '0:a:0', '-map_metadata', '-1', '-vn', '-sn', '-dn']
  // Of floats ffmpeg would make a sum, not a mean.
  const format = [
    '-af',
    'aresample=rematrix_maxval=1',
    '-ac',
    '1',
    '-ar',
    String(sample_rate_hz),
    '-c:a',
    'pcm_f32le',
    '-f',
    'f32le',
    '-',
  ]
  const args = (input: string) => [
    ...['-nostdin', '-hide_banner', '-nostats', ...inputOptions(contentType), '-i', input],
    ...output,
    ...format,
  ]
  return { samples: decode(args(file), sample_rate_hz, options), ffmpeg: args('input') }
}

async function* decode(
  args: string[],
  rate: number,
  { programs, signal, stallMs = 60_000 }: Pick<SamplesOptions, 'programs' | 'signal' | 'stallMs'>,
): AsyncGenerator<Float32Array> {
  const child = spawn(programs.ffmpeg, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const { ended, said } = watch(child)
  let killed: string | undefined
  const kill = (why: string) => {
    killed ??= why
    killGroup(child)
  }
  const onAbort = () => kill('was stopped')
  // A reader may take as long as it likes: only what ffmpeg lets it wait for counts.
  const watched = () => setTimeout(() => kill(`made no progress for ${Math.round(stallMs / 1000)} s`), stallMs)
  let stalled = watched()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    let left = most.hours * 3600 * rate
    for await (const samples of floats(child.stdout)) {
      clearTimeout(stalled)
      if ((left -= samples.length) < 0)
        throw new FfmpegFailed(`A recording is at most ${most.hours} hours long; this one is longer`, true)
      if (!samples.every(Number.isFinite)) throw new FfmpegFailed(noNumbers('decode'), true)
      yield samples
      stalled = watched()
    }
    const error = await ended
    if (error) throw failureOf('decode', error, said(), killed)
  } finally {
    clearTimeout(stalled)
    signal.removeEventListener('abort', onAbort)
    killGroup(child)
    await ended
  }
}

/** How it ends, in the words of fluent-ffmpeg, and the last of what it says meanwhile. */
function watch(child: ChildProcess): { ended: Promise<Error | undefined>; said: () => string } {
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-65_536)))
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve)
    // What it may have started holds the pipes open.
    child.once('exit', () => killGroup(child))
    child.once('close', (code, signal) => {
      const how = signal ? `was killed with signal ${signal}` : `exited with code ${code}`
      resolve(code === 0 ? undefined : new Error(`ffmpeg ${how}`))
    })
  })
  return { ended, said: () => text }
}

/** Little-endian floats, wherever a chunk is cut. A stream that breaks off ends here: how the program ended says why. */
async function* floats(stream: AsyncIterable<Buffer>): AsyncGenerator<Float32Array> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of stream) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      const samples = new Float32Array(bytes.length >> 2)
      bytes.copy(Buffer.from(samples.buffer))
      rest = bytes.subarray(samples.byteLength)
      if (samples.length > 0) yield samples
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}
