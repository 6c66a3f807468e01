import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { load } from '../../commands/handle.ts'
import { isOpen } from '../../domain/attempts.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import * as Upload from '../../domain/upload.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { findPrograms } from '../../ops/programs.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { confined, type Limits } from '../../workers/confined.ts'
import { runDispatch } from '../../workers/dispatch.ts'
import type { Programs } from '../../workers/media.ts'
import { followOpenJobs, transcodes } from '../../workers/openJobs.ts'
import { runJobs } from '../../workers/runner.ts'
import { transcode } from '../../workers/transcode.ts'
import { eventually } from '../eventually.ts'
import { made, probed, sound, wavOf } from '../sounds.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'
import { recordingsIn } from '../transcoding.ts'

describe('hostile media', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const secret = join(dataDir, 'secret.wav')
  const lifecycle = createLifecycle({ log: specLog })
  const signal = lifecycle.stopping
  const now = () => new Date().toISOString()
  let connections: Connections
  let found: Programs
  let recordings: ReturnType<typeof recordingsIn>

  before(async () => {
    writeFileSync(secret, sound('wav', { seconds: 3 }))
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    recordings = recordingsIn(connections)
    found = await findPrograms({}, process.env['PATH'] ?? '')
    const programs = await confined(join(dataDir, 'bin'), found, { cpuSecs: 20 })
    const task = transcode({ ...connections, programs, scratch: dataDir, worker: 'w', limitMs: 30_000, now })
    const jobs = followOpenJobs(transcodes, { ...connections, log: specLog, signal })
    const { bus } = connections
    const running = Promise.all([
      jobs.done,
      runDispatch('transcode', { jobs, bus, log: specLog, signal }),
      runJobs(task, { bus, jobs, slots: 2, log: specLog, signal }),
    ])
    lifecycle.onStop('workers', () => running)
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  interface End {
    upload: Exclude<Upload.State, { status: 'unknown' | 'abandoned' }>
    /** Absent where the job has succeeded. */
    reason?: string
    /** What became of it. */
    made: Buffer[]
  }

  /** How a recording that came in under this type ends: at the first attempt, whatever it is. */
  async function ended(bytes: Buffer, type: string): Promise<End> {
    const { store, objects } = connections
    const { id: upload } = await recordings.received(bytes, type)
    const id = await recordings.requested(upload, { formats: ['opus-webm', 'aac-mp4'] })
    const last = await eventually(async () => {
      const { state } = await load(store, TranscodeJob, id)
      const event = (await store.read(`transcodeJob-${id}`)).at(-1)!
      expect(isOpen(state), `${event.type} ${event.data['reason']}`).to.equal(false)
      return event
    }, 40_000)
    expect((await recordings.types(id)).filter((one) => /Started|AttemptFailed/.test(one))).to.deep.equal([
      'TranscodeStarted',
    ])
    const { renditions = [], reason } = last.data as { renditions?: TranscodeJob.Rendition[]; reason?: string }
    const kept = Upload.known((await load(store, Upload, upload)).state)
    const media = await Promise.all(renditions.map(async ({ object_key }) => buffer(await objects.get(object_key))))
    return { upload: kept, made: media, ...(reason !== undefined && { reason }) }
  }

  /** In words for a person, and of nothing that is ours. */
  const isSentence = (reason = '') => {
    expect(reason).to.match(/^[A-Z].{15,400}$/)
    expect(reason).not.to.include(dataDir)
  }

  const texts: Record<string, (file: string) => string> = {
    'an HLS playlist': (file) => `#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:3,\nfile://${file}\n#EXT-X-ENDLIST\n`,
    'a concat script': (file) => `ffconcat version 1.0\nfile '${file}'\n`,
    'a session description': () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n',
    'a manifest': (file) => `<?xml version="1.0"?><MPD><Period><BaseURL>file://${file}</BaseURL></Period></MPD>`,
    'a data: address': () => `data:audio/wav;base64,${sound('wav').toString('base64')}`,
    'the name of a file': (file) => `concat:${file}|${file}`,
  }
  for (const [what, text] of Object.entries(texts))
    it(`that is ${what} is rejected, as whatever it came`, async () => {
      const types = ['audio/wav', 'audio/mpeg', 'audio/mp4', 'audio/ogg', 'audio/x-matroska', 'audio/aac']
      const ends = await Promise.all(types.map((type) => ended(Buffer.from(text(secret).padEnd(5000, '\n')), type)))
      for (const { upload, reason, made } of ends) {
        expect([upload.status, made.length]).to.deep.equal(['rejected', 0])
        isSentence(reason)
        expect(upload.reason).to.equal(reason)
      }
    })

  const floats = (value: number) => Buffer.from(new Float32Array(16_000).fill(value).buffer)
  const tone = (seconds = 1) => sound('wav', { seconds }).subarray(78)
  const cut = (bytes: Buffer, part: number) => bytes.subarray(0, Math.floor(bytes.length * part))
  const picture = ['-f', 'lavfi', '-i', 'color=size=64x64:duration=0.04:rate=25']
  const sine = ['-f', 'lavfi', '-i', 'sine=duration=1:sample_rate=48000']

  const manyStreams = process.env['SPEC_LONG'] ? 1000 : 200

  /** With these seconds of sound in every rendition. */
  const good: Record<string, [bytes: () => Buffer, type: string, seconds: number]> = {
    'whose sizes say 4 GiB': [() => wavOf(tone(), { dataBytes: 2 ** 32 - 1, riffBytes: 2 ** 32 - 1 }), 'audio/wav', 1],
    'that says it has a billion samples': [() => wavOf(tone(), { dataBytes: 2_000_000_000 }), 'audio/wav', 1],
    'with a cover (MP3)': [
      () =>
        made('mp3', [...sine, ...picture, '-map', '0', '-map', '1', '-c:v', 'png', '-disposition:v', 'attached_pic']),
      'audio/mpeg',
      1,
    ],
    'with a cover (FLAC)': [
      () =>
        made('flac', [...sine, ...picture, '-map', '0', '-map', '1', '-c:v', 'png', '-disposition:v', 'attached_pic']),
      'audio/flac',
      1,
    ],
    'with a film': [() => made('mp4', [...picture, ...sine, '-c:v', 'mpeg4', '-c:a', 'aac']), 'audio/mp4', 1],
    'with edit lists': [
      () => made('m4a', ['-ss', '0.5', '-i', '%', '-c', 'copy'], sound('m4a', { seconds: 2 })),
      'audio/mp4',
      1.5,
    ],
    [`with ${manyStreams} streams`]: [
      () => made('mka', ['-i', '%', ...Array(manyStreams).fill(['-map', '0:a']).flat(), '-c', 'copy'], sound('ogg')),
      'audio/x-matroska',
      1,
    ],
    'cut in half (WAV)': [() => cut(sound('wav', { seconds: 2 }), 0.5), 'audio/wav', 1],
    'cut in half (FLAC)': [() => cut(sound('flac', { seconds: 2 }), 0.5), 'audio/flac', 1],
    'cut in half (Ogg)': [() => cut(sound('ogg', { seconds: 30 }), 0.5), 'audio/ogg', 12],
  }
  for (const [what, [bytes, type, seconds]] of Object.entries(good))
    it(`${what} becomes what it holds, and nothing else`, async () => {
      const { made: media, reason, upload } = await ended(bytes(), type)
      expect([upload.status, reason, media.length]).to.deep.equal(['probed', undefined, 2])
      for (const one of media) {
        const found = probed(one)
        expect(found.streams).to.equal(1)
        expect(found.seconds).to.be.closeTo(seconds, 0.75 + seconds / 10)
      }
    })

  const bad: Record<string, [bytes: () => Buffer, type: string, status: 'rejected' | 'probed']> = {
    'without a sample': [() => wavOf(Buffer.alloc(0)), 'audio/wav', 'rejected'],
    'of a single byte': [() => Buffer.from('R'), 'audio/wav', 'rejected'],
    'cut before its index (M4A)': [() => cut(sound('m4a', { seconds: 2 }), 0.5), 'audio/mp4', 'rejected'],
    'cut in its header': [() => cut(sound('flac'), 0.001), 'audio/flac', 'rejected'],
    'of two billion samples a second': [() => wavOf(tone(), { rate: 2_000_000_000 }), 'audio/wav', 'rejected'],
    'of one sample a second, for hours': [() => wavOf(Buffer.alloc(400_000), { rate: 1 }), 'audio/wav', 'rejected'],
    'without channels': [() => wavOf(tone(), { channels: 0 }), 'audio/wav', 'rejected'],
    'of 60,000 channels': [() => wavOf(Buffer.alloc(240_000), { channels: 60_000 }), 'audio/wav', 'rejected'],
    'with nothing but a film': [() => made('mp4', [...picture, '-c:v', 'mpeg4']), 'audio/mp4', 'rejected'],
    'of noise': [
      () => Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 7919) & 255)),
      'audio/ogg',
      'rejected',
    ],
  }
  for (const [what, [bytes, type, status]] of Object.entries(bad))
    it(`${what} is ${status}, with a reason`, async () => {
      const { upload, reason, made } = await ended(bytes(), type)
      expect([upload.status, made.length], reason).to.deep.equal([status, 0])
      isSentence(reason)
    })

  for (const value of [NaN, Infinity])
    it(`whose samples are ${value} ends in words, and the worker goes on`, async () => {
      const { reason, made } = await ended(wavOf(floats(value), { format: 3, bits: 32 }), 'audio/wav')
      expect(made).to.have.length(0)
      isSentence(reason)
      expect(reason).to.match(/^Its samples are no numbers/)
      expect((await ended(sound('wav'), 'audio/wav')).made).to.have.length(2)
    })

  /** How ffmpeg ends when it does this, within these limits. */
  async function limited(script: string, limits: Limits): Promise<string> {
    const folder = mkdtempSync(join(dataDir, 'greedy-'))
    const ffmpeg = join(folder, 'ffmpeg')
    const asked = `case "$*" in *-formats*|*-encoders*) exec '${found.ffmpeg}' "$@";; esac`
    writeFileSync(ffmpeg, `#!/bin/sh\n${asked}\ncd '${folder}'\n${script}\n`, { mode: 0o700 })
    const programs = { ...found, ffmpeg: (await confined(join(folder, 'bin'), { ...found, ffmpeg }, limits)).ffmpeg }
    const task = transcode({ ...connections, programs, scratch: folder, worker: 'w', limitMs: 30_000, now })
    const { id } = await recordings.received(sound('wav'))
    const job = {
      id,
      upload_id: id,
      facility_id: id,
      attempt: 1,
      revision: 0,
      formats: ['opus-webm'] as const,
      bitrate: 64_000,
    }
    return task.perform({ ...job, origin: { correlation_id: id } }, signal).then(
      () => 'it did not fail',
      (error: Error) => `${error.name}: ${error.message}`,
    )
  }

  it('that would take more time than it may is ended', async () =>
    expect(await limited('while :; do :; done', { cpuSecs: 1 })).to.equal(
      'PermanentFailure: It takes more time to transcode than a recording may',
    ))
  it('that would become larger than it may is ended', async () =>
    expect(
      await limited('exec dd if=/dev/zero of=large bs=1M count=20', { cpuSecs: 9, fileBytes: 1_000_000 }),
    ).to.equal('PermanentFailure: It becomes larger than a recording may'))
  it('that would take more memory than it may is ended', async () =>
    expect(
      await limited(`exec dd if=/dev/zero of=/dev/null bs=500M count=1`, { cpuSecs: 9, memoryBytes: 200_000_000 }),
    ).to.match(/memory/))
})
