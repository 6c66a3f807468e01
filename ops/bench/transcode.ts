import { execFile } from 'node:child_process'
import { mkdtemp, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { Option } from 'commander'
import { outputsOf, probe } from '../../workers/media.ts'
import { peaksOf } from '../../workers/peaks.ts'
import { makeRenditions } from '../../workers/renditions.ts'
import { findPrograms } from '../programs.ts'
import type { Bench } from './bench.ts'
import { interleaved, timed } from './measure.ts'
import { wholeNumber } from './options.ts'

const formats = ['opus-webm', 'aac-mp4'] as const
const bitrate = 96_000

export const transcode: Bench = {
  name: 'transcode',
  description: 'Opus, AAC, peaks and loudness of one recording, beside ffmpeg alone',
  phases: ['all'],
  options: [
    new Option('--path <folders>', 'where ffmpeg is looked for').env('PATH').default('/usr/bin'),
    new Option('--seconds <n>', 'of the recording').default(60).argParser(wholeNumber),
    new Option('--from <extension>', 'what it comes as').default('flac').choices(['wav', 'flac', 'mp3', 'm4a']),
  ],
  async run({ options, scratch, report, wants }) {
    if (!wants('all')) return
    const programs = await findPrograms({}, options['path'] as string)
    const folder = await mkdtemp(path.join(scratch.folder, 'transcode-'))
    const extension = options['from'] as string
    const input = path.join(folder, `recording.${extension}`)
    const contentType = { wav: 'audio/wav', flac: 'audio/flac', mp3: 'audio/mpeg', m4a: 'audio/mp4' }[extension]!
    const ffmpeg = (...args: string[]) => promisify(execFile)(programs.ffmpeg, ['-v', 'error', '-y', ...args])
    const seconds = options['seconds'] as number
    const pump = `anoisesrc=d=${seconds}:c=pink:r=48000:a=0.3:seed=1`
    await ffmpeg('-f', 'lavfi', '-i', pump, '-f', 'lavfi', '-i', `sine=f=440:d=${seconds}:r=48000`, ...stereo, input)

    const outputs = outputsOf(folder, formats, bitrate)
    const firsts: number[] = []
    const ours = async () => {
      const found = await probe(programs, input, contentType)
      const source = { programs, input, contentType, directory: folder, formats, bitrate, stallMs: 60_000 }
      const began = performance.now()
      const onFirst = async () => void firsts.push(performance.now() - began)
      await makeRenditions({ ...source, signal: new AbortController().signal, onFirst })
      const mono = path.join(folder, 'mono.pcm')
      await peaksOf(mono, { sample_rate: found.sample_rate_hz, samples: (await stat(mono)).size / 2 })
    }
    const bare = ({ file, options }: (typeof outputs)[number]) => ffmpeg('-i', input, ...options, file)
    const rounds = await interleaved(options.rounds, {
      ours: () => timed(ours),
      each: () =>
        timed(async () => {
          for (const output of outputs) await bare(output)
        }),
      opus: () => timed(() => bare(outputs[0]!)),
    })
    const faster = rounds.each.map((ms, i) => ms / rounds.ours[i]!)
    report.add({
      id: 'transcode.all',
      what: `all of ${seconds} s of ${extension}`,
      unit: 'ms',
      ours: rounds.ours,
      beside: { what: 'the bare commands, one after the other', values: rounds.each },
      targets: [{ of: 'ratio', most: 1 / 1.3 }],
    })
    report.add({ id: 'transcode.faster', what: 'times as fast as those', unit: '', ours: faster })
    report.add({
      id: 'transcode.first',
      what: 'until the first rendition can be had, the others being made beside it',
      unit: 'ms',
      ours: firsts,
      beside: { what: 'one bare encode to Opus', values: rounds.opus },
      targets: [{ of: 'ratio', most: 1.1 }],
    })
  },
}

const stereo = ['-filter_complex', 'amerge', '-ac', '2']
