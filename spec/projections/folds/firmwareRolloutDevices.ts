import { firmwareRolloutDevices } from '../../../projections/firmwareRolloutDevices.ts'
import { rolloutId, rolloutOf } from './firmwareRollouts.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const reports = (data: object): Event => [
  `deviceFirmware-${id(5)}`,
  'FirmwareInstallReported',
  { ...rolloutOf, version: '1.3.0', attempt: 0, reported_at: at, ...data },
]
const reportedRow = {
  ...{ id: 'b992af3d-cb4c-54b3-804d-bc4cd520833f', rollout_id: rolloutId, device_id: id(5), facility_id: id(1) },
  ...{ outcome: 'installed', kind: null, detail: null, attempt: 0, reported_at: at },
}
promise(firmwareRolloutDevices, 'shows what a device reported', [reports({ outcome: 'installed' })], reportedRow)
promise(
  firmwareRolloutDevices,
  'shows what it reported last, and nothing of before',
  [
    reports({ outcome: 'failed', kind: 'boot', detail: 'E5' }),
    reports({ outcome: 'installed', attempt: 1, reported_at: later }),
  ],
  { ...reportedRow, attempt: 1, reported_at: later },
)
promise(firmwareRolloutDevices, 'shows why it failed', [reports({ outcome: 'failed', kind: 'boot', detail: 'E5' })], {
  ...reportedRow,
  outcome: 'failed',
  kind: 'boot',
  detail: 'E5',
})
promise(firmwareRolloutDevices, 'shows nothing of what is of no rollout', [
  [
    `deviceFirmware-${id(5)}`,
    'FirmwareInstallReported',
    {
      release_id: id(22),
      version: '1.3.0',
      device_model: 'xs-1',
      facility_id: id(1),
      outcome: 'installed',
      attempt: 1,
    },
  ],
])
