import { deviceFirmware } from '../../../projections/deviceFirmware.ts'
import { at, type Event, id, later, promiseIn, type Scenario } from './folding.ts'

export const scenarios: Scenario[] = []
const promise = promiseIn(scenarios)

const firmware = `deviceFirmware-${id(5)}`
const observedFirmware: Event = [firmware, 'FirmwareVersionObserved', { version: '1.9.0', observed_at: at }]
const reportedFirmware: Event = [
  firmware,
  'FirmwareInstallReported',
  {
    ...{ release_id: id(31), version: '1.10.0', device_model: 'XS-2', facility_id: id(1), outcome: 'failed' },
    ...{ kind: 'boot', detail: 'no sound', rollout_id: id(41), attempt: 1, reported_at: later },
  },
]
const unknownFirmware = {
  ...{ version: null, precedence: null, observed_at: null, release_id: null, release_version: null, outcome: null },
  ...{ kind: null, detail: null, rollout_id: null, attempt: null, reported_at: null },
}
const runningFirmware = { version: '1.9.0', precedence: '001100190010~', observed_at: at }
const lastReport = {
  ...{ release_id: id(31), release_version: '1.10.0', outcome: 'failed', kind: 'boot', detail: 'no sound' },
  ...{ rollout_id: id(41), attempt: 1, reported_at: later },
}
promise(deviceFirmware, 'shows what runs', [observedFirmware], { id: id(5), ...unknownFirmware, ...runningFirmware })
promise(deviceFirmware, 'shows what was reported before anything was observed', [reportedFirmware], {
  ...{ id: id(5), ...unknownFirmware, ...lastReport },
})
promise(
  deviceFirmware,
  'shows what runs by now, and the last report alone',
  [
    observedFirmware,
    reportedFirmware,
    [
      firmware,
      'FirmwareInstallReported',
      {
        ...{ release_id: id(32), version: '2.0.0', device_model: 'XS-2', facility_id: id(1), outcome: 'installed' },
        ...{ attempt: 3, reported_at: later },
      },
    ],
    [firmware, 'FirmwareVersionObserved', { version: 'of the factory', observed_at: later }],
  ],
  {
    ...{ id: id(5), ...unknownFirmware, version: 'of the factory', observed_at: later },
    ...{ release_id: id(32), release_version: '2.0.0', outcome: 'installed', attempt: 3, reported_at: later },
  },
)
