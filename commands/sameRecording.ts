import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../domain/refusal.ts'
import * as Upload from '../domain/upload.ts'
import type { EventStore } from '../ops/platform/eventStore.ts'
import { type Intent, Problem } from '../ops/platform/route.ts'
import { handle, load, type Outcome } from './handle.ts'
import { systemIntent } from './http.ts'
import { ownerOf, release, reserve } from './reserve.ts'

const kind = 'recording'
const tries = 5
/** So long an owner has between reserving and being there: two appends, one right after the other. */
const patienceMs = 2000
const againMs = 20

export interface Existing {
  id: string
  outcome: Outcome<Upload.State>
}

/** What makes two recordings the same. Without its device and its time there is no telling: two sensors may send equal silence. */
export const recordingName = (of: {
  facility_id: string
  device_id?: string
  recorded_at?: string
  sha256: string
}): string | undefined =>
  of.device_id !== undefined && of.recorded_at !== undefined
    ? [of.facility_id, of.device_id, of.recorded_at, of.sha256].join('|')
    : undefined

/**
 * Makes the recording this upload’s, or says which one has it: also one that was rejected or deleted since. An owner that does not come is
 * given up: should it only have been slow, it has lost.
 */
export async function claimRecording(
  store: EventStore,
  claim: { name: string; owner_id: string; at: string },
  intent: Intent,
): Promise<Existing | undefined> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      await reserve(store, { kind, ...claim }, intent)
      return undefined
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'recording-taken')) throw error
    }
    const owner_id = await ownerOf(store, kind, claim.name)
    if (owner_id === undefined) continue
    const outcome = await arrived(store, owner_id, claim.at)
    if (outcome) return { id: owner_id, outcome }
    await release(store, { ...claim, kind, owner_id })
  }
  throw new Problem('contended', 'This recording is being sent by several at once; try again')
}

/** For one that was given up for being slow: whose the recording is instead. */
export async function claimedInstead(
  store: EventStore,
  { name, owner_id, at }: { name: string; owner_id: string; at: string },
): Promise<Existing | undefined> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await delay(againMs)) {
    const other = await ownerOf(store, kind, name)
    if (other === undefined || other === owner_id) continue
    const outcome = await arrived(store, other, at)
    if (outcome) return { id: other, outcome }
  }
  await release(store, { kind, name, owner_id, at })
  return undefined
}

/** The upload that this id stands for, waited for; undefined: it is given up, and never comes. */
async function arrived(store: EventStore, id: string, at: string): Promise<Outcome<Upload.State> | undefined> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await delay(againMs)) {
    const { state } = await load(store, Upload, id)
    if (state.status !== 'unknown') break
  }
  const outcome = await handle(store, Upload, id, Upload.abandon({ abandoned_at: at }), systemIntent('abandon', id))
  return outcome.state.status === 'abandoned' ? undefined : outcome
}
