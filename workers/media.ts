import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

const probing = ['-v', 'error', '-of', 'json', '-select_streams', 'a:0', '-show_entries']
const entries = 'format=format_name,duration:stream=codec_name,sample_rate,channels,duration'
/** Reading what a file says of itself takes a moment; one that keeps ffprobe busy for longer is none. */
const probeMs = 60_000

/** Beyond these a small file could keep a worker busy for days. */
export const most = { slowest: 100, fastest: 768_000, channels: 64, hours: 24 }

/** Reads what kind of sound a file holds. Throws Unreadable when it holds none. */
export async function probe(
  programs: Programs,
  file: string,
  contentType: string,
  { signal, limitMs = probeMs }: { signal?: AbortSignal; limitMs?: number } = {},
): Promise<Found> {
  const args = [...inputOptions(contentType), ...probing, entries, file]
  const limits = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20, ...(signal && { signal }) } as const
  const { stdout } = await promisify(execFile)(programs.ffprobe, args, limits).catch((error: unknown) => {
    if (isVerdict(error)) throw new Unreadable(`This file cannot be read as ${contentType}: ${lastLine(error.stderr)}`)
    throw new Error('ffprobe could not do its work', { cause: error })
  })
  const { format, streams } = JSON.parse(stdout) as Described
  const [sound] = streams
  if (!sound) throw new Unreadable('This file has no sound in it')
  const [sample_rate_hz, channels] = [Number(sound.sample_rate), Number(sound.channels)]
  const seconds = Number(format.duration ?? sound.duration)
  if (!(sample_rate_hz > 0)) throw new Unreadable('This file has no sound in it: it has no sample rate')
  if (!(channels > 0)) throw new Unreadable('This file has no sound in it: it has no channels')
  if (sample_rate_hz < most.slowest || sample_rate_hz > most.fastest)
    throw new Unreadable(`A recording has ${most.slowest} to ${most.fastest} samples a second, not ${sample_rate_hz}`)
  if (channels > most.channels)
    throw new Unreadable(`A recording has at most ${most.channels} channels, not ${channels}`)
  if (seconds > most.hours * 3600)
    throw new Unreadable(`A recording is at most ${most.hours} hours long; this one is longer`)
  return {
    container: String(format.format_name),
    codec: String(sound.codec_name),
    sample_rate_hz,
    channels,
    ...(seconds > 0 && { duration_ms: Math.round(seconds * 1000) }),
  }
}

interface Described {
  format: { format_name?: string; duration?: string }
  streams: { codec_name?: string; sample_rate?: string; channels?: number; duration?: string }[]
}

/** What is wrong with the machine, or with the program: ffprobe ends by it as by a verdict. */
const ofTheMachine =
  /Cannot allocate memory|Too many open files|No such file|Permission denied|Unknown input format|temporarily unavailable|No space left/

/** Only ffprobe's own verdict condemns a file: not a program that is missing, was killed or could not be confined. */
const isVerdict = (error: unknown): error is { stderr: string } => {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
  return code === 1 && !/^(?:setsid|setpriv|prlimit):/m.test(stderr) && !ofTheMachine.test(stderr)
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

/**
 * One decode pass: every rendition, mono 16-bit samples for the waveform, and the loudness, which ffmpeg says when it ends.
 * Paths and numbers only, never a user's words.
 */
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
    { file: '-', options: [...sound, '-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null'] },
  ]
}

/** The last thing a program said that tells why, without the folders of this machine. */
export function lastLine(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^(?:\[[^\]]*\]\s*)+/, '').trim())
    .filter((line) => line !== '' && line !== 'Conversion failed!')
  const telling =
    lines.findLast((line) => /error|invalid|fail|could not|unable|unsupported/i.test(line)) ?? lines.at(-1)
  return (telling ?? 'it did not say why').replace(/\/\S*\//g, '').slice(0, 300)
}
