import type { Ended } from './deviceFirmware.ts'
import type { Image, State as Channel } from './firmwareChannel.ts'
import type { Release, State as ReleaseState } from './firmwareRelease.ts'
import { isTransient, type Plan, reaches } from './firmwareRollout.ts'

/** A device that asks for firmware, and what it says of itself; what it leaves out keeps nothing from it. */
export interface Asking {
  device_id: string
  /** What it runs: a semantic version. */
  version: string
  battery_mv?: number
  external_power?: boolean
  free_bytes?: number
  /** How its last tries ended, as it told; the newest first. */
  ended?: readonly Ended[]
}

/** Which try of which release: that of a rollout, or of the channel's activation. */
export interface Try {
  release_id: string
  rollout_id?: string
  attempt: number
}

export type Offer = Try & { release: Release }

/** What must be known beside the channels; `compare` is below, at or above 0 as the first version precedes, equals or follows the second. */
export interface Known {
  releaseOf: (id: string) => ReleaseState | undefined
  compare: (a: string, b: string) => number
}

/** One thing a channel would have a device run. */
type Candidate = Try & { image: Image; gates?: Plan['gates']; goesBack: boolean }

/**
 * What a device is to install, if anything. Of its channels, its facility's first, the first that has a release for it counts: that of a rollout
 * that has come to it, else the active one.
 */
export function offerOf(asking: Asking, channels: readonly Channel[], known: Known): Offer | undefined {
  const secured = securityOf(asking, channels, known)
  for (const channel of channels) {
    for (const candidate of candidatesOf(channel, asking, known)) {
      // A release that is not for this device leaves room for the next; one that it has, waits for or failed does not.
      if (candidate === 'nothing' || isDone(candidate, asking, known)) return undefined
      const release = suitable(candidate, asking, secured, known)
      if (release) return { ...tryOf(candidate), release }
    }
    if (channel.active) return undefined
  }
  return undefined
}

/** The releases that such a decision asks for. */
export function releasesIn(
  channels: readonly Channel[],
  { version, ended }: Asking,
  { compare }: Pick<Known, 'compare'>,
): string[] {
  const images = channels.flatMap(({ active, rollout }) => [active, rollout, installed(version, ended, compare)])
  return [...new Set(images.flatMap((image) => image?.release_id ?? []))]
}

/** What it told to have installed last, of what it runs. */
const installed = (version: string, ended: Asking['ended'], compare: Known['compare']): Ended | undefined =>
  ended?.find((one) => one.outcome === 'installed' && compare(one.version, version) === 0)

/** The try that a channel offers of a release to a device now; undefined: none. What the device is like does not count. */
export function triedNow({ active, rollout }: Channel, release_id: string, device_id: string): Try | undefined {
  if (rollout?.release_id === release_id && reaches(rollout, device_id))
    return { release_id, rollout_id: rollout.rollout_id, attempt: rollout.attempt }
  return active?.release_id === release_id ? { release_id, attempt: active.attempt } : undefined
}

function candidatesOf({ active, rollout }: Channel, asking: Asking, known: Known): (Candidate | 'nothing')[] {
  const candidates: (Candidate | 'nothing')[] = []
  if (rollout && reaches(rollout, asking.device_id)) {
    const { release_id, rollout_id, attempt, gates } = rollout
    if (rollout.status === 'running')
      candidates.push({ release_id, rollout_id, attempt, image: rollout, goesBack: false, ...(gates && { gates }) })
    // A pause is for a while; who has not got what was halted goes on as if it had never come.
    else if (rollout.status === 'paused' || known.compare(asking.version, rollout.version) === 0)
      candidates.push('nothing')
  }
  if (active) {
    const { release_id, attempt, by } = active
    candidates.push({ release_id, attempt, image: active, goesBack: by === 'rollback' })
  }
  return candidates
}

const tryOf = ({ release_id, rollout_id, attempt }: Candidate): Try => ({
  release_id,
  ...(rollout_id !== undefined && { rollout_id }),
  attempt,
})

/** Whether it runs it, has failed this very try of it, or has to wait for it. */
const isDone = (candidate: Candidate, asking: Asking, { compare }: Known): boolean =>
  compare(asking.version, candidate.image.version) === 0 ||
  hasFailed(candidate, asking.ended) ||
  isHeldBack(asking, candidate.gates)

function hasFailed({ release_id, rollout_id, attempt }: Try, ended: readonly Ended[] = []): boolean {
  const end = ended.find(
    (one) => one.release_id === release_id && one.rollout_id === rollout_id && one.attempt === attempt,
  )
  return end?.outcome === 'rolled_back' || (end?.outcome === 'failed' && !isTransient(end.kind))
}

function isHeldBack({ battery_mv, external_power, free_bytes }: Asking, gates: Plan['gates'] = {}): boolean {
  const isBelow = (told: number | undefined, least: number | undefined) =>
    told !== undefined && least !== undefined && told < least
  return (
    isBelow(battery_mv, gates.min_battery_mv) ||
    isBelow(free_bytes, gates.min_free_bytes) ||
    (gates.external_power === true && external_power === false)
  )
}

/** The release, where it may follow what the device runs. */
function suitable(
  { release_id, image, goesBack }: Candidate,
  { version }: Asking,
  secured: number,
  { releaseOf, compare }: Known,
): Release | undefined {
  const release = releaseOf(release_id)
  if (release?.status !== 'published') return undefined
  if (compare(image.version, version) < 0 && !goesBack) return undefined
  if (release.min_version !== undefined && compare(version, release.min_version) < 0) return undefined
  return (image.security_version ?? 0) < secured ? undefined : release
}

/** The security version of what the device runs: of what it told to have installed, else of what its channels know by that version. */
function securityOf({ version, ended }: Asking, channels: readonly Channel[], { releaseOf, compare }: Known): number {
  const told = installed(version, ended, compare)
  const release = told && releaseOf(told.release_id)
  if (release && 'version' in release) return release.security_version ?? 0
  for (const { active, rollout, past } of channels)
    for (const image of [active, rollout, ...past])
      if (image && compare(image.version, version) === 0) return image.security_version ?? 0
  return 0
}
