import { expect } from 'chai'
import { expectProblem } from '../api.ts'
import { newFacility, type System, theSystem } from '../system.ts'

describe('stats', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: typeof facility
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
    await system.admin.patch(`/api/v1/facilities/${facility.id}`, { timezone: 'Asia/Seoul' })
    const last = await Promise.all([
      ...[received('2020-03-01T14:59:00Z', 100, 1000), received('2020-03-01T15:01:00Z', 200, 2500)],
      ...[received('2020-03-04T00:00:00Z', 400, 500), received('2020-03-04T00:00:00Z', 800, 500, other.id)],
    ])
    const position = String(last.reduce((one, two) => (one > two ? one : two)))
    await system.admin.get('/api/v1/uploads', { 'Read-After': position })
  })

  /** As if it had come then, with a job that failed. */
  async function received(at: string, size_bytes: number, duration_ms: number, facility_id = facility.id) {
    const [upload, job] = [crypto.randomUUID(), crypto.randomUUID()]
    const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' }, facility_id }
    const event = (type: string, data: object) => ({ id: crypto.randomUUID(), type, data, metadata })
    const file = { file_name: 'a.wav', content_type: 'audio/wav', object_key: `none/${upload}`, sha256: 'ab' }
    const probe = { container: 'wav', codec: 'pcm', duration_ms, sample_rate_hz: 1, channels: 1, probed_at: at }
    const asked = { upload_id: upload, facility_id, formats: ['opus-webm'], bitrate: 96_000, requested_at: at }
    await system.store.append(
      `transcodeJob-${job}`,
      [
        event('TranscodeRequested', asked),
        event('TranscodeFailed', { upload_id: upload, attempt: 1, reason: 'x', failed_at: at }),
      ],
      'no_stream',
    )
    const { position } = await system.store.append(
      `upload-${upload}`,
      [event('UploadReceived', { facility_id, ...file, size_bytes, received_at: at }), event('UploadProbed', probe)],
      'no_stream',
    )
    return position
  }
  const march = 'from=2020-02-28T00:00:00Z&to=2020-03-10T00:00:00Z'
  const ask = (query: string, api = facility.user.api) => api.get(`/api/v1/stats?${query}`)

  it('count what came, by the days of the facility’s time zone', async () => {
    const { body } = await ask(march)
    expect(body).to.include({ bucket: 'day', timezone: 'Asia/Seoul' })
    const told = body.series.map((one: any) => [
      one.start,
      one.uploads,
      one.size_bytes,
      one.sound_secs,
      one.jobs.failed,
    ])
    expect(told).to.deep.equal([
      ['2020-02-29T15:00:00.000Z', 1, 100, 1, 1],
      ['2020-03-01T15:00:00.000Z', 1, 200, 2.5, 1],
      ['2020-03-03T15:00:00.000Z', 1, 400, 0.5, 1],
    ])
    expect(body.totals).to.deep.include({ uploads: 3, size_bytes: 700, sound_secs: 4 })
  })

  it('by the hour, and by the week', async () => {
    const starts = async (bucket: string) =>
      (await ask(`${march}&bucket=${bucket}`)).body.series.map((one: any) => one.start)
    expect(await starts('hour')).to.deep.equal([
      '2020-03-01T14:00:00.000Z',
      '2020-03-01T15:00:00.000Z',
      '2020-03-04T00:00:00.000Z',
    ])
    expect(await starts('week')).to.deep.equal(['2020-02-23T15:00:00.000Z', '2020-03-01T15:00:00.000Z'])
  })

  it('of one’s own facility alone, and of all, or one of them, for a super_admin', async () => {
    expect((await ask(march, other.user.api)).body.totals.size_bytes).to.equal(800)
    expect((await ask(`${march}&facility_id=${facility.id}`, other.user.api)).body.totals.size_bytes).to.equal(0)
    expect((await ask(`${march}&facility_id=${other.id}`, system.admin)).body.totals.size_bytes).to.equal(800)
    const all = (await ask(march, system.admin)).body
    expect([all.timezone, all.totals.size_bytes]).to.deep.equal(['UTC', 1500])
  })

  it('for no longer than can be told, and of no other buckets', async () => {
    for (const query of [
      ...['bucket=minute', 'from=yesterday', 'facility_id=x', 'colour=red'],
      ...['from=2020-01-01T00:00:00Z', 'from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z'],
      'bucket=hour&from=2020-01-01T00:00:00Z&to=2020-03-01T00:00:00Z',
    ])
      expectProblem(await ask(query), 400, 'invalid_request')
  })
})
