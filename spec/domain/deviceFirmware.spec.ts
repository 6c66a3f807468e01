import { expect } from 'chai'
import * as DeviceFirmware from '../../domain/deviceFirmware.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(DeviceFirmware)

const at = '2026-11-24T09:00:00.000Z'
const later = '2026-11-24T10:00:00.000Z'
const observed = (version: string, observed_at = at): DeviceFirmware.Event => ({
  type: 'FirmwareVersionObserved',
  data: { version, observed_at },
})
const observe = (version: string) => DeviceFirmware.observe({ version, observed_at: later })

describe('the firmware of a device', () => {
  it('is observed when it is first heard of', () => given().when(observe('1.0.0')).then(observed('1.0.0', later)))
  it('is observed when it has changed, also back', () => {
    given(observed('1.0.0')).when(observe('1.1.0')).then(observed('1.1.0', later))
    given(observed('1.0.0'), observed('1.1.0')).when(observe('1.0.0')).then(observed('1.0.0', later))
  })
  it('is no news while it is the same', () => given(observed('1.0.0')).when(observe('1.0.0')).then())
  it('is the same when every character is', () => {
    const { runs } = DeviceFirmware
    expect(runs(stateAfter(observed('1.0.0')), '1.0.0')).to.equal(true)
    expect(runs(stateAfter(observed('1.0.0')), '1.0.0 ')).to.equal(false)
    expect(runs(stateAfter(), '')).to.equal(false)
  })

  const told = (more: Partial<DeviceFirmware.Report> = {}): DeviceFirmware.Report => ({
    release_id: 'r2',
    version: '2.0.0',
    device_model: 'xs-1',
    facility_id: 'f1',
    outcome: 'failed',
    kind: 'verify',
    attempt: 1,
    reported_at: later,
    ...more,
  })
  const reported = (more: Partial<DeviceFirmware.Report> = {}): DeviceFirmware.Event => ({
    type: 'FirmwareInstallReported',
    data: told(more),
  })

  it('that was installed, runs', () => {
    const installed = { outcome: 'installed' } as const
    const { report } = DeviceFirmware
    given(observed('1.0.0'))
      .when(report(told(installed)))
      .then(reported(installed), observed('2.0.0', later))
    given(observed('2.0.0'))
      .when(report(told(installed)))
      .then(reported(installed))
  })
  it('stays what it was where that failed', () => {
    const { report } = DeviceFirmware
    for (const outcome of ['failed', 'rolled_back'] as const)
      given(observed('1.0.0'))
        .when(report(told({ outcome })))
        .then(reported({ outcome }))
  })
  it('is reported again only of another try, or with another end', () => {
    const { report } = DeviceFirmware
    given(reported())
      .when(report(told({ kind: 'boot', reported_at: at })))
      .then()
    // A link that dropped says nothing of what comes after it; after anything else, it is nothing new.
    given(reported({ kind: 'download' }))
      .when(report(told({ kind: 'boot' })))
      .then(reported({ kind: 'boot' }))
    given(reported({ kind: 'boot' }))
      .when(report(told({ kind: 'download' })))
      .then(reported({ kind: 'download' }))
    for (const more of [
      { attempt: 2 },
      { rollout_id: 'o1' },
      { outcome: 'rolled_back' },
      { release_id: 'r3' },
    ] as const)
      given(reported())
        .when(report(told(more)))
        .then(reported(more))
    expect(stateAfter(reported(), reported({ attempt: 2 })).report).to.deep.equal(told({ attempt: 2 }))
  })

  it('is known by how each of its last tries ended, whatever it said of others since', () => {
    const endsAfter = (...events: DeviceFirmware.Event[]) =>
      stateAfter(...events).ended.map(({ release_id, attempt, outcome, kind = '' }) =>
        [release_id, attempt, outcome, kind].join(' ').trim(),
      )
    const went = reported({ outcome: 'installed', release_id: 'r1' })
    expect(endsAfter(reported(), went)).to.deep.equal(['r1 1 installed verify', 'r2 1 failed verify'])
    expect(endsAfter(reported(), reported({ kind: 'download' }))).to.deep.equal(['r2 1 failed verify'])
    expect(endsAfter(reported(), reported({ attempt: 2 }), reported({ kind: 'boot' }))).to.deep.equal([
      ...['r2 1 failed boot', 'r2 2 failed verify'],
    ])
    const many = Array.from({ length: 20 }, (_, attempt) => reported({ attempt }))
    expect(endsAfter(...many))
      .to.have.length(8)
      .and.to.include('r2 19 failed verify')
  })
})
