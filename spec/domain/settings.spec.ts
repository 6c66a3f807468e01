import { expect } from 'chai'
import * as Settings from '../../domain/settings.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Settings)

const changed_at = '2026-11-24T09:00:00.000Z'
const changed = (data: Omit<Settings.Event['data'], 'changed_at'>): Settings.Event => ({
  type: 'SettingChanged',
  data: { ...data, changed_at },
})
const change = (key: Settings.Key, value?: Settings.Values[Settings.Key]) =>
  Settings.change({ key, ...(value !== undefined && { value }), changed_at })
const narrow = changed({ key: 'transcode_bitrate', value: 64_000 })

describe('a setting', () => {
  it('is set', () => given().when(change('transcode_bitrate', 64_000)).then(narrow))
  it('to what holds by default all the same: it then stays, whatever the default becomes', () =>
    given()
      .when(change('transcode_bitrate', Settings.defaults.transcode_bitrate))
      .then(changed({ key: 'transcode_bitrate', value: 96_000 })))
  it('to what it is, which adds nothing', () => given(narrow).when(change('transcode_bitrate', 64_000)).then())
  it('to the same list or object, which adds nothing', () => {
    given(changed({ key: 'transcode_formats', value: ['aac-mp4'] }))
      .when(change('transcode_formats', ['aac-mp4']))
      .then()
    given(changed({ key: 'automatic_inference', value: { enabled: true, model: 'silero-vad' } }))
      .when(change('automatic_inference', { enabled: true, model: 'silero-vad' }))
      .then()
  })
  it('that names a model, or several, has each of them listen once, where it is on', () => {
    const by = (value: Omit<Settings.Values['automatic_inference'], 'enabled'>, enabled = true) =>
      Settings.listening({ enabled, ...value })
    expect(by({ model: 'silero-vad' })).to.deep.equal(['silero-vad'])
    expect(by({ models: ['silero-vad', 'sound-levels'] })).to.deep.equal(['silero-vad', 'sound-levels'])
    expect(by({ model: 'silero-vad', models: ['sound-levels', 'silero-vad'] })).to.have.length(2)
    expect([by({}), by({ models: ['silero-vad'] }, false)]).to.deep.equal([[], []])
  })
  it('again, which says what it was', () =>
    given(narrow)
      .when(change('transcode_bitrate', 128_000))
      .then(changed({ key: 'transcode_bitrate', value: 128_000, previous: 64_000 })))
  it('to nothing, and what is set further out holds again', () =>
    given(narrow)
      .when(change('transcode_bitrate'))
      .then(changed({ key: 'transcode_bitrate', previous: 64_000 })))
  it('to nothing when nothing was set, which adds nothing', () => given().when(change('transcode_bitrate')).then())
  it('to 0 or false, which is something', () => {
    given()
      .when(change('recording_retention_days', 0))
      .then(changed({ key: 'recording_retention_days', value: 0 }))
    expect(stateAfter(changed({ key: 'recording_retention_days', value: 0 }))).to.deep.equal({
      recording_retention_days: 0,
    })
  })
  it('leaves the others as they are', () => {
    const retained = changed({ key: 'recording_retention_days', value: 30 })
    expect(stateAfter(retained, narrow, changed({ key: 'transcode_bitrate', previous: 64_000 }))).to.deep.equal({
      recording_retention_days: 30,
    })
  })

  describe('is effective', () => {
    const bitrate = (layers: Partial<Settings.Layers>) => {
      const { value, source } = Settings.effective('transcode_bitrate', { environment: {}, system: {}, ...layers })
      return [value, source]
    }
    const environment = { transcode_bitrate: 1 }
    const facility = { transcode_bitrate: 2 }
    const system = { transcode_bitrate: 3 }

    it('as the environment says, before anybody else', () =>
      expect(bitrate({ environment, facility, system })).to.deep.equal([1, 'environment']))
    it('as the facility says', () => expect(bitrate({ facility, system })).to.deep.equal([2, 'facility']))
    it('as the installation says', () =>
      expect(bitrate({ facility: { recording_retention_days: 1 }, system })).to.deep.equal([3, 'system']))
    it('by default where nobody has said anything', () => expect(bitrate({})).to.deep.equal([96_000, 'default']))
    it('for every key there is', () =>
      expect(Settings.keys).to.have.members([
        ...['transcode_formats', 'transcode_bitrate', 'automatic_inference'],
        ...['recording_retention_days', 'recording_purge_days'],
      ]))
  })
})
