import type { Report } from './deviceFirmware.ts'
import * as FirmwareChannel from './firmwareChannel.ts'
import { failureShare, type FailureKind, reported, type Rollout, type Tally } from './firmwareRollout.ts'

type Told = Pick<Report, 'outcome' | 'kind'>

/** A channel, and what the devices of its open rollout have reported last: by device id, changed in place, as there are many. */
export interface Watch {
  channel: FirmwareChannel.State
  readonly reports: Map<string, Told>
}

export const watch = (): Watch => ({ channel: FirmwareChannel.initial, reports: new Map() })

/**
 * Takes in an event of the channel. Whoever asks for another attempt, or resumes what was halted, has seen who failed: only what fails from then on
 * counts.
 */
export function afterStep(watched: Watch, event: FirmwareChannel.Event): void {
  const { channel, reports } = watched
  watched.channel = FirmwareChannel.evolve(channel, event)
  if (watched.channel.rollout?.rollout_id !== channel.rollout?.rollout_id) reports.clear()
  const isForgiving =
    event.type === 'FirmwareRolloutRetried' ||
    (event.type === 'FirmwareRolloutResumed' && channel.rollout?.status === 'halted')
  if (isForgiving) for (const [id, { outcome }] of reports) if (outcome !== 'installed') reports.delete(id)
}

/** Takes in a report; false where it is of no open rollout of the channel, or a failure of an attempt that is over. */
export function afterReport({ channel: { rollout }, reports }: Watch, device_id: string, report: Report): boolean {
  if (!rollout || report.rollout_id !== rollout.rollout_id) return false
  if (report.outcome !== 'installed' && report.attempt < rollout.attempt) return false
  const { outcome, kind } = report
  reports.set(device_id, { outcome, ...(kind && { kind }) })
  return true
}

/** A device that went back by itself could not boot, unless it says something else. */
const kindOf = ({ outcome, kind }: Told): FailureKind => kind ?? (outcome === 'rolled_back' ? 'boot' : 'other')

export function tallyOf({ halt }: Rollout, reports: Iterable<Told>): Tally {
  const tally = { installed: 0, failed: 0, rolled_back: 0, counted: 0 }
  for (const report of reports) {
    tally[report.outcome]++
    if (report.outcome !== 'installed' && (halt.kinds?.includes(kindOf(report)) ?? true)) tally.counted++
  }
  return tally
}

/** Why a rollout is halted, with the figures. */
export const haltReason = ({ halt }: Rollout, tally: Tally): string =>
  `${failureShare(tally).toFixed(2)} % of ${reported(tally)} devices failed; the limit is ${halt.failure_percent}`
