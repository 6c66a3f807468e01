import { firmwareRollouts } from '../../../projections/firmwareRollouts.ts'
import { firmwareRolloutsV1 } from '../../../projections/retired/firmwareRollouts.v1.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

export const rolloutChannel = `firmwareChannel-${id(20)}`
export const rolloutOf = { device_model: 'xs-1', facility_id: id(1), rollout_id: id(21), release_id: id(22) }
const plan = {
  ladder: [5, 25, 100],
  dwell_secs: 60,
  advance: 'manual',
  success_percent: 95,
  step_min_devices: 3,
  halt: { min_devices: 5, failure_percent: 12.5, kinds: ['boot'] },
}
const gates = { min_battery_mv: 3300 }
const startedRollout: Event = [
  rolloutChannel,
  'FirmwareRolloutStarted',
  {
    ...{ ...rolloutOf, version: '1.3.0', security_version: 2, previous_release_id: id(23), ...plan, gates },
    ...{ percent: 5, started_at: at },
  },
]
export const { rollout_id: rolloutId, ...ofRelease } = rolloutOf
const rolloutRow = {
  ...{ id: rolloutId, ...ofRelease, version: '1.3.0', previous_release_id: id(23), ...plan, gates },
  ...{ status: 'running', reason: null, percent: 5, attempt: 0, started_at: at, step_since: at, ended_at: null },
}
export const { step_min_devices: _, ...rolloutRowV1 } = rolloutRow
const rolloutDoes = (type: string, data: object): Event => [rolloutChannel, type, { ...rolloutOf, ...data }]
const rolloutAdvanced = rolloutDoes('FirmwareRolloutAdvanced', { from_percent: 5, percent: 25, advanced_at: later })
export const rolloutHalted = rolloutDoes('FirmwareRolloutHalted', { reason: 'too many', failed: 3, halted_at: later })
const rolloutResumed = rolloutDoes('FirmwareRolloutResumed', { resumed_at: later })
const advancedRow = { ...rolloutRow, percent: 25, step_since: later }
promise(firmwareRollouts, 'shows a rollout that has begun', [startedRollout], rolloutRow)
promise(
  firmwareRollouts,
  'shows one for every facility, without what it does not have',
  [
    [
      rolloutChannel,
      'FirmwareRolloutStarted',
      {
        ...{ device_model: 'xs-1', rollout_id: rolloutId, release_id: id(22), version: '1.3.0', ...plan },
        ...{ percent: 5, started_at: at },
      },
    ],
  ],
  { ...rolloutRow, facility_id: null, previous_release_id: null, gates: null },
)
export const { step_min_devices: __, ...planBefore } = plan
promise(
  firmwareRollouts,
  'shows that one from before asks for no reports of each share',
  [
    [
      rolloutChannel,
      'FirmwareRolloutStarted',
      {
        ...{ ...rolloutOf, version: '1.3.0', security_version: 2, previous_release_id: id(23), ...planBefore, gates },
        ...{ percent: 5, started_at: at },
      },
    ],
  ],
  { ...rolloutRow, step_min_devices: null },
)
promise(
  firmwareRolloutsV1,
  'of version 1 shows the same without how many of a share must have reported',
  [startedRollout],
  rolloutRowV1,
)
promise(firmwareRollouts, 'shows how far it has come', [startedRollout, rolloutAdvanced], advancedRow)
promise(
  firmwareRollouts,
  'shows that it is paused, and why if somebody said so',
  [startedRollout, rolloutDoes('FirmwareRolloutPaused', { paused_at: later })],
  { ...rolloutRow, status: 'paused' },
)
promise(firmwareRollouts, 'shows why it is halted', [startedRollout, rolloutAdvanced, rolloutHalted], {
  ...advancedRow,
  status: 'halted',
  reason: 'too many',
})
promise(
  firmwareRollouts,
  'shows no reason once it is resumed, and which attempt it is',
  [startedRollout, rolloutHalted, rolloutResumed, rolloutDoes('FirmwareRolloutRetried', { attempt: 1 })],
  { ...rolloutRow, step_since: later, attempt: 1 },
)
promise(
  firmwareRollouts,
  'shows that it is complete',
  [startedRollout, rolloutDoes('FirmwareRolloutCompleted', { version: '1.3.0', completed_at: later })],
  { ...rolloutRow, status: 'completed', ended_at: later },
)
for (const [type, data, row] of [
  ['FirmwareRolledBack', { version: '1.2.0', reason: 'deaf', rolled_back_at: later }, { status: 'rolled_back' }],
  ['FirmwareDeactivated', { reason: 'deaf', deactivated_at: later }, { status: 'deactivated' }],
  ['FirmwareReleaseBarred', { was_active: true, reason: 'deaf', barred_at: later }, { status: 'withdrawn' }],
] as const) {
  promise(
    firmwareRollouts,
    `is over where ${type} names it, and nowhere else`,
    [startedRollout, rolloutDoes(type, data)],
    { ...rolloutRow, ...row, reason: 'deaf', ended_at: later },
  )
  const { rollout_id: _, ...ofNone } = rolloutOf
  promise(
    firmwareRollouts,
    `goes on where ${type} names none`,
    [startedRollout, [rolloutChannel, type, { ...ofNone, ...data }]],
    rolloutRow,
  )
}
