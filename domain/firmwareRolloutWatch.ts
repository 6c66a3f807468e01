import type { Report } from './deviceFirmware.ts'
import * as FirmwareChannel from './firmwareChannel.ts'
import { failureShare, type FailureKind, isFresh, reported, type Rollout, type Tally } from './firmwareRollout.ts'

type Told = Pick<Report, 'outcome' | 'kind'>

/** A channel, and what the devices of its open rollout have reported last: by device id, changed in place, as there are many. */
export interface Watch {
  channel: FirmwareChannel.State
  readonly reports: Map<string, Told>
  /** Of the reports. */
  readonly tally: Tally
}

const none = { installed: 0, failed: 0, rolled_back: 0, counted: 0, fresh: 0, fresh_installed: 0 }

export const watch = (): Watch => ({ channel: FirmwareChannel.initial, reports: new Map(), tally: { ...none } })

/**
 * Takes in an event of the channel. Whoever asks for another attempt, or resumes what was halted, has seen who failed: only what fails from then on
 * counts.
 */
export function afterStep(watched: Watch, event: FirmwareChannel.Event): void {
  const { channel, reports, tally } = watched
  watched.channel = FirmwareChannel.evolve(channel, event)
  if (watched.channel.rollout?.rollout_id !== channel.rollout?.rollout_id) {
    reports.clear()
    Object.assign(tally, none)
  }
  const isForgiving =
    event.type === 'FirmwareRolloutRetried' ||
    (event.type === 'FirmwareRolloutResumed' && channel.rollout?.status === 'halted')
  if (isForgiving) {
    for (const [id, { outcome }] of reports) if (outcome !== 'installed') reports.delete(id)
    Object.assign(tally, { ...none, installed: tally.installed })
  }
  if (isForgiving || event.type === 'FirmwareRolloutAdvanced') Object.assign(tally, freshOf(watched))
}

/** Counted only when the share has moved, or reports were forgotten. */
function freshOf({ channel: { rollout }, reports }: Watch): Pick<Tally, 'fresh' | 'fresh_installed'> {
  const fresh = [...reports].filter(([id]) => rollout && isFresh(rollout, id))
  return { fresh: fresh.length, fresh_installed: fresh.filter(([, { outcome }]) => outcome === 'installed').length }
}

/** Takes in a report; false where it is of no open rollout of the channel, or a failure of an attempt that is over. */
export function afterReport(watched: Watch, device_id: string, report: Report): boolean {
  const { rollout } = watched.channel
  if (!rollout || report.rollout_id !== rollout.rollout_id) return false
  if (report.outcome !== 'installed' && report.attempt < rollout.attempt) return false
  const { outcome, kind } = report
  const before = watched.reports.get(device_id)
  const after = { outcome, ...(kind && { kind }) }
  watched.reports.set(device_id, after)
  const fresh = isFresh(rollout, device_id)
  if (before) count(watched.tally, rollout, { ...before, fresh }, -1)
  count(watched.tally, rollout, { ...after, fresh }, 1)
  return true
}

function count(tally: Tally, { halt }: Rollout, told: Told & { fresh: boolean }, by: 1 | -1): void {
  tally[told.outcome] += by
  if (told.fresh) tally.fresh += by
  if (told.fresh && told.outcome === 'installed') tally.fresh_installed += by
  if (told.outcome !== 'installed' && (halt.kinds?.includes(kindOf(told)) ?? true)) tally.counted += by
}

/** A device that went back by itself could not boot, unless it says something else. */
const kindOf = ({ outcome, kind }: Told): FailureKind => kind ?? (outcome === 'rolled_back' ? 'boot' : 'other')

/** Why a rollout is halted, with the figures. */
export const haltReason = ({ halt }: Rollout, tally: Tally): string =>
  `${failureShare(tally).toFixed(2)} % of ${reported(tally)} devices failed; the limit is ${halt.failure_percent}`
