import { expect } from 'chai'
import { settings } from '../../commands/settings.ts'
import { splitStream } from '../../domain/decider.ts'
import * as shapes from '../../ops/platform/shapes/settings.ts'
import { apiOf, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { served } from '../served.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('settings', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })
  const ofSystem = (key = '') => `/api/v1/system/settings${key && `/${key}`}`
  const ofFacility = (key = '', id = facility.id) => `/api/v1/facilities/${id}/settings${key && `/${key}`}`
  const bitrate = 'transcode_bitrate'
  afterEach(async () => {
    for (const key of shapes.SettingKey.options) await system.admin.put(ofSystem(key), { value: null })
  })

  const nothingAppended = async (act: () => Promise<void>) =>
    expect(await appendedDuring(system.store, act)).to.deep.equal([])

  it('hold by default, then as the installation says, then as the facility says', async () => {
    const effective = async () => {
      const { value, source, set_here } = (await facility.facilityAdmin.api.get(ofFacility(bitrate))).body
      return [value, source, set_here]
    }
    expect(await effective()).to.deep.equal([96_000, 'default', null])
    const set = await system.admin.put(ofSystem(bitrate), { value: 128_000 })
    expect(set.body).to.deep.equal({ key: bitrate, value: 128_000, source: 'system', set_here: 128_000 })
    expect(set.headers.get('Event-Position')).to.equal(String(await system.store.head()))
    expect(await effective()).to.deep.equal([128_000, 'system', null])
    const own = await facility.facilityAdmin.api.put(ofFacility(bitrate), { value: 64_000 })
    expect(own.headers.get('ETag')).to.equal('"0"')
    expect(await effective()).to.deep.equal([64_000, 'facility', 64_000])
    await facility.facilityAdmin.api.put(ofFacility(bitrate), { value: null })
    expect(await effective()).to.deep.equal([128_000, 'system', null])
  })

  it('are listed whole', async () => {
    for (const path of [ofSystem(), ofFacility()]) {
      const { items } = (await system.admin.get(path)).body
      expect(items.map(({ key }: { key: string }) => key)).to.have.members([...shapes.SettingKey.options])
    }
  })

  it('are events that say who changed what, and repeating one adds nothing', async () => {
    const mine = { value: { enabled: true, model: 'silero-vad' } }
    const put = () => system.admin.put(ofFacility('automatic_inference'), mine)
    const first = await put()
    await nothingAppended(async () => {
      expect((await put()).headers.get('ETag')).to.equal(first.headers.get('ETag'))
    })
    const event = (await system.store.read(`settings-${facility.id}`)).at(-1)!
    expect(splitStream(event.stream)).to.deep.equal(['settings', facility.id])
    expect(event.data).to.deep.include({ key: 'automatic_inference', ...mine })
    expect(event.metadata).to.deep.include({ facility_id: facility.id })
    expect(event.metadata['actor'].kind).to.equal('user')
  })

  it('answer a request that is repeated as the first time, whatever was said since', async () => {
    for (const path of [ofSystem(bitrate), ofFacility(bitrate)]) {
      const key = { 'Idempotency-Key': unique('key') }
      const first = await system.admin.put(path, { value: 64_000 }, key)
      await system.admin.put(path, { value: 32_000 })
      const again = await system.admin.put(path, { value: 64_000 }, key)
      expect(again.body).to.deep.equal(first.body)
      for (const header of ['ETag', 'Event-Position'])
        expect(again.headers.get(header), header).to.equal(first.headers.get(header))
      expect((await system.admin.get(path)).body.value).to.equal(32_000)
    }
  })

  it('are changed at the revision that was seen, or not at all', async () => {
    const etag = (await system.admin.put(ofSystem(bitrate), { value: 100_000 })).headers.get('ETag')!
    expect((await system.admin.get(ofSystem(bitrate))).headers.get('ETag')).to.equal(etag)
    await system.admin.put(ofSystem(bitrate), { value: 110_000 }, { 'If-Match': etag })
    const late = await system.admin.put(ofSystem(bitrate), { value: 120_000 }, { 'If-Match': etag })
    expectProblem(late, 412, 'revision_conflict')
  })

  it('take no value that is none', () =>
    nothingAppended(async () => {
      const wrong: [string, unknown][] = [
        ['transcode_formats', []],
        ['transcode_formats', ['mp3']],
        ['transcode_formats', ['aac-mp4', 'aac-mp4']],
        ['transcode_formats', 64_000],
        [bitrate, 7999],
        [bitrate, 512_001],
        [bitrate, 64_000.5],
        [bitrate, '64000'],
        [bitrate, ['aac-mp4']],
        ['automatic_inference', { enabled: true }],
        ['automatic_inference', { enabled: true, model: 'm', x: 1 }],
        ['automatic_inference', { enabled: true, model: 'a\u0000b' }],
        ['automatic_inference', { enabled: true, model: 'm', models: ['n'] }],
        ['automatic_inference', { enabled: true, models: [] }],
        ['automatic_inference', { enabled: true, models: ['m', 'm'] }],
        ['automatic_inference', { enabled: true, models: 'm' }],
        ['automatic_inference', { enabled: true, models: Array.from({ length: 11 }, (_, i) => `m${i}`) }],
        ['recording_retention_days', -1],
        ['recording_retention_days', 1e9],
      ]
      for (const [key, value] of wrong)
        for (const path of [ofSystem(key), ofFacility(key)]) {
          const answer = await system.admin.put(path, { value })
          expectProblem(answer, 400, 'invalid_request')
          expect(answer.body.errors[0].path).to.match(/^body\.value/)
        }
      expectProblem(await system.admin.put(ofSystem(bitrate), {}), 400, 'invalid_request')
      expectProblem(await system.admin.put(ofSystem(bitrate), { value: 64_000, x: 1 }), 400, 'invalid_request')
    }))

  it('that there are not are a 404, and so is a facility that there is not', () =>
    nothingAppended(async () => {
      const nowhere = ofFacility(bitrate, '0b7c3c3e-0000-4000-8000-000000000000')
      for (const path of [ofSystem('colour'), ofSystem('__proto__'), ofFacility('colour'), nowhere]) {
        expectProblem(await system.admin.get(path), 404, 'not_found')
        expectProblem(await system.admin.put(path, { value: 64_000 }), 404, 'not_found')
      }
    }))

  it('are for those who may', async () => {
    const other = await newFacility(system)
    await nothingAppended(async () => {
      const admin = other.facilityAdmin.api
      for (const path of [ofFacility(), ofFacility(bitrate)]) {
        expectProblem(await admin.get(path), 404, 'not_found')
        expectProblem(await facility.user.api.get(path), 403, 'forbidden')
        expectProblem(await facility.sensor.get(path), 403, 'forbidden')
      }
      expectProblem(await admin.put(ofFacility(bitrate), { value: 64_000 }), 404, 'not_found')
      expectProblem(await admin.get(ofSystem(bitrate)), 403, 'forbidden')
      expectProblem(await admin.put(ofSystem(bitrate), { value: 64_000 }), 403, 'forbidden')
      expectProblem(await system.as({}).get(ofSystem()), 401, 'unauthenticated')
    })
  })

  it('that the environment says cannot be set, and say so', async () => {
    const { store } = system
    const now = () => new Date().toISOString()
    const server = await served(settings({ store, now, fixed: { transcode_bitrate: 48_000 } }))
    const api = apiOf(server.url)
    try {
      await nothingAppended(async () => {
        for (const path of [ofSystem(bitrate), ofFacility(bitrate)]) {
          expect((await api.get(path)).body).to.deep.include({ value: 48_000, source: 'environment' })
          expectProblem(await api.put(path, { value: 64_000 }), 409, 'setting_fixed')
        }
      })
      expect((await api.put(ofFacility('recording_retention_days'), { value: 30 })).status).to.equal(200)
    } finally {
      await server.close()
    }
  })
})
