import type { Ended } from './deviceFirmware.ts'
import type { Compare } from './firmwareActivation.ts'
import type { Image, State as Channel } from './firmwareChannel.ts'
import { wasLeft } from './firmwareLeaving.ts'
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

/** What must be known beside the channels. */
export interface Known {
  releaseOf: (id: string) => ReleaseState | undefined
  compare: Compare
}

/** One thing a channel would have a device run. */
type Candidate = Try & { image: Image; gates?: Plan['gates']; goesBack: boolean }

/** Why a device does not get what a channel would have it run. */
export type Unfit = keyof typeof isLastWord

// A release that is not for this device leaves room for the next; one that it has, failed or waits for does not.
const isLastWord = {
  runs_it: true,
  failed: true,
  held_back: true,
  not_published: false,
  runs_newer: false,
  below_min_version: false,
  below_security_version: false,
}

/**
 * What a device is to install, if anything. Of its channels, its facility's first, the first that has a release for it counts: that of a rollout
 * that has come to it, else the active one.
 * @param declined is told of what was looked at in vain
 */
export function offerOf(
  asking: Asking,
  channels: readonly Channel[],
  known: Known,
  declined?: (one: Try, why: Unfit) => void,
): Offer | undefined {
  const running = runningOf(asking, channels, known)
  for (const channel of channels) {
    const told = toldBy(channel, asking, running, known, declined)
    if (told) return told === 'nothing' ? undefined : told
  }
  return undefined
}

/** Whether the first of its channels, its facility's own, decides what this device gets, so that what is for every facility does not come to it. */
export const hasOwn = (asking: Asking, channels: readonly [Channel, ...Channel[]], known: Known): boolean =>
  toldBy(channels[0], asking, runningOf(asking, channels, known), known) !== undefined

/** Undefined: it leaves it to the next channel. */
function toldBy(
  channel: Channel,
  asking: Asking,
  running: Running,
  known: Known,
  declined?: (one: Try, why: Unfit) => void,
): Offer | 'nothing' | undefined {
  for (const candidate of candidatesOf(channel, asking, known)) {
    if (candidate === 'nothing') return candidate
    const release = known.releaseOf(candidate.release_id)
    const why = unfit(candidate, release, asking, running, known)
    if (why === undefined) return { ...tryOf(candidate), release: release as Release }
    declined?.(candidate, why)
    if (isLastWord[why]) return 'nothing'
  }
  return channel.active && 'nothing'
}

/** The releases that these channels name. */
export const namedIn = (channels: readonly Channel[]): string[] =>
  channels.flatMap(({ active, rollout }) => [active, rollout].flatMap((image) => image?.release_id ?? []))

/** The releases that such a decision asks for. */
export function releasesIn(
  channels: readonly Channel[],
  { version, ended }: Asking,
  { compare }: Pick<Known, 'compare'>,
): string[] {
  const told = installed(version, ended, compare)
  return [...new Set([...namedIn(channels), ...(told ? [told.release_id] : [])])]
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

function unfit(
  candidate: Candidate,
  release: ReleaseState | undefined,
  asking: Asking,
  running: Running,
  { compare }: Known,
): Unfit | undefined {
  const { image, goesBack, gates } = candidate
  const order = compare(image.version, asking.version)
  if (order === 0) return 'runs_it'
  if (hasFailed(candidate, asking.ended)) return 'failed'
  if (isHeldBack(asking, gates)) return 'held_back'
  if (release?.status !== 'published') return 'not_published'
  if (order < 0 && !goesBack && !running.isLeft) return 'runs_newer'
  const { min_version } = release
  if (min_version !== undefined && compare(asking.version, min_version) < 0) return 'below_min_version'
  return (image.security_version ?? 0) < running.secured ? 'below_security_version' : undefined
}

function hasFailed({ release_id, rollout_id, attempt }: Try, ended: readonly Ended[] = []): boolean {
  const end = ended.find(
    (one) => one.release_id === release_id && one.rollout_id === rollout_id && one.attempt === attempt,
  )
  return end?.outcome === 'rolled_back' || (end?.outcome === 'failed' && !isTransient(end.kind))
}

function isHeldBack({ battery_mv, external_power, free_bytes }: Asking, gates: Plan['gates'] = {}): boolean {
  return (
    isBelow(battery_mv, gates.min_battery_mv) ||
    isBelow(free_bytes, gates.min_free_bytes) ||
    (gates.external_power === true && external_power === false)
  )
}

const isBelow = (told: number | undefined, least: number | undefined) =>
  told !== undefined && least !== undefined && told < least

/** What its channels know of what a device runs. */
interface Running {
  /** Its security version. */
  secured: number
  /** It was gone back from or withdrawn: the device is not to stay with it, whatever is active since. */
  isLeft: boolean
}

const runningOf = (asking: Asking, channels: readonly Channel[], known: Known): Running => ({
  secured: securityOf(asking, channels, known),
  isLeft: channels.some(({ told }) => wasLeft(told, asking.version)),
})

/** The security version of what the device runs: of what it told to have installed, else of what its channels know by that version. */
function securityOf({ version, ended }: Asking, channels: readonly Channel[], { releaseOf, compare }: Known): number {
  const told = installed(version, ended, compare)
  const release = told && releaseOf(told.release_id)
  if (release && 'version' in release) return release.security_version ?? 0
  for (const { active, rollout, past } of channels) {
    if (active && compare(active.version, version) === 0) return active.security_version ?? 0
    if (rollout && compare(rollout.version, version) === 0) return rollout.security_version ?? 0
    for (const image of past) if (compare(image.version, version) === 0) return image.security_version ?? 0
  }
  return 0
}
