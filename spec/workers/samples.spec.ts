import { expect } from 'chai'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findPrograms } from '../../ops/programs.ts'
import { confined } from '../../workers/confined.ts'
import type { Programs } from '../../workers/media.ts'
import { samplesOf } from '../../workers/samples.ts'
import { eventually } from '../eventually.ts'
import { made, sound, wavOf } from '../sounds.ts'
import { temporaryDataDir } from '../system.ts'

describe('samples of a recording', () => {
  const folder = temporaryDataDir()
  const never = new AbortController().signal
  let found: Programs
  let programs: Programs
  let named = 0

  before(async () => {
    found = await findPrograms({}, process.env['PATH'] ?? '')
    programs = await confined(join(folder, 'bin'), found, { cpuSecs: 30 })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  interface With {
    contentType?: string
    sample_rate_hz?: number
    programs?: Programs
    signal?: AbortSignal
    stallMs?: number
  }

  const of = (bytes: Buffer, options: With = {}) => {
    const file = join(folder, `recording ${named++}`)
    writeFileSync(file, bytes)
    return samplesOf({ programs, file, contentType: 'audio/wav', sample_rate_hz: 16_000, signal: never, ...options })
  }

  async function all(samples: AsyncIterable<Float32Array>): Promise<number[]> {
    const read: number[] = []
    for await (const piece of samples) for (const sample of piece) read.push(sample)
    return read
  }

  const failure = (samples: AsyncIterable<Float32Array>) =>
    all(samples).then(
      (read) => `it gave ${read.length}`,
      ({ message, rejected }: Error & { rejected?: boolean }) => `${message} (${rejected ? 'rejected' : 'again'})`,
    )

  it('are those of the file, one by one, where its rate is the one asked for', async () => {
    const written = Int16Array.from({ length: 70_001 }, (_, i) => ((i * 7919) % 65_536) - 32_768)
    const read = await all(of(wavOf(Buffer.from(written.buffer))).samples)
    expect(read).to.deep.equal(Array.from(written, (sample) => sample / 32_768))
  })

  it('are of all channels mixed to one, at the rate asked for', async () => {
    // 0.5 on the left and −0.25 on the right.
    const stereo = Buffer.from(Int16Array.from({ length: 96_000 }, (_, i) => (i % 2 ? -8192 : 16_384)).buffer)
    const read = await all(of(wavOf(stereo, { rate: 48_000, channels: 2 }), { sample_rate_hz: 32_768 }).samples)
    expect(read.length).to.be.closeTo(32_768, 20)
    expect(read[16_000]).to.be.closeTo(0.125, 0.001)
  })

  for (const [extension, contentType] of [
    ['mp3', 'audio/mpeg'],
    ['flac', 'audio/flac'],
    ['m4a', 'audio/mp4'],
    ['ogg', 'audio/ogg'],
  ] as const)
    it(`are read from ${contentType}`, async () => {
      const read = await all(of(sound(extension, { seconds: 2 }), { contentType }).samples)
      expect(read.length).to.be.closeTo(32_000, 3000)
      const power = read.reduce((sum, sample) => sum + sample * sample, 0) / read.length
      expect(10 * Math.log10(power)).to.be.closeTo(-21, 1)
    })

  it('come with what ffmpeg was given, without the name of a file', async () => {
    const { ffmpeg } = of(sound('wav'))
    expect(ffmpeg.join(' ')).to.match(/-protocol_whitelist file,pipe -f wav -i input .*-ac 1 -ar 16000 .*-f f32le -$/)
    expect(ffmpeg.join(' ')).not.to.include(folder)
  })

  it('are never of a script that says which file to read', async () => {
    writeFileSync(join(folder, 'secret.wav'), sound('wav'))
    const script = Buffer.from(`ffconcat version 1.0\nfile 'secret.wav'\n`)
    for (const contentType of ['audio/wav', 'audio/mpeg', 'audio/mp4', 'audio/aac'])
      expect(await failure(of(script, { contentType }).samples), contentType).to.match(
        /^This recording cannot be.*\(rejected\)$/,
      )
  })

  const floats = (value: number) =>
    wavOf(Buffer.from(new Float32Array(16_000).fill(value).buffer), { format: 3, bits: 32 })
  const bad: Record<string, [bytes: () => Buffer, RegExp]> = {
    NaN: [() => floats(NaN), /^Its samples are no numbers .* cannot be decoded \(rejected\)$/],
    infinite: [() => floats(Infinity), /^Its samples are no numbers .* \(rejected\)$/],
    'no sound at all': [
      () => made('mp4', ['-f', 'lavfi', '-i', 'color=size=64x64:duration=0.1', '-c:v', 'mpeg4']),
      /^This recording cannot be decoded: .*\(rejected\)$/,
    ],
    'a byte': [() => Buffer.from('R'), /^This recording cannot be decoded: .*\(rejected\)$/],
  }
  for (const [what, [bytes, words]] of Object.entries(bad))
    it(`that are ${what} end in words`, async () => {
      const contentType = what === 'no sound at all' ? 'audio/mp4' : 'audio/wav'
      const reason = await failure(of(bytes(), { contentType }).samples)
      expect(reason).to.match(words)
      expect(reason).not.to.include(folder)
    })

  it('that are none are none: no failure', async () =>
    expect(await all(of(wavOf(Buffer.alloc(0))).samples)).to.deep.equal([]))

  /** An ffmpeg that does as the script says, and writes down its id. */
  async function fake(script: string, cpuSecs = 30) {
    const own = mkdtempSync(join(folder, 'fake-'))
    const [ffmpeg, pid] = [join(own, 'ffmpeg'), join(own, 'pid')]
    writeFileSync(ffmpeg, `#!/bin/sh\nsleep 300 &\necho $! $$ > '${pid}'\n${script}\n`, { mode: 0o700 })
    const pids = () => (existsSync(pid) ? readFileSync(pid, 'utf8').trim().split(' ').map(Number) : [])
    return { programs: await confined(join(own, 'bin'), { ...found, ffmpeg }, { cpuSecs }), pids }
  }
  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const gone = (pids: () => number[]) =>
    eventually(() => {
      expect(pids()).to.have.length(2)
      expect(pids().filter(isAlive)).to.deep.equal([])
    })
  const endless = 'exec cat /dev/zero'

  it('are decoded no faster than they are read, and no further: who stops reading ends ffmpeg, with all it started', async () => {
    const count = join(folder, 'written')
    const blockBytes = 65_536
    const { programs, pids } = await fake(
      `n=0; while head -c ${blockBytes} /dev/zero; do n=$((n + 1)); echo $n >> '${count}'; done`,
    )
    const written = () => (existsSync(count) ? readFileSync(count, 'utf8').split('\n').length - 1 : 0) * blockBytes
    /** Once it waits for us: what it has written is no more than before. */
    const standing = () =>
      eventually(async () => {
        const before = written()
        await delay(100)
        expect(written()).to.equal(before)
        return before
      }, 3000)
    let read = 0
    const ahead: number[] = []
    for await (const piece of of(sound('wav'), { programs }).samples) {
      read += piece.byteLength
      if (ahead.length * 1e6 > read) continue
      ahead.push((await standing()) - read)
      expect(pids().filter(isAlive)).to.have.length(2)
      if (ahead.length === 4) break
    }
    // What a pipe holds, and a stream; a block may be half written.
    expect(Math.min(...ahead)).to.be.greaterThan(-blockBytes)
    expect(Math.max(...ahead)).to.be.lessThan(1e6)
    await gone(pids)
  })

  it('are whole, wherever what ffmpeg gives is cut', async () => {
    // 1 and −2, in three pieces.
    const { programs } = await fake(
      `printf '\\000'; sleep 0.1; printf '\\000\\200\\077\\000\\000'; sleep 0.1; printf '\\000\\300'`,
    )
    expect(await all(of(sound('wav'), { programs }).samples)).to.deep.equal([1, -2])
  })

  it('are at most those of 24 hours', async () => {
    const { programs, pids } = await fake(endless)
    const day = of(sound('wav'), { programs, sample_rate_hz: 1 }).samples
    expect(await failure(day)).to.equal('A recording is at most 24 hours long; this one is longer (rejected)')
    await gone(pids)
  })

  it('end with the signal', async () => {
    const { programs, pids } = await fake('sleep 300')
    const stop = new AbortController()
    const failing = failure(of(sound('wav'), { programs, signal: stop.signal }).samples)
    await eventually(() => expect(pids()).to.have.length(2))
    stop.abort()
    expect(await failing).to.equal('The decode was stopped (again)')
    await gone(pids)
    expect(await failure(of(sound('wav'), { signal: AbortSignal.abort() }).samples)).to.equal(
      'The decode was stopped (again)',
    )
  })

  it('end when ffmpeg stands still; a slow reader is no reason', async () => {
    const { programs, pids } = await fake('sleep 300')
    expect(await failure(of(sound('wav'), { programs, stallMs: 1000 }).samples)).to.equal(
      'The decode made no progress for 1 s (again)',
    )
    await gone(pids)
    let read = 0
    for await (const piece of of(sound('wav', { seconds: 5 }), { stallMs: 400 }).samples) {
      if (read === 0) await delay(600)
      read += piece.length
    }
    expect(read).to.equal(80_000)
  })

  it('end when ffmpeg stands still after it has begun', async () => {
    const { programs, pids } = await fake('head -c 400000 /dev/zero; sleep 300')
    expect(await failure(of(sound('wav'), { programs, stallMs: 1000 }).samples)).to.equal(
      'The decode made no progress for 1 s (again)',
    )
    await gone(pids)
  })

  it('are no verdict on the recording when the program cannot be run, or is killed', async () => {
    const nowhere = { ...found, ffmpeg: join(folder, 'no-ffmpeg') }
    expect(await failure(of(sound('wav'), { programs: nowhere }).samples)).to.match(
      /^ffmpeg could not do its work: .*\(again\)$/,
    )
    const { programs } = await fake('kill -9 $$')
    expect(await failure(of(sound('wav'), { programs }).samples)).to.match(
      /^ffmpeg could not do its work: .*\(again\)$/,
    )
  })

  it('take no more of the processor than they may', async () => {
    const { programs } = await fake('while :; do :; done', 1)
    expect(await failure(of(sound('wav'), { programs }).samples)).to.equal(
      'It takes more time to decode than a recording may (rejected)',
    )
  })
})
