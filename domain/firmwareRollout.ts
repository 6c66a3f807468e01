/** How a rollout goes, as it was asked for: part of FirmwareRolloutStarted, so never edited in place. */
export interface Plan {
  /** Rising shares of the fleet in percent, the last is 100. */
  ladder: readonly number[]
  /** How long each share is watched, seconds. */
  dwell_secs: number
  /** `automatic`: on to the next share when the time is over and enough has gone well. */
  advance: 'manual' | 'automatic'
  /** Of those that reported, so many in a hundred must have installed it before it goes on by itself. */
  success_percent: number
  /**
   * Of the devices that a share adds, so many must have reported, or all of them, and gone as well as is asked of all, before it goes on by itself.
   * Absent before there was this: what all reported so far is enough.
   */
  step_min_devices?: number
  /** It halts by itself once so many devices have reported and so many in a hundred of them failed, with two decimals. */
  halt: {
    min_devices: number
    failure_percent: number
    /** Absent: failures of every kind count. */
    kinds?: readonly FailureKind[]
  }
  /** A device that told one of these and is below it waits. */
  gates?: { min_battery_mv?: number; external_power?: boolean; min_free_bytes?: number }
}

export type FailureKind = 'download' | 'verify' | 'install' | 'boot' | 'other'

/** A link that dropped is tried again at the next check; what failed on the device waits until somebody asks for it again. */
export const isTransient = (kind: FailureKind | undefined): boolean => kind === 'download'

export interface Rollout extends Plan {
  rollout_id: string
  release_id: string
  version: string
  security_version?: number
  status: 'running' | 'paused' | 'halted'
  percent: number
  /** What it was before, 0 at first: devices between the two came with the present share. */
  from_percent: number
  /** How often those that failed were asked to try again. */
  attempt: number
  started_at: string
  /** Since when the share is what it is, or it was resumed. */
  step_since: string
}

/** Devices by their last report. */
export interface Tally {
  installed: number
  failed: number
  rolled_back: number
  /** Those of the failed and the rolled back that count for a halt: of its kinds. */
  counted: number
  /** Of all of them, those of devices that came with the present share; and of these, the installed. */
  fresh: number
  fresh_installed: number
}

/** The devices that the present share holds, as far as they could report of it. */
export interface Share {
  isEmpty: () => boolean
  /** Those that came with it, counted no further than that. */
  newcomers: (atMost: number) => number
}

/**
 * Where of the whole fleet, in percent with a fraction, a device stands in a rollout: 0 ≤ bucket < 100, the same at every check, so that raising the
 * share only adds devices; other devices come first in another rollout.
 */
export function bucketOf(rollout_id: string, device_id: string): number {
  // FNV-1a, its bits mixed at the end as MurmurHash3 does: neighbouring ids are far apart.
  let hash = 0x811c9dc5
  const text = `${rollout_id}/${device_id}`
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  hash ^= hash >>> 16
  return ((hash >>> 0) / 2 ** 32) * 100
}

/** Whether a device came with the present share. */
export const isFresh = (
  { rollout_id, percent, from_percent }: Pick<Rollout, 'rollout_id' | 'percent' | 'from_percent'>,
  device_id: string,
): boolean => reaches({ rollout_id, percent }, device_id) && !reaches({ rollout_id, percent: from_percent }, device_id)

/** Whether the rollout has come to this device: those it came to stay in when it is paused, but are told nothing. */
export const reaches = ({ rollout_id, percent }: Pick<Rollout, 'rollout_id' | 'percent'>, device_id: string): boolean =>
  percent >= 100 || bucketOf(rollout_id, device_id) < percent

export const reported = ({ installed, failed, rolled_back }: Tally): number => installed + failed + rolled_back

/** In percent with two decimals, as the limit is given. */
export const failureShare = (tally: Tally): number =>
  Math.round((tally.counted / Math.max(reported(tally), 1)) * 10_000) / 100

/** What the reports so far ask for at a time (ms since 1970): decided again, it says the same. */
export function verdict(
  rollout: Rollout,
  tally: Tally,
  nowMs: number,
  share: Share,
): 'halt' | 'advance' | 'complete' | 'wait' {
  if (rollout.status !== 'running') return 'wait'
  const { halt, dwell_secs, step_since, advance, percent } = rollout
  const heard = reported(tally)
  if (heard >= halt.min_devices && heard > 0 && failureShare(tally) >= halt.failure_percent) return 'halt'
  if (advance === 'manual' || nowMs < Date.parse(step_since) + dwell_secs * 1000) return 'wait'
  if (!isGoingWell(rollout, tally, share)) return 'wait'
  return percent < 100 ? 'advance' : 'complete'
}

function isGoingWell({ success_percent, step_min_devices }: Rollout, tally: Tally, share: Share): boolean {
  const isEnough = (installed: number, of: number) => of === 0 || (installed / of) * 100 >= success_percent
  const heard = reported(tally)
  if (heard === 0 ? !share.isEmpty() : !isEnough(tally.installed, heard)) return false
  if (step_min_devices === undefined) return true
  if (tally.fresh < step_min_devices && tally.fresh < share.newcomers(step_min_devices)) return false
  return isEnough(tally.fresh_installed, tally.fresh)
}

/** The next share of the ladder; undefined after the last. */
export const nextPercent = ({ ladder, percent }: Pick<Rollout, 'ladder' | 'percent'>): number | undefined =>
  ladder.find((step) => step > percent)
