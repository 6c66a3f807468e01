import { expect } from 'chai'
import { Belonging } from '../../ops/facilities/belonging.ts'

type Line = [stream: string, type: string, data?: object]

/** What is facility `f`'s of these events. */
function itsOf(...events: Line[]) {
  const belonging = new Belonging('f')
  for (const [stream, type, data = {}] of events)
    belonging.add({ stream, type, data: Buffer.from(JSON.stringify(data)) })
  return belonging.its()
}
const at = (facility_id: string) => ({ facility_id })
const reserved = (owner_id: string, kind = 'userEmail') => ({ kind, owner_id })

describe('what belongs to a facility', () => {
  it('is where it is now, with what is aside of it', () => {
    const { has } = itsOf(
      ['user-came', 'UserRegistered', at('g')],
      ['user-came', 'UserMovedToFacility', at('f')],
      ['user-left', 'UserRegistered', at('f')],
      ['user-left', 'UserMovedToFacility', at('g')],
      ['user-rose', 'UserRegistered', at('f')],
      ['user-rose', 'UserRoleChanged', { role: 'super_admin' }],
      ['user-odd', 'UserRegistered', { ...at('f'), role: 'super_admin' }],
      ['user-odd', 'UserMovedToFacility', at('f')],
      ['user-fell', 'UserRegistered', { role: 'super_admin' }],
      ['user-fell', 'UserRoleChanged', { role: 'user' }],
      ['user-fell', 'UserMovedToFacility', at('f')],
      ['device-came', 'DeviceRegistered', { ...at('g'), model: 'm' }],
      ['device-came', 'DeviceMovedToFacility', at('f')],
      ['session-a', 'SessionStarted', { user_id: 'came' }],
      ['session-b', 'SessionStarted', { user_id: 'left' }],
    )
    for (const own of [
      'user-came',
      'user-fell',
      'userKey-came',
      '$$userKey-came',
      'session-a',
      'device-came',
      'deviceFirmware-came',
      'settings-f',
    ])
      expect(has(own), own).to.equal(true)
    for (const other of [
      'user-left',
      'userKey-left',
      '$$userKey-left',
      'user-rose',
      'user-odd',
      'session-b',
      'settings-system',
      'settings-g',
    ])
      expect(has(other), other).to.equal(false)
  })

  it('is what its people and things have reserved last, but not who was the first super_admin', () => {
    const { has } = itsOf(
      ['user-own', 'UserRegistered', at('f')],
      ['user-other', 'UserRegistered', at('g')],
      ['reservation-1', 'NameReserved', reserved('own')],
      ['reservation-2', 'NameReserved', reserved('own')],
      ['reservation-2', 'NameReserved', reserved('other')],
      ['reservation-3', 'NameReserved', reserved('own', 'firstAdmin')],
      ['reservation-4', 'NameReserved', reserved('f', 'facilityCode')],
    )
    expect([1, 2, 3, 4].map((one) => has(`reservation-${one}`))).to.deep.equal([true, false, false, true])
  })

  it('is the firmware for every facility that its devices run, and whose signature counts', () => {
    const { has } = itsOf(
      ['device-own', 'DeviceRegistered', { ...at('f'), model: 'm' }],
      ['firmwareRelease-m', 'FirmwareReleaseUploaded', { object_key: 'firmware/m', device_model: 'm' }],
      ['firmwareRelease-n', 'FirmwareReleaseUploaded', { object_key: 'firmware/n', device_model: 'n' }],
      ['firmwareRelease-g', 'FirmwareReleaseUploaded', { object_key: 'firmware/g', device_model: 'm', ...at('g') }],
      ['firmwareChannel-m', 'FirmwareActivated', { device_model: 'm' }],
    )
    for (const own of [
      'firmwareRelease-m',
      'firmwareChannel-m',
      'firmwareKey-global',
      'firmwareKey-f',
      'nameKey-system',
    ])
      expect(has(own), own).to.equal(true)
    for (const other of ['firmwareRelease-n', 'firmwareRelease-g', 'firmwareKey-g'])
      expect(has(other), other).to.equal(false)
    expect(itsOf().has('firmwareKey-global'), 'where it has no device').to.equal(true)
  })

  it('is a retry of jobs that are all its own', () => {
    const job = (id: string, facility: string): Line => [`transcodeJob-${id}`, 'TranscodeRequested', at(facility)]
    const retry = (id: string, ...job_ids: string[]): Line => [
      `bulkRetry-${id}`,
      'FailedJobsChosen',
      { kind: 'transcodeJob', job_ids },
    ]
    const { has } = itsOf(job('a', 'f'), job('b', 'g'), retry('own', 'a'), retry('mixed', 'a', 'b'))
    expect([has('bulkRetry-own'), has('bulkRetry-mixed')]).to.deep.equal([true, false])
  })

  it('names objects as long as its events keep them', () => {
    const upload = (id: string, facility = 'f'): Line => [
      `upload-${id}`,
      'UploadReceived',
      { ...at(facility), object_key: `uploads/${id}/original` },
    ]
    const { objects } = itsOf(
      upload('a'),
      upload('b'),
      upload('c'),
      upload('d', 'g'),
      ['transcodeJob-a', 'TranscodeRequested', at('f')],
      ['transcodeJob-a', 'TranscodeRenditionMade', { rendition: { object_key: 'uploads/a/j/1/webm' } }],
      [
        'transcodeJob-a',
        'TranscodeCompleted',
        { renditions: [{ object_key: 'uploads/a/j/1/webm' }], peaks: { object_key: 'uploads/a/j/1/peaks' } },
      ],
      ['transcodeJob-b', 'TranscodeRequested', at('f')],
      ['transcodeJob-b', 'TranscodeRenditionMade', { rendition: { object_key: 'uploads/b/j/1/webm' } }],
      ['upload-b', 'UploadPurged'],
      ['upload-c', 'UploadRejected'],
    )
    expect([...objects].sort()).to.deep.equal(['uploads/a/j/1/peaks', 'uploads/a/j/1/webm', 'uploads/a/original'])
  })
})
