import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import type { Stack } from '../../ops/embedded/stack.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { type DispatchDeps, runDispatch } from '../../workers/dispatch.ts'
import { attemptsAt, type Begun } from '../../workers/attempts.ts'
import { aliveSubject, followOpenJobs, inferences, type OpenJobs, transcodes } from '../../workers/openJobs.ts'
import { NotYet, runJobs, type Task } from '../../workers/runner.ts'
import { type Job, transcode } from '../../workers/transcode.ts'
import { eventually } from '../eventually.ts'
import { specLog, startServers, temporaryDataDir, unique } from '../system.ts'
import { recordingsIn } from '../transcoding.ts'

describe('dispatch', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const now = () => new Date().toISOString()
  let stack: Stack
  let connections: Connections
  let recordings: ReturnType<typeof recordingsIn>

  before(async () => {
    const started = await startServers(dataDir)
    stack = started.stack
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(started.config, specLog, lifecycle)
    recordings = recordingsIn(connections)
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const requested = (facility_id: string) => recordings.requested(randomUUID(), { facility_id })

  /** One worker, whose work is a little wait; it says which jobs it has done, in their order. */
  function worker({ slots = 1, ms = 20, ...more }: { slots?: number; ms?: number } & Partial<DispatchDeps> = {}) {
    const stop = new AbortController()
    const { signal } = stop
    const done: string[] = []
    const deps = { ...connections, programs: { ffmpeg: '', ffprobe: '' }, scratch: dataDir, worker: unique('w') }
    const perform = async ({ id, attempt, origin }: Job) => {
      await delay(ms)
      const peaks = { object_key: 'x', samples_per_pixel: 256, length: 1 }
      const completed = TranscodeJob.complete({ attempt, renditions: [], peaks, completed_at: now() })
      const intent = { ...systemIntent('spec', id, String(attempt), 'complete'), ...origin }
      await handle(connections.store, TranscodeJob, id, completed, intent)
      done.push(id)
    }
    const task = { ...transcode({ ...deps, limitMs: 60_000, now }), perform }
    const jobs = followOpenJobs(transcodes, { ...connections, log: specLog, signal, saveEveryMs: 50 })
    const { bus } = { ...connections, ...more }
    const running = Promise.all([
      jobs.done,
      runDispatch('transcode', { jobs, bus, log: specLog, signal, reconcileEveryMs: 200, ...more }),
      slots > 0 && runJobs(task, { bus, jobs, slots, log: specLog, signal }),
    ])
    return { jobs, done, stop: () => (stop.abort(), running) }
  }
  const isEmpty = (jobs: OpenJobs) =>
    eventually(() => expect([jobs.isCaughtUp(), ...jobs.jobs.keys()]).to.deep.equal([true]), 40_000)
  const terminal = /Completed|Failed|Cancelled/

  it('loses no job when JetStream’s folder is deleted and its server killed half-way', async () => {
    const ids: string[] = []
    for (let i = 0; i < 60; i++) ids.push(await requested(`f${i % 3}`))
    const { jobs, done, stop } = worker({ slots: 3 })
    await eventually(() => expect(done.length).to.be.greaterThan(15))
    const server = stack.pids()['nats']!
    process.kill(server, 'SIGSTOP')
    rmSync(join(dataDir, 'nats', 'jetstream'), { recursive: true })
    process.kill(server, 'SIGKILL')
    await isEmpty(jobs)
    for (const id of ids)
      expect(
        (await recordings.types(id)).filter((type) => terminal.test(type)),
        id,
      ).to.deep.equal(['TranscodeCompleted'])
    await stop()
  })

  it('sends what is to be given out without waiting for one answer after the other, and again what was not taken', async () => {
    for (let i = 0; i < 8; i++) await requested('busy')
    let [underWay, most, refused] = [0, 0, 0]
    const publish = async (subject: string, id: string) => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
      if (refused++ < 3) throw new Error('away')
      await connections.bus.publish(subject, id)
    }
    const { jobs, done, stop } = worker({ bus: { ...connections.bus, publish } })
    await isEmpty(jobs)
    await eventually(() => expect(new Set(done).size).to.equal(8))
    expect(most).to.equal(8)
    await stop()
  })

  it('keeps nobody waiting behind all that another facility has asked for', async () => {
    for (let i = 0; i < 30; i++) await requested('flood')
    const { jobs, done, stop } = worker({ share: 3 })
    await eventually(() => expect(done.length).to.be.greaterThan(3))
    const id = await requested('patient')
    const before = done.length
    await isEmpty(jobs)
    await eventually(() => expect(done).to.include(id))
    // Behind those of the flood that wait in JetStream, and those done while it was asked for.
    expect(done.indexOf(id) - before).to.be.lessThan(3 + 3)
    await stop()
  })

  describe('of inference jobs', () => {
    type Asked = { facility_id?: string; model?: string; model_version?: string; priority?: InferenceJob.Priority }
    async function asked({ facility_id = randomUUID(), model = 'ears', priority = 'normal', ...version }: Asked) {
      const id = randomUUID()
      const about = { upload_id: randomUUID(), facility_id, model, ...version, priority, requested_at: now() }
      await handle(connections.store, InferenceJob, id, InferenceJob.request(about), {
        ...systemIntent('spec', id),
        facility_id,
      })
      return id
    }
    /** Gives them out one after the other, and says in which order; of a model, or a version of it, that no server has, none. */
    function ears(share: number) {
      const stop = new AbortController()
      const { signal } = stop
      const { bus, store } = connections
      const jobs = followOpenJobs(inferences, { ...connections, log: specLog, signal })
      const attempts = attemptsAt('inference', InferenceJob, { store, worker: 'w', now })
      const given: string[] = []
      const task: Task<Begun> = {
        ...{ kind: 'inference', failed: attempts.failed, giveUp: attempts.giveUp },
        begin: async (id) => {
          const next = await attempts.next(id)
          if ([next?.state.model, next?.state.model_version].includes('nowhere')) throw new NotYet('no server', 200)
          return next && { ...next, ...(await attempts.start(next)) }
        },
        perform: async (job) => {
          given.push(job.id)
          const lineage = { input_sha256: '', ffmpeg: [], output_sha256: '' }
          const found = { attempt: job.attempt, model_version: '1', result: {}, lineage, completed_at: now() }
          await attempts.complete(job, InferenceJob.complete(found))
        },
      }
      const work = () => runJobs(task, { bus, jobs, slots: 1, log: specLog, signal })
      const dispatching = runDispatch('inference', { jobs, bus, log: specLog, signal, share })
      const over: Promise<unknown>[] = [jobs.done, dispatching]
      return { jobs, given, work: () => void over.push(work()), stop: () => (stop.abort(), Promise.all(over)) }
    }
    const waitingThere = (count: number) =>
      eventually(async () => expect((await connections.bus.waiting('inference')).size).to.equal(count))

    it('gives out the urgent ones first, and those that can wait last, as far as they are not out yet', async () => {
      const share = 2
      const { jobs, given, work, stop } = ears(share)
      const facility_id = randomUUID()
      const out = [await asked({ facility_id }), await asked({ facility_id })]
      await waitingThere(share)
      const ids: Record<string, string[]> = { low: [], normal: [], high: [] }
      for (const priority of ['low', 'normal', 'high', 'low', 'high', 'normal'] as const)
        ids[priority]!.push(await asked({ facility_id, priority }))
      await eventually(() => expect(jobs.jobs.size).to.equal(8))
      work()
      await eventually(() => expect(given).to.deep.equal([...out, ...ids['high']!, ...ids['normal']!, ...ids['low']!]))
      await stop()
    })

    it('lets the urgent ones of one facility not keep another waiting', async () => {
      const { jobs, given, work, stop } = ears(2)
      const flood = randomUUID()
      for (let i = 0; i < 20; i++) await asked({ facility_id: flood, priority: 'high' })
      const patient = await asked({ priority: 'low' })
      await eventually(() => expect(jobs.jobs.size).to.equal(21))
      work()
      await eventually(() => expect(given).to.have.length(21))
      expect(given.indexOf(patient)).to.be.lessThan(4)
      await stop()
    })

    it('lets what waits for a server keep nothing waiting that waits for none', async () => {
      const { jobs, given, work, stop } = ears(2)
      const facility_id = randomUUID()
      for (const from of [{ model: 'nowhere' }, { model_version: 'nowhere' }])
        for (let i = 0; i < 3; i++) await asked({ facility_id, ...from })
      const others = [await asked({ facility_id }), await asked({ facility_id }), await asked({ facility_id })]
      work()
      await eventually(() => expect(given).to.deep.equal(others))
      await eventually(() => expect(jobs.jobs.size).to.equal(6))
      for (const id of jobs.jobs.keys())
        await handle(
          connections.store,
          InferenceJob,
          id,
          InferenceJob.cancel({ cancelled_at: now() }),
          systemIntent(id),
        )
      await eventually(() => expect(jobs.jobs.size).to.equal(0))
      await stop()
    })
  })

  it('keeps no more of a facility in JetStream than its share', async () => {
    const { jobs, stop } = worker({ slots: 0, share: 3 })
    const ids: string[] = []
    for (let i = 0; i < 10; i++) ids.push(await requested('many'))
    const waiting = () => connections.bus.waiting('transcode')
    await eventually(async () => expect((await waiting()).size).to.equal(3))
    await eventually(() => expect(jobs.jobs.size).to.equal(10))
    expect([...(await waiting())].sort()).to.deep.equal(
      ids
        .slice(0, 3)
        .map((id) => `jobs.transcode.${id}`)
        .sort(),
    )
    await stop()
    const other = worker({ slots: 2 })
    await isEmpty(other.jobs)
    await other.stop()
  })

  it('brings a running job to another worker when its own is silent, and not while it is heard of', async () => {
    const id = await requested('silent')
    const task = transcode({
      ...connections,
      programs: { ffmpeg: '', ffprobe: '' },
      scratch: dataDir,
      worker: 'w',
      limitMs: 1,
      now,
    })
    const { stop } = worker({ slots: 0, goneMs: 700, reconcileEveryMs: 50 })
    const subject = `jobs.transcode.${id}`
    await eventually(async () => expect([...(await connections.bus.waiting('transcode'))]).to.include(subject))
    await task.begin(id)
    const manager = await connections.bus.connection.jetstreamManager()
    await eventually(async () => {
      await manager.streams.purge('jobs', { filter: subject })
      expect([...(await connections.bus.waiting('transcode'))]).not.to.include(subject)
    })
    for (let i = 0; i < 15; i++) {
      connections.bus.tell(aliveSubject('transcode', id), {})
      await delay(100)
      expect([...(await connections.bus.waiting('transcode'))]).not.to.include(subject)
    }
    await eventually(async () => expect([...(await connections.bus.waiting('transcode'))]).to.include(subject))
    await stop()
    const other = worker({ slots: 1 })
    await isEmpty(other.jobs)
    await other.stop()
    expect(await recordings.types(id)).to.deep.equal([
      'TranscodeRequested',
      'TranscodeStarted',
      'TranscodeTimedOut',
      'TranscodeStarted',
      'TranscodeCompleted',
    ])
  })

  it('reads at its start only what may still be open, and all of it where the log is another one', async () => {
    const first = worker({ slots: 1 })
    for (let i = 0; i < 5; i++) await requested('early')
    await isEmpty(first.jobs)
    await first.stop()
    const writer = worker({ slots: 0 })
    const open = [await requested('late'), await requested('late')]
    await eventually(() => expect(writer.jobs.jobs.size).to.equal(2))
    const noted = async () => {
      const { rows } = await connections.database.query<{ position: string }>('select position from open_jobs')
      return BigInt(rows[0]!.position)
    }
    const before = (await connections.store.read(`transcodeJob-${open[0]}`))[0]!.position
    await eventually(async () => expect((await noted()) < before).to.equal(true))
    await writer.stop()
    // It may have noted a later one meanwhile.
    const last = await noted()
    expect(last < before).to.equal(true)

    async function startedAfter(): Promise<bigint | undefined> {
      let after: bigint | undefined
      const { store } = connections
      const watched = {
        ...store,
        follow: (options: Parameters<typeof store.follow>[0]) => ((after = options.after), store.follow(options)),
      }
      const stop = new AbortController()
      const jobs = followOpenJobs(transcodes, { ...connections, store: watched, log: specLog, signal: stop.signal })
      await eventually(() => expect(jobs.isCaughtUp()).to.equal(true))
      expect([...jobs.jobs.keys()]).to.deep.equal(open)
      stop.abort()
      await jobs.done
      return after
    }
    expect(await startedAfter()).to.equal(last)
    await connections.database.query('update open_jobs set event_id = $1', [randomUUID()])
    expect(await startedAfter()).to.equal(undefined)
    await connections.database.query('delete from open_jobs')
    expect(await startedAfter()).to.equal(undefined)
  })
})
