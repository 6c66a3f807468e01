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

  describe('is abandoned', () => {
    const abandon = Upload.abandon({ abandoned_at: at })
    const abandoned: Upload.Event = { type: 'UploadAbandoned', data: { abandoned_at: at } }
    it('when it never came, once', () => given().when(abandon).then(abandoned))
    it('not when it came, which adds nothing', () => given(received).when(abandon).then())
    it('for good: who comes too late has lost', () =>
      given(abandoned).when(Upload.receive(data)).refused('registration-abandoned'))
    it('and then there is none', () =>
      given(abandoned)
        .when(Upload.remove({ deleted_at: at }))
        .refused('upload-unknown'))
  })

  describe('has details that change', () => {
    const change = (details: object) => Upload.changeDetails({ ...details, changed_at: at })
    const changed = (details: object): Upload.Event => ({
      type: 'UploadDetailsChanged',
      data: { ...details, changed_at: at },
    })
    const titled = changed({ title: 'Night', metadata: { gain: 3 } })
    it('only those that differ', () =>
      given(received, titled)
        .when(change({ title: 'Night', notes: 'wind', metadata: { gain: 3 } }))
        .then(changed({ notes: 'wind' })))
    it('to nothing, once there was something', () => {
      given(received, titled)
        .when(change({ title: '' }))
        .then(changed({ title: '' }))
      given(received)
        .when(change({ title: '' }))
        .then()
    })
    it('not once it is deleted', () =>
      given(received, deleted)
        .when(change({ title: 'x' }))
        .refused('upload-unknown'))
  })

  describe('has exactly the tags that are set', () => {
    const set = (...tag_ids: string[]) => Upload.setTags({ tag_ids, at })
    const untagged = (tag_id: string): Upload.Event => ({ type: 'UploadUntagged', data: { tag_id, untagged_at: at } })
    it('each once', () =>
      given(received, tagged('t1'), tagged('t2'))
        .when(set('t2', 't3', 't3'))
        .then(untagged('t1'), tagged('t3')))
    it('none', () => given(received, tagged('t1')).when(set()).then(untagged('t1')))
    it('not once it is deleted', () => given(received, deleted).when(set()).refused('upload-unknown'))
  })

  describe('is deleted, restored and purged:', () => {
    const remove = Upload.remove({ deleted_at: at })
    const restore = Upload.restore({ restored_at: at })
    const restored: Upload.Event = { type: 'UploadRestored', data: { restored_at: at } }
    const purge = (deleted_before: string) => Upload.purge({ purged_at: at, deleted_before })
    it('deleted once', () => given(received, probed).when(remove).then(deleted))
    it('deleted when it was rejected', () => given(received, rejected).when(remove).then(deleted))
    it('restored to what it was, once', () => {
      given(received, probed, deleted).when(restore).then(restored)
      expect(stateAfter(received, rejected, deleted, restored)).to.deep.equal({
        ...stateAfter(received, rejected),
        restored_at: at,
      })
    })
    it('restored when it was not deleted, which adds nothing', () => given(received).when(restore).then())
    it('never restored once purged', () => given(received, deleted, purged).when(restore).refused('upload-purged'))
    it('purged when it was deleted long enough', () => given(received, deleted).when(purge(at)).then(purged))
    it('not purged before', () => given(received, deleted).when(purge('2026-11-24T08:59:59.999Z')).then())
    it('not purged when it was restored meanwhile', () => given(received, deleted, restored).when(purge(at)).then())
    describe('when its time has come:', () => {
      const expire = (before: string) => Upload.expire({ reason: 'old', deleted_at: at, before })
      const expired: Upload.Event = { type: 'UploadDeleted', data: { reason: 'old', deleted_at: at } }
      const after = '2026-11-24T09:00:00.001Z'
      it('received before that, once', () => given(received).when(expire(after)).then(expired))
      it('not what came at that very time or later', () => given(received).when(expire(at)).then())
      it('not what was deleted', () => given(received, deleted).when(expire(after)).then())
      it('not what was restored since', () => {
        const lately: Upload.Event = { type: 'UploadRestored', data: { restored_at: after } }
        given(received, deleted, lately).when(expire(after)).then()
        given(received, deleted, restored).when(expire(after)).then(expired)
      })
    })
    for (const [what, decision] of Object.entries({
      remove,
      restore,
      expire: Upload.expire({ deleted_at: at, before: at }),
      purge: purge(at),
    }))
      it(`${what}: only when there is one`, () => given().when(decision).refused('upload-unknown'))
  })

  it('is what its events say', () => {
    const untagged: Upload.Event = { type: 'UploadUntagged', data: { tag_id: 't1', untagged_at: at } }
    const changed: Upload.Event = { type: 'UploadDetailsChanged', data: { title: 'Night', changed_at: at } }
    expect(stateAfter(received, probed, tagged('t1'), tagged('t2'), untagged, changed, deleted)).to.deep.equal({
      status: 'deleted',
      ...data,
      tags: ['t2'],
      title: 'Night',
      was: 'probed',
      deleted_at: at,
    })
    expect(stateAfter(received, rejected)).to.include({ status: 'rejected', reason: 'No sound in it' })
    expect(stateAfter(received, deleted, purged)).to.include({ status: 'purged' })
    expect(stateAfter(probed, rejected, tagged('t1'), changed, deleted)).to.deep.equal({ status: 'unknown' })
  })
})
