import { expect } from 'chai'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../domain/refusal.ts'
import { ackWaitMs } from '../../ops/platform/bus.ts'
import type { Connections } from '../../ops/roles/connections.ts'
import { type Attempt, PermanentFailure, runJobs, type Task } from '../../workers/runner.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, specLog, type System, theSystem, unique } from '../system.ts'

describe('jobs', () => {
  let system: System
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })

  it('survive a JetStream that was emptied: whatever is open in the log is done, each once', async () => {
    const facility = await newFacility(system)
    const wav = sound('wav')
    const manager = await system.bus.connection.jetstreamManager()
    const uploads: string[] = []
    for (let i = 0; i < 6; i++) {
      uploads.push((await facility.sensor.upload(wav)).body.id)
      if (i % 3 === 1) await manager.streams.delete('jobs')
    }
    for (const id of uploads) {
      await eventually(
        async () => expect((await system.admin.get(`/api/v1/uploads/${id}`)).body.status).to.equal('ready'),
        20_000,
      )
      const { items } = (await system.admin.get(`/api/v1/uploads/${id}/history`)).body
      expect(items.filter(({ type }: { type: string }) => type === 'TranscodeCompleted')).to.have.length(1)
    }
  }).timeout(40_000)

  describe('of any kind', () => {
    /** A kind of its own, whose work is the function given; the log is a list. */
    function running(connections: Connections, perform: Task<Attempt>['perform']) {
      const kind = unique('kind').replace('-', '')
      const log: string[] = []
      const attempts = new Map<string, number>()
      const task: Task<Attempt> = {
        kind,
        begin: async (id) => {
          const attempt = (attempts.get(id) ?? 0) + 1
          attempts.set(id, attempt)
          log.push(`started ${attempt}`)
          return { id, attempt, revision: attempt }
        },
        perform: async (job, signal) => {
          await perform(job, signal)
          log.push(`done ${job.attempt}`)
        },
        failed: async ({ attempt }, cause, reason) => void log.push(`failed ${attempt} ${cause}: ${reason}`),
        giveUp: async ({ attempt }, reason) => void log.push(`gave up ${attempt}: ${reason}`),
      }
      const controller = new AbortController()
      const controllers = new Set<AbortController>()
      /** Nobody takes a job away but by this. */
      const jobs = {
        watch: () => {
          const taken = new AbortController()
          controllers.add(taken)
          return { signal: taken.signal, from: () => undefined, end: () => void controllers.delete(taken) }
        },
      }
      const takeAway = () => controllers.forEach((taken) => taken.abort())
      const start = (signal: AbortSignal) =>
        runJobs(task, { bus: connections.bus, jobs, slots: 1, log: specLog, signal })
      const stopped = start(controller.signal)
      const stop = () => (controller.abort(), stopped)
      return {
        kind,
        log,
        stop,
        takeAway,
        again: start,
        publish: () => connections.bus.publish(`jobs.${kind}.j1`, unique('m')),
      }
    }
    const waiting = (kind: string) => system.bus.waiting(kind)

    it('are tried again after a fault', async () => {
      const jobs = running(system, async ({ attempt }) => {
        if (attempt < 2) throw new Error('the disk was full')
      })
      await jobs.publish()
      await eventually(() =>
        expect(jobs.log).to.deep.equal(['started 1', 'failed 1 fault: the disk was full', 'started 2', 'done 2']),
      )
      await eventually(async () => expect((await waiting(jobs.kind)).size).to.equal(0))
      await jobs.stop()
    })

    it('end at once when another attempt would fail as well', async () => {
      const jobs = running(system, async () => {
        throw new PermanentFailure('it is no sound')
      })
      await jobs.publish()
      await eventually(() => expect(jobs.log).to.deep.equal(['started 1', 'gave up 1: it is no sound']))
      await eventually(async () => expect((await waiting(jobs.kind)).size).to.equal(0))
      await jobs.stop()
    })

    it('that another worker holds by now are let go without a word', async () => {
      const jobs = running(system, async () => {
        throw new Refusal('attempt-superseded', 'Another one holds this job')
      })
      await jobs.publish()
      await eventually(async () => {
        expect(jobs.log).to.deep.equal(['started 1'])
        expect((await waiting(jobs.kind)).size).to.equal(0)
      })
      await jobs.stop()
      expect(jobs.log).to.deep.equal(['started 1'])
    })

    it('are in one hand however long they take', async () => {
      const jobs = running(system, () => delay(ackWaitMs + 2000))
      const other = new AbortController()
      const idle = jobs.again(other.signal)
      await jobs.publish()
      await eventually(async () => {
        expect(jobs.log).to.include('done 1')
        expect((await waiting(jobs.kind)).size).to.equal(0)
      }, 20_000)
      expect(jobs.log).to.deep.equal(['started 1', 'done 1'])
      other.abort()
      await Promise.all([jobs.stop(), idle])
    }).timeout(40_000)

    it('that are taken away while they run are let go within a second, without a word', async () => {
      const jobs = running(
        system,
        (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      )
      await jobs.publish()
      await eventually(() => expect(jobs.log).to.deep.equal(['started 1']))
      jobs.takeAway()
      await eventually(async () => expect((await waiting(jobs.kind)).size).to.equal(0), 1000)
      await jobs.stop()
      expect(jobs.log).to.deep.equal(['started 1'])
    })

    it('are handed over at once by a worker that is stopped', async () => {
      const jobs = running(
        system,
        (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      )
      await jobs.publish()
      await eventually(() => expect(jobs.log).to.deep.equal(['started 1']))
      await jobs.stop()
      expect(jobs.log[1]).to.equal('failed 1 worker_stopped: The worker was stopped')
      const next = new AbortController()
      const second = jobs.again(next.signal)
      await eventually(() => expect(jobs.log[2]).to.equal('started 2'), 2000)
      next.abort()
      await second
    })

    it('wait in one message however often they are published', async () => {
      const kind = unique('kind').replace('-', '')
      for (let i = 0; i < 3; i++) await system.bus.publish(`jobs.${kind}.j1`, unique('m'))
      const info = await (
        await system.bus.connection.jetstreamManager()
      ).streams.info('jobs', { subjects_filter: `jobs.${kind}.>` })
      expect(info.state.subjects).to.deep.equal({ [`jobs.${kind}.j1`]: 1 })
    })
  })
})
