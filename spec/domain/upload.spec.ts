import { expect } from 'chai'
import * as Upload from '../../domain/upload.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Upload)

const at = '2026-11-24T09:00:00.000Z'
const data = {
  facility_id: 'f1',
  file_name: 'night.wav',
  content_type: 'audio/wav',
  object_key: 'uploads/u1/original',
  size_bytes: 1024,
  sha256: 'ab',
  received_at: at,
}
const probe = { container: 'wav', codec: 'pcm_s16le', duration_ms: 1000, sample_rate_hz: 48_000, channels: 2 }
const received: Upload.Event = { type: 'UploadReceived', data }
const probed: Upload.Event = { type: 'UploadProbed', data: { ...probe, probed_at: at } }
const rejected: Upload.Event = { type: 'UploadRejected', data: { reason: 'No sound in it', rejected_at: at } }
const deleted: Upload.Event = { type: 'UploadDeleted', data: { deleted_at: at } }
const purged: Upload.Event = { type: 'UploadPurged', data: { purged_at: at } }
const tagged = (tag_id: string): Upload.Event => ({ type: 'UploadTagged', data: { tag_id, tagged_at: at } })

describe('an upload', () => {
  describe('is received', () => {
    it('once', () => given().when(Upload.receive(data)).then(received))
    it('again, which keeps the first bytes', () =>
      given(received)
        .when(Upload.receive({ ...data, object_key: 'uploads/u1/other' }))
        .then())
    for (const [state, event] of Object.entries({ rejected, deleted, purged }))
      it(`never again once ${state}`, () => given(received, event).when(Upload.receive(data)).then())
  })

  describe('is probed', () => {
    const found = Upload.probed({ ...probe, probed_at: at })
    it('once', () => given(received).when(found).then(probed))
    it('again, which keeps the first reading', () =>
      given(received, probed)
        .when(Upload.probed({ ...probe, channels: 1, probed_at: at }))
        .then())
    for (const [state, event] of Object.entries({ rejected, deleted, purged }))
      it(`not once ${state}, which adds nothing`, () => given(received, event).when(found).then())
    it('only when there is one', () => given().when(found).refused('upload-unknown'))
  })

  describe('is rejected', () => {
    const reject = Upload.reject({ reason: 'No sound in it', rejected_at: at })
    it('once', () => given(received).when(reject).then(rejected))
    it('again, which keeps the first reason', () =>
      given(received, rejected)
        .when(Upload.reject({ reason: 'Another reason', rejected_at: at }))
        .then())
    for (const [state, event] of Object.entries({ probed, deleted, purged }))
      it(`not once ${state}, which adds nothing`, () => given(received, event).when(reject).then())
    it('only when there is one', () => given().when(reject).refused('upload-unknown'))
  })

  it('is what its events say', () => {
    const untagged: Upload.Event = { type: 'UploadUntagged', data: { tag_id: 't1', untagged_at: at } }
    const changed: Upload.Event = { type: 'UploadDetailsChanged', data: { title: 'Night', changed_at: at } }
    expect(stateAfter(received, probed, tagged('t1'), tagged('t2'), untagged, changed, deleted)).to.deep.equal({
      status: 'deleted',
      ...data,
      tags: ['t2'],
      title: 'Night',
    })
    expect(stateAfter(received, rejected)).to.include({ status: 'rejected', reason: 'No sound in it' })
    expect(stateAfter(received, deleted, purged)).to.include({ status: 'purged' })
    expect(stateAfter(probed, rejected, tagged('t1'), changed, deleted)).to.deep.equal({ status: 'unknown' })
  })
})
