import { splitStream, streamOf } from '../domain/decider.ts'
import * as FirmwareRelease from '../domain/firmwareRelease.ts'
import * as InferenceJob from '../domain/inferenceJob.ts'
import * as TranscodeJob from '../domain/transcodeJob.ts'
import * as Upload from '../domain/upload.ts'
import { load } from '../commands/handle.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import type { Listed, Objects } from '../ops/platform/objects.ts'

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
  /** Called now and then, with how many things were looked at. */
  onProgress?: (looked: number) => void
}

/** Orphans that are more than this share of everything, and more than a few, are no accident of ours: it may be the wrong log. */
const mostShare = 0.2
const few = 100

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
    const job = (await load<{ status: string; attempt?: number }, any>(store, jobs as never, jobId)).state
    if (job.status === 'running' && String(job.attempt) === attempt) return 'pending'
    const events = await store.read(streamOf(jobs, jobId))
    if (events.some(({ data }) => keysIn(data).has(key))) return 'named'
  }
  return 'orphan'
}

/** Whose events name objects. */
const naming = new Set<string>([Upload, TranscodeJob, InferenceJob, FirmwareRelease].map(({ category }) => category))

/** Every text of an event that is a key of an object, with its size where that stands beside it. */
function keysIn(data: unknown, found = new Map<string, number | undefined>()): Map<string, number | undefined> {
  if (typeof data !== 'object' || data === null) return found
  const { object_key, size_bytes } = data as { object_key?: unknown; size_bytes?: unknown }
  if (typeof object_key === 'string') found.set(object_key, typeof size_bytes === 'number' ? size_bytes : undefined)
  for (const inner of Object.values(data)) keysIn(inner, found)
  return found
}

/**
 * Compares both sides, slowly and in constant memory: every object with the stream that its key leads to, every event that names an object with the
 * store. The log is asked, never a table. Nothing is removed when the log cannot be read.
 * @param onOrphan is handed every object that may be removed
 */
export async function balance(
  { store, objects, graceMs, now, signal, mostNamed = 20, onProgress = () => {} }: Balancing,
  onOrphan: (orphan: Listed) => Promise<void> = () => Promise.resolve(),
): Promise<Balance> {
  const found: Balance = {
    ...{ objects: 0, bytes: 0, orphans: 0, orphanBytes: 0, due: 0, pending: 0, unknown: 0, named: 0 },
    ...{ missing: [], missingCount: 0 },
  }
  let looked = 0
  for await (const one of objects.list('')) {
    signal.throwIfAborted()
    onProgress(++looked)
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
    await onOrphan(one)
  }
  for await (const events of store.readAll(undefined))
    for (const event of events) {
      signal.throwIfAborted()
      const [category] = splitStream(event.stream)
      if (!naming.has(category)) continue
      for (const [key, size] of keysIn(event.data)) {
        onProgress(++looked)
        if (!(await isMissing({ store, objects }, key, size))) continue
        found.missingCount++
        if (found.missing.length < mostNamed) found.missing.push(key)
      }
    }
  return found
}

/** Whether it is named, and is not there; asked again after looking: it may have been given up meanwhile. */
async function isMissing(
  { store, objects }: Pick<Balancing, 'store' | 'objects'>,
  key: string,
  size: number | undefined,
): Promise<boolean> {
  const there = await objects.size(key)
  if (there !== undefined && (size === undefined || there === size)) return false
  return (await standingOf({ store }, key)) === 'named'
}

/** The same, having removed what is due; unless that is so much that something else must be wrong. */
export async function sweepOrphans(balancing: Balancing): Promise<Balance & { removed: number }> {
  const found = await balance(balancing)
  if (found.due === 0) return { ...found, removed: 0 }
  if (found.due > few && found.due > found.objects * mostShare) throw new TooMany(found)
  let removed = 0
  await balance(balancing, async ({ key }) => {
    await balancing.objects.remove(key)
    removed++
  })
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
