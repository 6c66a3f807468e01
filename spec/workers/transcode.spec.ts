import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { derivedId, handle, load } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { maxAttempts } from '../../domain/attempts.ts'
import * as Settings from '../../domain/settings.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import * as Upload from '../../domain/upload.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { findPrograms } from '../../ops/programs.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { confined } from '../../workers/confined.ts'
import type { Programs } from '../../workers/media.ts'
import { type Reaction, requestTranscodes, runReaction } from '../../workers/reactions.ts'
import { transcode } from '../../workers/transcode.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { recordingsIn } from '../transcoding.ts'
import { specLog, startServers, temporaryDataDir, unique } from '../system.ts'

describe('transcoding, where no worker but ours runs', () => {
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const now = () => new Date().toISOString()
  const wav = sound('wav')
  let connections: Connections
  let found: Programs

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    found = await findPrograms({}, process.env['PATH'] ?? '')
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const worker = (name: string, programs = found) => {
    const scratch = mkdtempSync(join(dataDir, 'scratch-'))
    return transcode({ ...connections, programs, scratch, worker: name, limitMs: 60_000, now })
  }

  const received = () => recordingsIn(connections).received(wav)
  const requested = (upload: string) => recordingsIn(connections).requested(upload)
  const types = (job: string) => recordingsIn(connections).types(job)
  const sizeOf = async (key: string) => (await buffer(await connections.objects.get(key))).length
  const failure = (act: Promise<unknown>) =>
    act.then(
      () => 'it did not fail',
      ({ name, code, message }: Error & { code?: string }) => code ?? `${name}: ${message}`,
    )

  it('lets an attempt that another worker has taken over complete, fail and give up nothing', async () => {
    const { id: upload } = await received()
    const id = await requested(upload)
    const [slow, quick] = [worker('slow'), worker('quick')]
    const first = (await slow.begin(id))!
    const second = (await quick.begin(id))!
    const signal = new AbortController().signal
    for (const act of [slow.perform(first, signal), slow.failed(first, 'fault', 'x'), slow.giveUp(first, 'x')])
      expect(await failure(act)).to.equal('attempt-superseded')
    await quick.perform(second, signal)
    expect(await failure(slow.giveUp(first, 'x'))).to.equal('attempt-superseded')
    expect(await types(id)).to.deep.equal([
      'TranscodeRequested',
      'TranscodeStarted',
      'TranscodeTimedOut',
      'TranscodeStarted',
      'TranscodeCompleted',
    ])
    const [rendition] = (await connections.store.read(`transcodeJob-${id}`)).at(-1)!.data['renditions']
    expect(rendition.object_key, 'each attempt has keys of its own').to.include(`/${id}/2/`)
    expect(await sizeOf(rendition.object_key)).to.equal(rendition.size_bytes)
    expect(await quick.begin(id), 'nothing is left to do').to.equal(undefined)
  })

  it('ends a job that has failed too often', async () => {
    const id = await requested((await received()).id)
    const task = worker('unlucky')
    for (let i = 0; i < maxAttempts; i++) await task.failed((await task.begin(id))!, 'fault', 'bad luck')
    expect(await task.begin(id)).to.equal(undefined)
    expect((await types(id)).at(-1)).to.equal('TranscodeFailed')
  })

  it('ends a job whose recording is missing in the store, in words for a person', async () => {
    const { id: upload, object_key } = await received()
    const task = worker('w')
    const job = (await task.begin(await requested(upload)))!
    await connections.objects.remove(object_key)
    const outcome = await failure(task.perform(job, new AbortController().signal))
    expect(outcome).to.equal('PermanentFailure: The stored recording is missing')
  })

  it('condemns no recording because the store gives out something else', async () => {
    const { id: upload, object_key } = await received()
    async function* other() {
      yield Buffer.alloc(wav.length, 'no sound')
    }
    await connections.objects.put(object_key, other(), 'audio/wav')
    const task = worker('w')
    const job = (await task.begin(await requested(upload)))!
    const outcome = await failure(task.perform(job, new AbortController().signal))
    expect(outcome).to.equal('Error: Other bytes came from the store than were put there')
    expect((await load(connections.store, Upload, upload)).state.status).to.equal('received')
  })

  it('ends soon after it is told to stop, though the store never answers', async () => {
    const { id: upload } = await received()
    const get = () => new Promise<never>(() => undefined)
    const scratch = mkdtempSync(join(dataDir, 'scratch-'))
    const deaf = { ...connections, objects: { ...connections.objects, get } }
    const task = transcode({ ...deaf, programs: found, scratch, worker: 'w', limitMs: 60_000, now })
    const job = (await task.begin(await requested(upload)))!
    const stop = new AbortController()
    const outcome = failure(task.perform(job, stop.signal))
    stop.abort(new Error('told to stop'))
    expect(await outcome).to.equal('Error: told to stop')
  })

  it('condemns no recording because a program is missing, or the machine is at its end', async () => {
    const { id: upload, object_key } = await received()
    const missing = await confined(join(dataDir, 'missing'), { ...found, ffprobe: '/nowhere/ffprobe' }, { cpuSecs: 60 })
    const poor = join(dataDir, 'ffprobe-without-memory')
    writeFileSync(poor, '#!/bin/sh\necho input: Cannot allocate memory >&2\nexit 1\n', { mode: 0o700 })
    const old = join(dataDir, 'ffprobe-of-before')
    writeFileSync(old, '#!/bin/sh\necho Unknown input format: wav >&2\nexit 1\n', { mode: 0o700 })
    for (const programs of [missing, ...['/nowhere/ffprobe', poor, old].map((ffprobe) => ({ ...found, ffprobe }))]) {
      const task = worker('w', programs)
      const job = (await task.begin(await requested(upload)))!
      expect(await failure(task.perform(job, new AbortController().signal))).not.to.match(/^(PermanentFailure|it did)/)
      expect((await load(connections.store, Upload, upload)).state.status).to.equal('received')
      expect(await sizeOf(object_key)).to.equal(wav.length)
    }
  })

  it('keeps a recording that could be read before, whatever a probe says later', async () => {
    const { id: upload, object_key } = await received()
    const signal = new AbortController().signal
    const good = worker('good')
    await good.perform((await good.begin(await requested(upload)))!, signal)
    const ffprobe = join(dataDir, 'ffprobe-that-says-no')
    writeFileSync(ffprobe, '#!/bin/sh\necho it is no sound >&2\nexit 1\n', { mode: 0o700 })
    const bad = worker('bad', { ...found, ffprobe })
    const job = (await bad.begin(await requested(upload)))!
    expect(await failure(bad.perform(job, signal))).to.match(/This file cannot be read/)
    expect(await sizeOf(object_key)).to.equal(wav.length)
  })

  describe('is asked for by a reaction, which', () => {
    async function running(reaction: Reaction, until: () => Promise<void>) {
      const controller = new AbortController()
      const reacting = runReaction(reaction, { ...connections, log: specLog, signal: controller.signal })
      await eventually(until)
      controller.abort()
      await reacting
    }
    const requests = () =>
      requestTranscodes(connections.store, { transcode_formats: ['opus-webm'], transcode_bitrate: 64_000 }, now)
    const passed = (name: string) => async () => {
      const { rows } = await connections.database.query('select position from reactions where name = $1', [name])
      const head = await connections.store.read(`upload-${last}`)
      expect(BigInt(rows[0]?.position ?? -1) >= head.at(-1)!.position).to.equal(true)
    }
    let last: string

    it('asks once, however often it looks at the same recordings', async () => {
      last = (await received()).id
      const { name } = requests()
      await running(requests(), passed(name))
      const before = await connections.store.head()
      await connections.database.query('delete from reactions where name = $1', [name])
      await running(requests(), passed(name))
      expect(await connections.store.head()).to.equal(before)
    })

    it('looks at all of the log again where it stood in another one, such as one of before a backup was restored', async () => {
      const { name } = requests()
      for (const beyond of [1_000_000n, 0n]) {
        last = (await received()).id
        const [first] = await connections.store.read(`upload-${last}`)
        const stood = first!.position + beyond
        await connections.database.query(
          `insert into reactions (name, position, event_id) values ($1, $2, $3)
           on conflict (name) do update set position = $2, event_id = $3`,
          [name, String(stood), randomUUID()],
        )
        await running(requests(), async () => {
          const { state } = await load(connections.store, TranscodeJob, derivedId('transcode-job', first!.id))
          expect(state.status).to.equal('queued')
        })
        await running(requests(), passed(name))
        const { rows } = await connections.database.query('select position from reactions where name = $1', [name])
        expect(String(rows[0]!.position)).to.equal(String(first!.position))
      }
    })

    it('asks by the settings as they were when the recording came, whatever they are by now', async () => {
      const set = async (id: string, change: Omit<Parameters<typeof Settings.change>[0], 'changed_at'>) =>
        handle(
          connections.store,
          Settings,
          id,
          Settings.change({ ...change, changed_at: now() }),
          systemIntent('spec', unique('set')),
        )
      await set('system', { key: 'transcode_formats', value: ['aac-mp4'] })
      const reaction = () => requestTranscodes(connections.store, {}, now)
      const { name } = reaction()
      const asked = async () => {
        await connections.database.query('delete from reactions where name = $1', [name])
        await running(reaction(), passed(name))
        const [received] = await connections.store.read(`upload-${last}`)
        const { state } = await load(connections.store, TranscodeJob, derivedId('transcode-job', received!.id))
        const { formats, bitrate } = TranscodeJob.known(state)
        return { formats, bitrate }
      }
      last = (await received()).id
      // The facility of a recording of these specs has its id.
      await set(last, { key: 'transcode_bitrate', value: 32_000 })
      await set('system', { key: 'transcode_formats', value: ['opus-webm'] })
      expect(await asked()).to.deep.equal({ formats: ['aac-mp4'], bitrate: 96_000 })
      const head = await connections.store.head()
      expect(await asked()).to.deep.equal({ formats: ['aac-mp4'], bitrate: 96_000 })
      expect(await connections.store.head()).to.equal(head)
      last = (await received()).id
      expect(await asked()).to.deep.equal({ formats: ['opus-webm'], bitrate: 96_000 })
    })

    it('comes again to what it failed at, and passes over nothing', async () => {
      last = (await received()).id
      const seen: string[] = []
      const react: Reaction['react'] = async ({ stream }) => {
        const isFirst = !seen.includes(stream)
        seen.push(stream)
        if (isFirst && stream === `upload-${last}`) throw new Error('not now')
      }
      const name = unique('reaction')
      await running({ name, to: { category: 'upload', types: ['UploadReceived'] }, react }, passed(name))
      expect(seen.filter((stream) => stream === `upload-${last}`)).to.have.length(2)
      expect(new Set(seen).size).to.be.greaterThan(1)
    })

    it('is stopped by nothing that it does not react to, though nobody can read it', async () => {
      const strange = (stream: string, type: string) =>
        connections.store.append(stream, [{ id: randomUUID(), type, data: {}, metadata: { schema: 9 } }], 'no_stream')
      await strange(`upload-${randomUUID()}`, 'UploadDreamtOf')
      await strange(`somebody-${randomUUID()}`, 'UploadReceived')
      last = (await received()).id
      const name = unique('reaction')
      const seen: string[] = []
      const react: Reaction['react'] = async ({ stream }) => void seen.push(stream)
      await running({ name, to: { category: 'upload', types: ['UploadReceived'] }, react }, passed(name))
      expect(seen.at(-1)).to.equal(`upload-${last}`)
      expect(seen.every((stream) => stream.startsWith('upload-'))).to.equal(true)
    })
  })
})
