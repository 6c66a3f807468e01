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
})
