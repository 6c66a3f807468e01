import { join } from 'node:path'
import ffmpeg, { type FfprobeData } from 'fluent-ffmpeg'
import type { Probe } from '../domain/upload.ts'
import type { Format } from '../domain/transcodeJob.ts'

export interface Programs {
  ffmpeg: string
  ffprobe: string
}

/** The one demuxer a content type may be read with: a playlist or script in disguise finds no reader. */
const demuxers: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/mpeg': 'mp3',
  'audio/aac': 'aac',
  'audio/mp4': 'mov',
  'audio/ogg': 'ogg',
  'audio/webm': 'matroska',
  'audio/x-matroska': 'matroska',
  'audio/aiff': 'aiff',
}

/** Only local files, only the demuxer that the first bytes called for. */
export function inputOptions(contentType: string): string[] {
  const demuxer = demuxers[contentType]
  if (demuxer === undefined) throw new Error(`no demuxer may read ${contentType}`)
  return ['-protocol_whitelist', 'file,pipe', '-f', demuxer]
}

/** Why a file is no recording, in words for the person who sent it. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/** What a file says of itself; one that was written while it was recorded may not know its length. */
export type Found = Omit<Probe, 'duration_ms'> & { duration_ms?: number }

/** Reads what kind of sound a file holds. Throws Unreadable when it holds none. */
export async function probe(programs: Programs, file: string, contentType: string): Promise<Found> {
  const data = await new Promise<FfprobeData>((resolve, reject) => {
    const command = ffmpeg(file).setFfprobePath(programs.ffprobe)
    command.ffprobe(0, inputOptions(contentType), (error: Error | null, found) => {
      if (!error) resolve(found)
      // Only ffprobe's own verdict condemns a file: not a program that is missing, was killed or could not be confined.
      else if (/^ffprobe exited with code 1\b/.test(error.message) && !/^(?:setpriv|prlimit):/m.test(error.message))
        reject(new Unreadable(`This file cannot be read as ${contentType}: ${lastLine(error.message)}`))
      else reject(error)
    })
  })
  const sound = data.streams.find((stream) => stream.codec_type === 'audio')
  if (!sound) throw new Unreadable('This file has no sound in it')
  const sample_rate_hz = Number(sound.sample_rate)
  if (!(sample_rate_hz > 0)) throw new Unreadable('This file has no sound in it: it has no sample rate')
  const seconds = Number(data.format.duration ?? sound.duration)
  return {
    container: String(data.format.format_name),
    codec: String(sound.codec_name),
    sample_rate_hz,
    channels: Number(sound.channels),
    ...(seconds > 0 && { duration_ms: Math.round(seconds * 1000) }),
  }
}

export const codecs: Readonly<
  Record<
    Format,
    { extension: 'webm' | 'mp4'; codec: string; content_type: string; options: (bitrate: number) => string[] }
  >
> = {
  'opus-webm': {
    extension: 'webm',
    codec: 'opus',
    content_type: 'audio/webm',
    options: (bitrate) => ['-c:a', 'libopus', '-b:a', String(bitrate), '-f', 'webm'],
  },
  'aac-mp4': {
    extension: 'mp4',
    codec: 'aac',
    content_type: 'audio/mp4',
    options: (bitrate) => ['-c:a', 'aac', '-b:a', String(bitrate), '-movflags', '+faststart', '-f', 'mp4'],
  },
}

/** One decode pass: every rendition, and mono 16-bit samples for the waveform. Paths and numbers only, never a user's words. */
export function outputsOf(
  directory: string,
  formats: readonly Format[],
  bitrate: number,
): { file: string; options: string[] }[] {
  const sound = ['-map', '0:a:0', '-map_metadata', '-1', '-vn', '-sn', '-dn']
  return [
    ...formats.map((format) => ({
      file: join(directory, `rendition.${codecs[format].extension}`),
      // Opus and AAC take at most what their web profiles allow; surround is folded to stereo.
      options: [...sound, '-ac', '2', ...codecs[format].options(bitrate)],
    })),
    { file: join(directory, 'mono.pcm'), options: [...sound, '-ac', '1', '-c:a', 'pcm_s16le', '-f', 's16le'] },
  ]
}

export interface TranscodeOptions {
  programs: Programs
  input: string
  contentType: string
  outputs: readonly { file: string; options: string[] }[]
  signal: AbortSignal
  limitMs: number
  onProgress?: (seconds: number) => void
}

/** How ffmpeg ended: `rejected` when it said no to the input itself, which it would say again. */
export class FfmpegFailed extends Error {
  override readonly name = 'FfmpegFailed'
  readonly rejected: boolean
  constructor(message: string, rejected: boolean) {
    super(message)
    this.rejected = rejected
  }
}

/** Runs ffmpeg to its end, or kills it on the signal and after `limitMs`. */
export function transcode({
  programs,
  input,
  contentType,
  outputs,
  signal,
  limitMs,
  onProgress,
}: TranscodeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const command = ffmpeg(input).setFfmpegPath(programs.ffmpeg).setFfprobePath(programs.ffprobe)
    command.inputOptions(['-nostdin', '-hide_banner', ...inputOptions(contentType)])
    for (const { file, options } of outputs) command.output(file).outputOptions(options)
    let killed: string | undefined
    const kill = (why: string) => {
      killed ??= why
      command.kill('SIGKILL')
    }
    const onAbort = () => kill('stopped')
    const timer = setTimeout(() => kill(`took longer than ${Math.round(limitMs / 1000)} s`), limitMs)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    command.on('progress', ({ timemark }: { timemark?: string }) => onProgress?.(secondsOf(timemark ?? '')))
    command.on('end', () => settle(resolve))
    command.on('error', (error: Error, _out, stderr) =>
      settle(() => {
        // Its own verdict on the input: not a full disk, no memory, or a program that could not be confined.
        const exited = /ffmpeg exited with code \d+/.test(error.message)
        const ours = /No space left|Cannot allocate memory|^(?:setpriv|prlimit):/m.test(stderr ?? '')
        reject(
          new FfmpegFailed(
            killed ? `ffmpeg was ${killed}` : `ffmpeg: ${lastLine(stderr ?? error.message)}`,
            exited && !ours && !killed,
          ),
        )
      }),
    )
    command.run()
    if (signal.aborted) onAbort()
  })
}

const secondsOf = (timemark: string) => timemark.split(':').reduce((total, part) => total * 60 + Number(part), 0)
const lastLine = (text: string) =>
  text
    .trim()
    .split('\n')
    .at(-1)!
    .replace(/\/\S*\//g, '')
    .slice(0, 300)
