import { streamOf } from '../domain/decider.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import { load } from '../commands/handle.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Listed, Objects } from '../ops/platform/objects.ts'
import { type Named, objectsOf } from './namedObjects.ts'

/** What the store holds, beside what the log says it holds. */
export interface Balance {
  objects: number
  bytes: number
  /** Objects that no event names, and will not. */
  orphans: number
  orphanBytes: number
  /** Those of them that are old enough to be removed, and with `remove` were. */
  due: number
  /** Objects that may yet be named: in the making, or too young to tell. */
  pending: number
  /** Of no prefix that we know: nobody touches them. */
  unknown: number
  /** Objects that an event names. */
  named: number
  /** Keys that an event names, and the store does not have, or with another size: the first of them. */
  missing: string[]
  missingCount: number
}

export interface Balancing {
  store: EventStore
  objects: Objects
  graceMs: number
  /** ISO text. */
  now: () => string
  signal: AbortSignal
  /** So many of what is missing are named. */
  mostNamed?: number
  /** Called for each object that was looked at, on either side. */
  onProgress?: () => void
}

/** Orphans that are more than this share of everything, and more than a few, are no accident of ours: it may be the wrong log, or one of before. */
const mostShare = 0.2
const few = 5

/** So many are removed at once; what is left goes with the next sweep. */
const mostSwept = 10_000

/** An object of the sweeper, as old as its last look at all the others; it counts as none of them. */
export const checkedKey = 'sweeper/checked'

type Standing = 'named' | 'pending' | 'orphan' | 'unknown'

/** By what its events say, whether a stream's object is still theirs; asked for every object, from the log alone. */
async function standingOf({ store }: Pick<Balancing, 'store'>, key: string): Promise<Standing> {
  const [root, id, ...rest] = key.split('/')
  // It has a sweeper of its own.
  if (root === 'incoming') return 'pending'
  if (root === 'firmware' && id !== undefined) {
    const { state } = await load(store, FirmwareRelease, id)
    return 'object_key' in state && state.object_key === key ? 'named' : 'orphan'
  }
  if (root !== 'uploads' || id === undefined) return 'unknown'
  const { state } = await load(store, Upload, id)
  if (state.status === 'unknown' || state.status === 'abandoned' || state.status === 'purged') return 'orphan'
  const [jobId, attempt] = rest
  if (jobId === undefined || attempt === undefined) {
    const isKept = state.object_key === key && (state.was ?? state.status) !== 'rejected'
    return isKept ? 'named' : 'orphan'
  }
  for (const jobs of [TranscodeJob, InferenceJob]) {
    // Asked before what it has named: what it names meanwhile is not lost.
    const { state: job } = await load<{ status: string; attempt?: number }, any>(store, jobs as never, jobId)
    if (job.status === 'running' && String(job.attempt) === attempt) return 'pending'
    const events = await store.read(streamOf(jobs, jobId))
    if (events.some((event) => objectsOf(event).some(({ object_key }) => object_key === key))) return 'named'
  }
  return 'orphan'
}

/** Every object beside the stream that its key leads to: the log is asked, never a table, and nothing is told when it cannot be read. */
async function* orphansIn({ store, objects, graceMs, now, signal, onProgress }: Balancing, found: Balance) {
  for await (const one of objects.list('')) {
    signal.throwIfAborted()
    onProgress?.()
    if (one.key === checkedKey) continue
    found.objects++
    found.bytes += one.size_bytes
    const standing = await standingOf({ store }, one.key)
    if (standing !== 'orphan') {
      found[standing]++
      continue
    }
    found.orphans++
    found.orphanBytes += one.size_bytes
    if (Date.parse(now()) - one.modified_at.getTime() < graceMs) continue
    found.due++
    yield one
  }
}

/** Every object that an event names and the store does not have. */
async function* missingIn({ store, objects, signal, onProgress }: Balancing) {
  for await (const events of store.readAll(undefined))
    for (const event of events) {
      signal.throwIfAborted()
      for (const named of objectsOf(event)) {
        onProgress?.()
        if (await isMissing({ store, objects }, named)) yield named.object_key
      }
    }
}

/** Whether it is not there, or of another size; asked again after looking: it may have been given up meanwhile. */
async function isMissing(
  { store, objects }: Pick<Balancing, 'store' | 'objects'>,
  { object_key, size_bytes }: Named,
): Promise<boolean> {
  const there = await objects.size(object_key)
  if (there !== undefined && (size_bytes === undefined || there === size_bytes)) return false
  return (await standingOf({ store }, object_key)) === 'named'
}

/**
 * Compares both sides, slowly and in constant memory.
 * @param onOrphan is handed every object that may be removed
 */
export async function balance(
  balancing: Balancing,
  onOrphan: (orphan: Listed) => unknown = () => {},
): Promise<Balance> {
  const found: Balance = {
    ...{ objects: 0, bytes: 0, orphans: 0, orphanBytes: 0, due: 0, pending: 0, unknown: 0, named: 0 },
    ...{ missing: [], missingCount: 0 },
  }
  for await (const orphan of orphansIn(balancing, found)) onOrphan(orphan)
  for await (const key of missingIn(balancing)) {
    found.missingCount++
    if (found.missing.length < (balancing.mostNamed ?? 20)) found.missing.push(key)
  }
  return found
}

/**
 * The same, having removed what was due, and is no one's still; unless that is so much that something else must be wrong. Nothing else is looked for meanwhile: the log may
 * have become another one.
 */
export async function sweepOrphans(balancing: Balancing): Promise<Balance & { removed: number }> {
  const due: string[] = []
  const found = await balance(balancing, ({ key }) => due.length < mostSwept && due.push(key))
  if (found.due === 0) return { ...found, removed: 0 }
  if (found.named === 0 || (found.due > few && found.due > found.objects * mostShare)) throw new TooMany(found)
  let removed = 0
  for (const key of due) {
    balancing.signal.throwIfAborted()
    if ((await standingOf(balancing, key)) !== 'orphan') continue
    await balancing.objects.remove(key)
    removed++
  }
  return { ...found, removed }
}

/** So much would go that it is asked about first. */
export class TooMany extends Error {
  override readonly name = 'TooMany'
  readonly found: Balance

  constructor(found: Balance) {
    super(
      `${found.due} of ${found.objects} objects are named by no event: more than can be by accident. Is this the log that belongs to this bucket?`,
    )
    this.found = found
  }
}
