import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { releaseAbandonedNames } from '../../workers/abandonedNames.ts'
import { runDispatch, transcodes } from '../../workers/dispatch.ts'
import { confined } from '../../workers/confined.ts'
import { requestTranscodes, runReaction } from '../../workers/reactions.ts'
import { runJobs } from '../../workers/runner.ts'
import { transcode } from '../../workers/transcode.ts'
import { findPrograms } from '../programs.ts'
import type { Connections } from './connections.ts'
import { settingsOf } from './settings.ts'

const now = () => new Date().toISOString()

/** Reactions, dispatch and the job slots of this process. */
export async function runWorkers(
  { config, store, database, bus, objects, log, lifecycle }: Connections,
  searchPath: string,
): Promise<void> {
  const signal = lifecycle.stopping
  const worker = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const scratch = resolve(config.DATA_DIR, 'scratch', worker)
  await sweep(resolve(config.DATA_DIR, 'scratch'))
  await mkdir(scratch, { recursive: true })
  const limitSecs = config.TRANSCODE_STALE_TIMEOUT_SECS
  const found = await findPrograms({ ffmpeg: config.FFMPEG_PATH, ffprobe: config.FFPROBE_PATH }, searchPath)
  const programs = await confined(join(scratch, 'bin'), found, limitSecs)

  const task = transcode({ store, objects, bus, programs, scratch, worker, limitMs: limitSecs * 1000, now })
  const following = { store, database, log, signal }
  const running = Promise.all([
    runReaction(requestTranscodes(store, settingsOf(config), now), following),
    runReaction(releaseAbandonedNames(store, now), following),
    runDispatch(transcodes, { store, bus, log, signal }),
    runJobs(task, { bus, slots: config.TRANSCODE_CONCURRENCY, log, signal }),
  ])
  lifecycle.onStop('workers', async () => {
    await running
    await rm(scratch, { recursive: true, force: true })
  })
}

/** Files in the making of workers of this machine that were killed. */
async function sweep(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => [])
  for (const name of left) {
    const pid = name.startsWith(`${hostname()}-`) ? Number(name.split('-').at(-2)) : undefined
    if (pid !== undefined && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true })
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
