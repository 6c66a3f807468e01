import { expect } from 'chai'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { findPrograms } from '../../ops/programs.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { confined } from '../../workers/confined.ts'
import type { Programs } from '../../workers/media.ts'
import { followOpenJobs, type OpenJobs, transcodes } from '../../workers/openJobs.ts'
import { runReaper } from '../../workers/reaper.ts'
import { runJobs } from '../../workers/runner.ts'
import { transcode, type TranscodeDeps } from '../../workers/transcode.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { specLog, startServers, temporaryDataDir, unique } from '../system.ts'
import { recordingsIn } from '../transcoding.ts'

describe('attempts at a transcode', () => {
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const now = () => new Date().toISOString()
  const signal = lifecycle.stopping
  let connections: Connections
  let found: Programs
  let recordings: ReturnType<typeof recordingsIn>
  let jobs: OpenJobs

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    found = await findPrograms({}, process.env['PATH'] ?? '')
    recordings = recordingsIn(connections)
    jobs = followOpenJobs(transcodes, { ...connections, log: specLog, signal })
    lifecycle.onStop('jobs', () => jobs.done)
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const worker = (programs = found, more: Partial<TranscodeDeps> = {}) => {
    const scratch = mkdtempSync(join(dataDir, 'scratch-'))
    return transcode({ ...connections, programs, scratch, worker: unique('w'), limitMs: 60_000, now, ...more })
  }
  const requested = async (bytes = sound('wav')) => recordings.requested((await recordings.received(bytes)).id)
  const completed = async (id: string) => (await connections.store.read(`transcodeJob-${id}`)).at(-1)!

  async function done(bytes: Buffer) {
    const id = await requested(bytes)
    const task = worker()
    await task.perform((await task.begin(id))!, signal)
    return (await completed(id)).data
  }

  it('measure how loud a recording is, after EBU R128', async () => {
    // 1 kHz at −23 dBFS in both channels is −23 LUFS (EBU Tech 3341, case 1); 440 Hz weighs a little less.
    const tone = sound('wav', { seconds: 5, options: ['-af', 'volume=-4.94dB,pan=stereo|c0=c0|c1=c0', '-ar', '48000'] })
    const { loudness } = await done(tone)
    expect(loudness.integrated_lufs).to.be.closeTo(-23, 0.7)
    expect(loudness.true_peak_dbtp).to.be.closeTo(-23, 0.7)
  })

  it('say nothing of the loudness of silence', async () => {
    const silence = sound('wav', { options: ['-af', 'volume=0'] })
    expect(await done(silence)).not.to.have.property('loudness')
  })

  /** An ffmpeg that does as the script says; with a child, both of whose ids it writes down. */
  async function fake(script: string): Promise<{ programs: Programs; pids: () => number[] }> {
    const folder = mkdtempSync(join(dataDir, 'fake-'))
    const [ffmpeg, pids] = [join(folder, 'ffmpeg'), join(folder, 'pids')]
    const asked = `case "$*" in *-formats*|*-encoders*) exec '${found.ffmpeg}' "$@";; esac`
    writeFileSync(ffmpeg, `#!/bin/sh\n${asked}\nsleep 300 &\necho $! $$ > '${pids}'\n${script}\n`, { mode: 0o700 })
    const read = () =>
      existsSync(pids) ? readFileSync(pids, 'utf8').trim().split(' ').filter(Boolean).map(Number) : []
    return { programs: await confined(join(folder, 'bin'), { ...found, ffmpeg }, { cpuSecs: 60 }), pids: read }
  }
  const hangs = 'sleep 300'
  /** As one that was killed and is waited for still counts, its state is what matters. */
  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const gone = (pids: () => number[], withinMs?: number) =>
    eventually(() => {
      expect(pids()).to.have.length(2)
      expect(pids().filter(isAlive)).to.deep.equal([])
    }, withinMs)
  const failure = (act: Promise<unknown>) =>
    act.then(
      () => 'it did not fail',
      ({ name, code, message }: Error & { code?: string }) => code ?? `${name}: ${message}`,
    )

  for (const [what, limits, script, reason] of [
    ['takes too long', { limitMs: 1000 }, hangs, 'Error: The transcode took longer than 1 s'],
    [
      'makes no progress',
      { stallMs: 1000 },
      'for i in 1 2 3; do echo "size=1kB time=00:00:0$i.00 bitrate=1kbits/s" >&2; sleep 0.6; done; sleep 300',
      'FfmpegFailed: The transcode made no progress for 1 s',
    ],
  ] as const)
    it(`are ended with all that ffmpeg has started when it ${what}, and may be repeated`, async () => {
      const { programs, pids } = await fake(script)
      const task = worker(programs, limits)
      const began = performance.now()
      expect(await failure(task.perform((await task.begin(await requested()))!, signal))).to.equal(reason)
      expect(performance.now() - began).to.be.greaterThan(what === 'makes no progress' ? 2000 : 900)
      await gone(pids)
    })

  it('are ended with all that ffmpeg has started when the worker is stopped', async () => {
    const { programs, pids } = await fake(hangs)
    const task = worker(programs)
    const stop = new AbortController()
    const performing = failure(task.perform((await task.begin(await requested()))!, stop.signal))
    await eventually(() => expect(pids()).to.have.length(2))
    stop.abort()
    expect(await performing).to.match(/was stopped$/)
    await gone(pids)
  })

  it('are ended before ffmpeg runs when the worker was stopped before', async () => {
    const { programs, pids } = await fake(hangs)
    const task = worker(programs)
    expect(await failure(task.perform((await task.begin(await requested()))!, AbortSignal.abort()))).to.match(
      /store|abort/i,
    )
    expect(pids()).to.deep.equal([])
  })

  /** A worker of one slot that is given this job. */
  async function running(id: string, task: ReturnType<typeof worker>) {
    const stop = new AbortController()
    const stopped = runJobs(task, { bus: connections.bus, jobs, slots: 1, log: specLog, signal: stop.signal })
    await connections.bus.publish(`jobs.transcode.${id}`, unique('m'))
    return { stop: () => (stop.abort(), stopped) }
  }

  it('tell of the first rendition while the others are made, which nobody takes for the end of the attempt', async () => {
    const folder = mkdtempSync(join(dataDir, 'slow-'))
    const [ffmpeg, go] = [join(folder, 'ffmpeg'), join(folder, 'go')]
    const waits = `case "$*" in *libopus*) ;; *) while [ ! -e '${go}' ]; do sleep 0.05; done;; esac`
    writeFileSync(ffmpeg, `#!/bin/sh\n${waits}\nexec '${found.ffmpeg}' "$@"\n`, { mode: 0o700 })
    const slow = await confined(join(folder, 'bin'), { ...found, ffmpeg }, { cpuSecs: 60 })
    const { id: upload } = await recordings.received(sound('wav'))
    const id = await recordings.requested(upload, { formats: ['opus-webm', 'aac-mp4'] })
    const { stop } = await running(id, worker(slow))
    const sofar = ['TranscodeRequested', 'TranscodeStarted', 'TranscodeRenditionMade']
    await eventually(async () => expect(await recordings.types(id)).to.deep.equal(sofar))
    const { rendition } = (await completed(id)).data
    expect(rendition).to.include({ format: 'opus-webm', codec: 'opus' })
    writeFileSync(go, '')
    await eventually(async () => expect(await recordings.types(id)).to.deep.equal([...sofar, 'TranscodeCompleted']))
    await stop()
    const { renditions } = (await completed(id)).data
    expect(renditions[0]).to.deep.equal(rendition)
    expect(renditions.map(({ format }: { format: string }) => format)).to.deep.equal(['opus-webm', 'aac-mp4'])
  })

  it('end within a second once the job is cancelled, and write nothing more', async () => {
    const { programs, pids } = await fake(hangs)
    const id = await requested()
    const { stop } = await running(id, worker(programs))
    await eventually(() => expect(pids()).to.have.length(2))
    await recordings.decided(id, TranscodeJob.cancel({ cancelled_at: now() }))
    await gone(pids, 1000)
    await eventually(async () => expect((await connections.bus.waiting('transcode')).size).to.equal(0))
    await stop()
    expect(await recordings.types(id)).to.deep.equal(['TranscodeRequested', 'TranscodeStarted', 'TranscodeCancelled'])
  })

  it('of a frozen worker are timed out and asked for again; what it says when it wakes up is refused', async () => {
    const id = await requested()
    const [frozen, healthy] = [worker(), worker()]
    const attempt = (await frozen.begin(id))!
    const stop = new AbortController()
    const options = { jobs, staleMs: 1000, silentMs: 500, everyMs: 50, now, log: specLog, signal: stop.signal }
    const [one, other] = [runReaper(frozen, options), runReaper(healthy, options)]
    await eventually(async () => expect((await recordings.types(id)).at(-1)).to.equal('TranscodeTimedOut'))
    stop.abort()
    await Promise.all([one, other])
    await healthy.perform((await healthy.begin(id))!, signal)
    for (const late of [
      frozen.perform(attempt, signal),
      frozen.failed(attempt, 'fault', 'x'),
      frozen.giveUp(attempt, 'x'),
    ])
      expect(await failure(late)).to.equal('attempt-superseded')
    expect(await recordings.types(id)).to.deep.equal([
      'TranscodeRequested',
      'TranscodeStarted',
      'TranscodeTimedOut',
      'TranscodeStarted',
      'TranscodeCompleted',
    ])
    expect((await completed(id)).data['attempt']).to.equal(2)
  })

  it('begin without looking at what is known, and after those that others have begun meanwhile', async () => {
    let reads = 0
    const read: typeof connections.store.read = (...asked) => (reads++, connections.store.read(...asked))
    const counted = { ...connections, store: { ...connections.store, read } }
    const recording = await recordings.received(sound('wav'))
    const id = await recordingsIn(counted).requested(recording.id)
    expect((await worker(found, counted).begin(id))!.attempt).to.equal(1)
    expect(reads).to.equal(0)
    const known = await requested()
    const [own, other] = [worker(), worker(found, { store: { ...connections.store } })]
    const first = (await other.begin(known))!
    await other.failed(first, 'fault', 'x')
    const second = (await own.begin(known))!
    expect([second.attempt, second.revision]).to.deep.equal([2, 3])
    expect(await recordings.types(known)).to.deep.equal([
      ...['TranscodeRequested', 'TranscodeStarted', 'TranscodeAttemptFailed', 'TranscodeStarted'],
    ])
  })

  it('are left to whoever has begun one, by another who knew of none yet', async () => {
    const id = await requested()
    const [quick, late] = [worker(found, { store: { ...connections.store } }), worker()]
    expect((await quick.begin(id))!.attempt).to.equal(1)
    expect(await failure(late.begin(id))).to.equal('attempt-superseded')
    expect(await recordings.types(id)).to.deep.equal(['TranscodeRequested', 'TranscodeStarted'])
  })

  it('that a worker is heard of are not timed out, however long they take', async () => {
    const { programs, pids } = await fake(hangs)
    const id = await requested()
    const { stop } = await running(id, worker(programs))
    await eventually(() => expect(pids()).to.have.length(2))
    const reaping = new AbortController()
    // It is heard of every 3.3 seconds.
    const options = { jobs, staleMs: 100, silentMs: 4500, everyMs: 50, now, log: specLog, signal: reaping.signal }
    const reaped = runReaper(worker(), options)
    const { started_at } = jobs.jobs.get(id)!.running!
    await eventually(() => expect(Date.now() - Date.parse(started_at)).to.be.greaterThan(6000))
    reaping.abort()
    await reaped
    await stop()
    expect(await recordings.types(id)).to.deep.equal([
      'TranscodeRequested',
      'TranscodeStarted',
      'TranscodeAttemptFailed',
    ])
  })

  it('tell how far they are, whose recording it is, and no more than twice a second', async () => {
    const script =
      'kill $!; for i in 1 2 3 4 5 6 7 8 9; do echo "size=1kB time=00:00:00.0$i bitrate=1kbits/s" >&2; sleep 0.1; done; exit 1'
    const { id: upload_id } = await recordings.received(sound('wav'))
    const id = await recordings.requested(upload_id)
    const subscription = connections.bus.connection.subscribe(`progress.transcode.${id}`)
    const task = worker((await fake(script)).programs)
    await failure(task.perform((await task.begin(id))!, signal))
    await connections.bus.connection.flush()
    subscription.unsubscribe()
    const told: object[] = []
    for await (const message of subscription) told.push(message.json())
    expect(told[0]).to.deep.equal({ upload_id, facility_id: upload_id, attempt: 1, done: 0.01 })
    expect(told.length).to.be.within(1, 3)
  })
})
