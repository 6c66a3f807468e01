import type { ChildProcess } from 'node:child_process'
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import type { Loudness } from '../domain/transcodeJob.ts'
import { inputOptions, lastLine, type Programs } from './media.ts'

export interface FfmpegOptions {
  programs: Programs
  input: string
  contentType: string
  outputs: readonly { file: string; options: string[] }[]
  /** Kills it: whoever aborts knows why. */
  signal: AbortSignal
  /** So long it may stand still. */
  stallMs: number
  /** How far it has come, in seconds of sound. */
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

/**
 * Runs ffmpeg to its end, and says what it measured; the loudness is absent where it was asked for none, or heard nothing.
 * On the signal, or once it stands still, it is killed with all that it has started. Throws FfmpegFailed.
 */
export function runFfmpeg({
  programs,
  input,
  contentType,
  outputs,
  signal,
  stallMs,
  onProgress,
}: FfmpegOptions): Promise<{ loudness?: Loudness }> {
  return new Promise((resolve, reject) => {
    const command = ffmpeg(input).setFfmpegPath(programs.ffmpeg).setFfprobePath(programs.ffprobe)
    command.inputOptions(['-nostdin', '-hide_banner', ...inputOptions(contentType)])
    for (const { file, options } of outputs) command.output(file).outputOptions(options)
    let killed: string | undefined
    const kill = (why: string) => {
      killed ??= why
      killGroup(processOf(command))
    }
    const onAbort = () => kill('was stopped')
    const stalled = setTimeout(() => kill(`made no progress for ${Math.round(stallMs / 1000)} s`), stallMs)
    let reached = ''
    const settle = (act: () => void) => {
      clearTimeout(stalled)
      signal.removeEventListener('abort', onAbort)
      act()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // There is nothing to kill before it runs.
    command.on('start', () => killed !== undefined && killGroup(processOf(command)))
    command.on('progress', ({ timemark = '' }: { timemark?: string }) => {
      if (timemark === reached) return
      reached = timemark
      stalled.refresh()
      onProgress?.(secondsOf(timemark))
    })
    command.on('end', (_out, stderr) => settle(() => resolve(measured(stderr ?? ''))))
    command.on('error', (error: Error, _out, stderr) =>
      settle(() => reject(failureOf('transcode', error, stderr ?? '', killed))),
    )
    command.run()
    if (signal.aborted) onAbort()
  })
}

const processOf = (command: FfmpegCommand) => (command as FfmpegCommand & { ffmpegProc?: ChildProcess }).ffmpegProc

/** It leads a group of its own where it runs confined; elsewhere it is alone. */
export function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

/** What a person is told of how ffmpeg ended, and whether it would end so again. */
export function failureOf(
  doing: 'transcode' | 'decode',
  error: Error,
  stderr: string,
  killed: string | undefined,
): FfmpegFailed {
  if (killed !== undefined) return new FfmpegFailed(`The ${doing} ${killed}`, false)
  const known = obstacles.find(({ said }) => said.test(error.message) || said.test(stderr))
  if (known) return new FfmpegFailed(known.reason(doing), known.rejected)
  // Its own verdict on the input: not a program that is missing, was killed or could not be confined.
  const isVerdict = /ffmpeg exited with code \d+/.test(error.message) && !/^(?:setsid|setpriv|prlimit):/m.test(stderr)
  const said = lastLine(stderr || error.message)
  return isVerdict
    ? new FfmpegFailed(`This recording cannot be ${doing}d: ${said}`, true)
    : new FfmpegFailed(`ffmpeg could not do its work: ${said}`, false)
}

/** Why samples that are NaN, or infinite, are of no use. */
export const noNumbers = (doing: 'transcode' | 'decode') =>
  `Its samples are no numbers (NaN, or infinite): it cannot be ${doing}d`

/** What it is known to run into; what every attempt would meet is `rejected`. */
const obstacles = [
  { said: /NaN\/\+-Inf/, reason: noNumbers, rejected: true },
  {
    said: /SIGXCPU|received signal 24/,
    reason: (doing: string) => `It takes more time to ${doing} than a recording may`,
    rejected: true,
  },
  { said: /signal SIGXFSZ|File too large/, reason: () => 'It becomes larger than a recording may', rejected: true },
  { said: /No space left/, reason: () => 'The disk of the worker is full', rejected: false },
  { said: /Cannot allocate memory/, reason: () => 'The worker had no memory left for it', rejected: false },
]

/** From the summary of its filter `ebur128`. Of several (the sound changed its kind in between) none is of the whole. */
export function measured(stderr: string): { loudness?: Loudness } {
  const summaries = stderr.split(/^.*ebur128.*Summary:$/m).slice(1)
  const value = (name: string, unit: string) =>
    Number(new RegExp(`^\\s*${name}:\\s*(-?\\d+(?:\\.\\d+)?) ${unit}$`, 'm').exec(summaries[0] ?? '')?.[1] ?? NaN)
  const [integrated_lufs, true_peak_dbtp] = [value('I', 'LUFS'), value('Peak', 'dBFS')]
  // −70 is where the gate of the measurement is: all was below it.
  const isHeard = summaries.length === 1 && integrated_lufs > -70 && Number.isFinite(true_peak_dbtp)
  return isHeard ? { loudness: { integrated_lufs, true_peak_dbtp } } : {}
}

const secondsOf = (timemark: string) => timemark.split(':').reduce((total, part) => total * 60 + Number(part), 0)
