import type { Event } from '../domain/firmwareChannel.ts'
import type { Plan } from '../domain/firmwareRollout.ts'
import type { Handler, Projection } from './engine/projection.ts'

export interface FirmwareRolloutRow extends Pick<
  Plan,
  'ladder' | 'dwell_secs' | 'advance' | 'success_percent' | 'halt'
> {
  id: string
  device_model: string
  facility_id: string | null
  release_id: string
  version: string
  previous_release_id: string | null
  status: 'running' | 'paused' | 'halted' | 'completed' | 'rolled_back' | 'deactivated' | 'withdrawn'
  /** Why it was paused, halted or ended. */
  reason: string | null
  percent: number
  gates: Plan['gates'] | null
  step_min_devices: number | null
  attempt: number
  started_at: string
  step_since: string
  ended_at: string | null
}

type Named = Extract<Event, { data: { rollout_id?: string } }>

/** What an event of a channel does to the rollout that it names, if it names one. */
const ofRollout = <Type extends Named['type']>(
  change: (data: Extract<Named, { type: Type }>['data'], row: FirmwareRolloutRow) => Partial<FirmwareRolloutRow>,
): Handler<FirmwareRolloutRow, Type> => ({
  rows: ({ data }) => [(data as Named['data']).rollout_id],
  fold: (row, { data }) => row && { ...row, ...change(data as never, row) },
})

export const firmwareRollouts: Projection<FirmwareRolloutRow> = {
  name: 'firmware_rollouts',
  version: 2,
  indexes: ['facility_id, started_at, id', 'started_at, id', 'release_id'],
  on: {
    FirmwareRolloutStarted: {
      rows: ({ data }) => [data.rollout_id],
      fold: (_, { data: { rollout_id, security_version: _s, ...data } }) => ({
        facility_id: null,
        previous_release_id: null,
        gates: null,
        step_min_devices: null,
        ...data,
        id: rollout_id,
        status: 'running',
        reason: null,
        attempt: 0,
        step_since: data.started_at,
        ended_at: null,
      }),
    },
    FirmwareRolloutAdvanced: ofRollout(({ percent, advanced_at }) => ({ percent, step_since: advanced_at })),
    FirmwareRolloutPaused: ofRollout(({ reason = null }) => ({ status: 'paused', reason })),
    FirmwareRolloutHalted: ofRollout(({ reason }) => ({ status: 'halted', reason })),
    FirmwareRolloutResumed: ofRollout(({ resumed_at }) => ({
      status: 'running',
      reason: null,
      step_since: resumed_at,
    })),
    FirmwareRolloutRetried: ofRollout(({ attempt }) => ({ attempt })),
    FirmwareRolloutCompleted: ofRollout(({ completed_at }) => ({ status: 'completed', ended_at: completed_at })),
    FirmwareRolledBack: ofRollout(({ reason, rolled_back_at }) => ({
      status: 'rolled_back',
      reason,
      ended_at: rolled_back_at,
    })),
    FirmwareDeactivated: ofRollout(({ reason = null, deactivated_at }) => ({
      status: 'deactivated',
      reason,
      ended_at: deactivated_at,
    })),
    FirmwareReleaseBarred: ofRollout(({ reason, barred_at }) => ({ status: 'withdrawn', reason, ended_at: barred_at })),
  },
}
