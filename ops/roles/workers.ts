import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Refusal } from '../../domain/refusal.ts'
import { giveBackUnused, settleAddresses } from '../../commands/addresses.ts'
import { completeErasure } from '../../commands/erasure.ts'
import type { Deps } from '../../commands/http.ts'
import { finish } from '../../commands/resumableFinish.ts'
import { sayEnded } from '../../commands/sessions.ts'
import { giveBackUnusedTagName, settleTagName } from '../../commands/tagNames.ts'
import { releaseAbandonedNames } from '../../workers/abandonedNames.ts'
import { runDispatch } from '../../workers/dispatch.ts'
import { inference, type InferenceDeps } from '../../workers/inference.ts'
import { followServers } from '../../workers/inferenceServers.ts'
import { models } from '../../workers/models/catalogue.ts'
import { confined } from '../../workers/confined.ts'
import { dropErasedKeys } from '../../workers/dropErasedKeys.ts'
import { finishTags } from '../../workers/finishTags.ts'
import { finishUsers } from '../../workers/finishUsers.ts'
import { followOpenJobs, inferences, transcodes } from '../../workers/openJobs.ts'
import { requestInferences, requestTranscodes, runReaction } from '../../workers/reactions.ts'
import { runReaper } from '../../workers/reaper.ts'
import { runAsLeader } from '../../workers/leading.ts'
import { removePurged, retain } from '../../workers/retention.ts'
import { runRollouts } from '../../workers/rollouts.ts'
import { runJobs } from '../../workers/runner.ts'
import { runSweeper } from '../../workers/sweeper.ts'
import { transcode } from '../../workers/transcode.ts'
import { incomingIn } from '../platform/incoming.ts'
import { connectLocks, type Locks } from '../platform/locks.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Intent } from '../platform/route.ts'
import { scavenge } from '../platform/scavenge.ts'
import { findPrograms } from '../programs.ts'
import type { Connections } from './connections.ts'
import { registerOwnServer, reportFault, runGpuHealth } from './inference.ts'
import { attemptsIn, measureFleet } from './measured.ts'
import { openSessionsIn } from './openSessions.ts'
import { settingsOf } from './settings.ts'

const now = () => new Date().toISOString()
/** Inference jobs of one facility and model that are given out ahead: an urgent one comes after these. */
const givenAhead = 4
const retention = { lock: 'retention', everyMs: 3_600_000 }

/** Reactions, dispatch and the job slots of this process. */
export async function runWorkers(connections: Connections, searchPath: string, metrics?: Metrics): Promise<void> {
  const { config, store, database, bus, objects, log, lifecycle } = connections
  const signal = lifecycle.stopping
  const worker = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const scratch = resolve(config.DATA_DIR, 'scratch', worker)
  await sweep(resolve(config.DATA_DIR, 'scratch'))
  await mkdir(scratch, { recursive: true })
  const limitSecs = config.TRANSCODE_STALE_TIMEOUT_SECS
  const found = await findPrograms({ ffmpeg: config.FFMPEG_PATH, ffprobe: config.FFPROBE_PATH }, searchPath)
  const programs = await confined(join(scratch, 'bin'), found, { cpuSecs: limitSecs })

  const counted = metrics ? attemptsIn(metrics) : <T>(task: T) => task
  const task = counted(transcode({ store, objects, bus, programs, scratch, worker, limitMs: limitSecs * 1000, now }))
  const jobs = followOpenJobs(transcodes, { store, database, bus, log, signal })
  const following = { store, database, log, signal }
  const locks = connectLocks({ databaseUrl: config.DATABASE_URL, log, signal })
  const inferring = infer({ ...connections, programs, scratch, worker, limitMs: limitSecs * 1000, counted, metrics })
  const deps = { store, now }
  const names = namesFor(deps, log)
  const erased = async (id: string, intent: Intent) => {
    await completeErasure(deps, id)
    await sayEnded({ ...deps, openSessionsOf: openSessionsIn(database) }, id, 'deactivated', intent)
  }
  if (config.INFERENCE_URL !== undefined) await registerOwnServer(deps, config.INFERENCE_URL)
  const running = Promise.all([
    runReaction(requestTranscodes(store, settingsOf(config), now), following),
    runReaction(requestInferences(store, settingsOf(config), now), following),
    runReaction(releaseAbandonedNames({ store, now, ...names }), following),
    runReaction(finishUsers({ settleAddresses: names.settleAddresses, completeErasure: erased }), following),
    runReaction(finishTags(names.settleTagName), following),
    runReaction(dropErasedKeys({ store, scavenge: () => scavenge(config.EVENTSTORE_URL), log }), following),
    sweeping({ ...connections, locks }),
    runReaction(removePurged(objects), following),
    runAsLeader({ ...following, ...retention, locks }, (until) =>
      retain({ ...deps, database, environment: settingsOf(config) }, until),
    ),
    runRollouts({ store, now, log, signal }),
    runGpuHealth({ ...connections, locks }),
    jobs.done,
    runDispatch(transcodes.kind, { jobs, bus, log, signal }),
    runReaper(task, { jobs, staleMs: limitSecs * 1000, now, log, signal }),
    runJobs(task, { bus, jobs, slots: config.TRANSCODE_CONCURRENCY, log, signal }),
    inferring,
  ])
  lifecycle.onStop('workers', async () => {
    await running.finally(() => locks.close())
    await rm(scratch, { recursive: true, force: true })
  })
}

/** The slots that listen to recordings, with what gives jobs to them and sees to those that were left. */
async function infer({
  limitMs,
  counted,
  metrics,
  ...deps
}: Connections &
  Pick<InferenceDeps, 'programs' | 'scratch' | 'worker' | 'limitMs'> & {
    counted: ReturnType<typeof attemptsIn>
    metrics: Metrics | undefined
  }): Promise<void> {
  const { config, bus, lifecycle } = deps
  const following = { ...deps, signal: lifecycle.stopping }
  const fleet = followServers({ ...following, now, onFault: (id) => reportFault(bus, id) })
  const task = counted(inference({ ...deps, fleet, models, limitMs, now }))
  if (metrics) measureFleet(fleet, metrics)
  const jobs = followOpenJobs(inferences, following)
  const slots = config.INFERENCE_WORKER_CONCURRENCY
  await Promise.all([
    fleet.done,
    jobs.done,
    runDispatch(inferences.kind, { ...following, jobs, share: givenAhead }),
    runReaper(task, { ...following, jobs, staleMs: limitMs, now }),
    fleet.ready.then(() => runJobs(task, { ...following, jobs, slots })),
  ])
}

/** The object store's own: uploads that were not gone on with, and objects that no event names. */
function sweeping({ config, store, objects, locks, log, lifecycle }: Connections & { locks: Locks }): Promise<void> {
  const incoming = incomingIn(objects)
  const expiryMs = config.UPLOAD_EXPIRY_SECS * 1000
  const graceMs = config.ORPHAN_GRACE_SECS * 1000
  return runSweeper({
    ...{ store, objects, incoming, locks, now, log, signal: lifecycle.stopping, expiryMs, graceMs },
    finish: (id) => finish({ store, objects, incoming, locks, now }, id),
    incomingEveryMs: Math.min(expiryMs, 10 * 60_000),
    orphansEveryMs: 24 * 60 * 60_000,
  })
}

/** A name that somebody else has by now stays theirs: who had it has to change to another, and nobody else waits for that. */
function namesFor(deps: Deps, log: Log) {
  const unlessTaken = (error: unknown) => {
    if (!(error instanceof Refusal)) throw error
    log.error({ error }, 'a name is somebody else’s by now')
  }
  return {
    settleAddresses: (id: string) => settleAddresses(deps, id).catch(unlessTaken),
    settleTagName: (id: string) => settleTagName(deps, id).catch(unlessTaken),
    giveBackUnused: (...name: [reservation: string, userId: string, intent: Intent]) =>
      giveBackUnused(deps, ...name).catch(unlessTaken),
    giveBackUnusedTagName: (...name: [reservation: string, tagId: string, intent: Intent]) =>
      giveBackUnusedTagName(deps, ...name).catch(unlessTaken),
  }
}

/** Files in the making of workers of this machine that were killed. */
async function sweep(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => [])
  for (const name of left) {
    const pid = name.startsWith(`${hostname()}-`) ? Number(name.split('-').at(-2)) : undefined
    // In a container the one before may have had our very number.
    const isGone = pid === process.pid || (pid !== undefined && !isAlive(pid))
    if (isGone) await rm(join(folder, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
