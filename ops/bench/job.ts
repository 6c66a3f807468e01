import { randomUUID } from 'node:crypto'
import { Option } from 'commander'
import pg from 'pg'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import { runDispatch } from '../../workers/dispatch.ts'
import { followOpenJobs, transcodes } from '../../workers/openJobs.ts'
import { runJobs } from '../../workers/runner.ts'
import { type Job, transcode } from '../../workers/transcode.ts'
import { createLifecycle } from '../platform/lifecycle.ts'
import { createLog } from '../platform/log.ts'
import { type Connections, openConnections } from '../roles/connections.ts'
import type { Bench } from './bench.ts'
import { install, installPeers } from './installation.ts'
import { interleaved, pace, quantile } from './measure.ts'
import { wholeNumber } from './options.ts'

const now = () => new Date().toISOString()
const facilities = 8

export const job: Bench = {
  name: 'job',
  description: 'jobs that do nothing, beside graphile-worker on the same Postgres',
  phases: ['start', 'throughput'],
  options: [
    new Option('--jobs <n>', 'of each round and side').default(2000).argParser(wholeNumber),
    new Option('--askers <n>', 'at once').default(64).argParser(wholeNumber),
    new Option('--slots <n>', 'of the worker').default(32).argParser(wholeNumber),
    new Option('--events <n>', 'of the log before').default(20_000).argParser(wholeNumber),
    new Option('--seed <n>', 'of that log').default(1).argParser(wholeNumber),
  ],
  async run(session) {
    const { options, scratch, report } = session
    const [jobs, askers, slots] = ['jobs', 'askers', 'slots'].map((name) => options[name] as number) as [
      number,
      number,
      number,
    ]
    installPeers(session)
    const { config, stop } = await install(session, { name: 'job', events: options['events'] as number })
    const database = new pg.Client(config.DATABASE_URL)
    await database.connect()
    await database.query('create database graphile')
    await database.end()
    const peer = await scratch.start<{ url: string }>({
      file: 'ops/bench/peers/graphile.mjs',
      args: [Object.assign(new URL(config.DATABASE_URL), { pathname: '/graphile' }).href, String(slots)],
    })
    const theirs = async <T>(path: string) => (await (await fetch(peer.ready.url + path)).json()) as T
    const log = createLog('warn')
    const lifecycle = createLifecycle({ log })
    const connections = await openConnections(config, log, lifecycle)
    const worker = runWorker(connections, { slots, signal: lifecycle.stopping })
    lifecycle.onStop('worker', () => worker.stopped)

    if (session.wants('start')) {
      const count = Math.ceil(jobs / 10)
      const ours = async () => {
        const ms: number[] = []
        for (let i = 0; i < count; i++) {
          const asked = performance.now()
          const { started, done } = await worker.ask()
          ms.push((await started) - asked)
          await done
        }
        return quantile(ms, 0.5)
      }
      const rounds = await interleaved(options.rounds, {
        ours,
        theirs: async () => quantile((await theirs<{ ms: number[] }>(`/latency?jobs=${count}`)).ms, 0.5),
      })
      report.add({
        id: 'job.start',
        what: 'from the request of a job to its TranscodeStarted, p50',
        unit: 'ms',
        ours: rounds.ours,
        beside: { what: 'graphile-worker', values: rounds.theirs },
        targets: [{ of: 'ours', most: 8 }],
      })
    }
    if (session.wants('throughput')) {
      const ours = async () => {
        const ends: Promise<unknown>[] = []
        const began = performance.now()
        await pace(askers, { calls: jobs }, async () => void ends.push((await worker.ask()).done))
        await Promise.all(ends)
        return (ends.length / (performance.now() - began)) * 1000
      }
      const rounds = await interleaved(options.rounds, {
        ours,
        theirs: async () =>
          (await theirs<{ perSecond: number }>(`/throughput?jobs=${jobs}&askers=${askers}`)).perSecond,
      })
      report.add({
        id: 'job.throughput',
        what: `jobs that do nothing, asked for by ${askers} at once, ${slots} slots, three durable events each`,
        unit: '/s',
        ours: rounds.ours,
        beside: { what: 'graphile-worker', values: rounds.theirs },
        targets: [{ of: 'ours', least: 1000 }],
      })
    }
    await lifecycle.stop('measured')
    await peer.end()
    await stop()
  },
}

/** The product's own dispatch, runner and events around work that is nothing. */
function runWorker(connections: Connections, { slots, signal }: { slots: number; signal: AbortSignal }) {
  const { store, bus, log } = connections
  const starts = new Map<string, (at: number) => void>()
  const ends = new Map<string, () => void>()
  const deps = { ...connections, programs: { ffmpeg: '', ffprobe: '' }, scratch: '', worker: 'bench' }
  const real = transcode({ ...deps, limitMs: 60_000, now })
  const begin = async (id: string) => {
    const begun = await real.begin(id)
    starts.get(id)?.(performance.now())
    starts.delete(id)
    return begun
  }
  const perform = async ({ id, attempt, origin }: Job) => {
    const peaks = { object_key: '', samples_per_pixel: 256, length: 0 }
    const completed = TranscodeJob.complete({ attempt, renditions: [], peaks, completed_at: now() })
    await handle(store, TranscodeJob, id, completed, { ...systemIntent('bench', id, 'complete'), ...origin })
    ends.get(id)?.()
    ends.delete(id)
  }
  const jobs = followOpenJobs(transcodes, { ...connections, signal })
  const stopped = Promise.all([
    jobs.done,
    runDispatch(transcodes.kind, { jobs, bus, log, signal }),
    runJobs({ ...real, begin, perform }, { bus, jobs, slots, log, signal }),
  ]).then(() => undefined)

  let asked = 0
  async function ask() {
    const id = randomUUID()
    const facility_id = `facility-${asked++ % facilities}`
    const started = new Promise<number>((resolve) => starts.set(id, resolve))
    const done = new Promise<void>((resolve) => ends.set(id, resolve))
    const wanted = { upload_id: id, facility_id, formats: ['opus-webm'] as const, bitrate: 96_000 }
    const request = TranscodeJob.request({ ...wanted, requested_at: now() })
    await handle(store, TranscodeJob, id, request, { ...systemIntent('bench', id), facility_id })
    return { started, done }
  }
  return { ask, stopped }
}
