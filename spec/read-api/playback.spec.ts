import { Readable } from 'node:stream'
import { expect } from 'chai'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { probed, sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'

describe('playback', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let path: string
  let webm: Buffer
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    const upload = await facility.sensor.upload(sound('wav', { seconds: 3, options: ['-ac', '2'] }))
    path = upload.headers.get('Location')!
    expectProblem(await facility.user.api.get(`${path}/stream?format=ogg`, after(upload)), 400, 'invalid_request')
    await eventually(async () => expect((await system.admin.get(path)).body.status).to.equal('ready'))
    webm = (await facility.user.api.get(`${path}/stream`)).bytes
  })

  it('gives Opus in WebM and AAC in MP4, as long as the recording', async () => {
    expect(probed(webm)).to.deep.include({ codec: 'opus', container: 'matroska,webm' })
    const mp4 = await facility.user.api.get(`${path}/stream?format=mp4`)
    expect(mp4.headers.get('Content-Type')).to.equal('audio/mp4')
    expect(probed(mp4.bytes).codec).to.equal('aac')
    for (const { seconds } of [probed(webm), probed(mp4.bytes)]) expect(seconds).to.be.closeTo(3, 0.1)
  })

  it('gives a part that is asked for, and the whole to whom the part no longer fits', async () => {
    const { api } = facility.user
    const part = await api.get(`${path}/stream`, { Range: 'bytes=100-199' })
    expect([part.status, part.headers.get('Content-Range')]).to.deep.equal([206, `bytes 100-199/${webm.length}`])
    expect(part.bytes.equals(webm.subarray(100, 200))).to.equal(true)
    const tail = await api.get(`${path}/stream`, { Range: 'bytes=-50' })
    expect(tail.bytes.equals(webm.subarray(-50))).to.equal(true)
    const etag = part.headers.get('ETag')!
    expect((await api.get(`${path}/stream`, { Range: 'bytes=0-9', 'If-Range': etag })).status).to.equal(206)
    expect(
      (await api.get(`${path}/stream`, { Range: 'bytes=0-9', 'If-Range': '"other"' })).bytes.equals(webm),
    ).to.equal(true)
  })

  it('says 304 to who has it, 416 to who asks beyond its end, and only the headers to HEAD', async () => {
    const { api } = facility.user
    const head = await api.head(`${path}/stream`)
    expect([head.status, head.bytes.length, head.headers.get('Content-Length')]).to.deep.equal([
      200,
      0,
      String(webm.length),
    ])
    expect((await api.get(`${path}/stream`, { 'If-None-Match': head.headers.get('ETag')! })).status).to.equal(304)
    const beyond = await api.get(`${path}/stream`, { Range: `bytes=${webm.length}-` })
    expectProblem(beyond, 416, 'range_not_satisfiable')
    expect(beyond.headers.get('Content-Range')).to.equal(`bytes */${webm.length}`)
  })

  it('draws the waveform from peaks that fit the sound', async () => {
    const { body } = await facility.user.api.get(`${path}/peaks`)
    expect(body).to.include({ version: 2, channels: 1, bits: 8, sample_rate: 16_000 })
    expect(body.data).to.have.length(body.length * 2)
    expect((body.length * body.samples_per_pixel) / body.sample_rate).to.be.closeTo(3, 0.1)
    // ffmpeg's sine has an amplitude of one eighth, 3 dB less in each of two channels: 11 of 128.
    expect(Math.max(...body.data)).to.be.within(10, 12)
    expect(Math.min(...body.data)).to.be.within(-12, -10)
  })

  it('says 503 to who asks for peaks that the store has lost, until they are back', async () => {
    const { api } = facility.user
    const { bytes } = await api.get(`${path}/peaks`)
    const id = path.split('/').at(-1)!
    let key = ''
    for await (const found of system.objects.keys(`uploads/${id}/`)) if (found.endsWith('/peaks.json')) key = found
    await system.objects.remove(key)
    const lost = await api.get(`${path}/peaks`)
    await system.objects.put(key, Readable.from([bytes]), 'application/json')
    expectProblem(lost, 503, 'object_missing')
    expect(lost.headers.get('Retry-After')).to.equal('3600')
    expect(lost.bytes.toString()).to.not.include(key)
    expect((await api.get(`${path}/peaks`)).bytes.equals(bytes)).to.equal(true)
  })

  it('is not for another facility', async () => {
    const other = await newFacility(system)
    for (const what of ['', '/stream', '/download', '/peaks', '/history'])
      expectProblem(await other.user.api.get(path + what), 404, 'not_found')
  })

  it('has a history of the upload and its job together', async () => {
    const { items } = (await facility.user.api.get(`${path}/history`)).body
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal([
      'UploadReceived',
      'TranscodeRequested',
      'TranscodeStarted',
      'UploadProbed',
      'TranscodeCompleted',
    ])
    expect(items[0].actor).to.deep.equal({ kind: 'device', id: facility.device.id, name: 'Mic' })
    expect(items[4].changes).to.deep.include({ field: 'status', before: 'transcoding', after: 'ready' })
    expect(JSON.stringify(items)).not.to.include('object_key')
  })
})

describe('a list', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    for (let i = 0; i < 5; i++) {
      const recorded: Record<string, string> = i % 2 ? { recorded_at: `2026-11-0${i}T00:00:00Z` } : {}
      const last = await facility.sensor.upload(sound('wav', { seconds: 1 + (i % 3) / 10 }), recorded)
      await facility.user.api.get('/api/v1/uploads', after(last))
    }
  })

  for (const sort of ['created_at', '-size_bytes', 'size_bytes', '-recorded_at', 'recorded_at'])
    it(`sorted by ${sort} goes on by cursor through every row once, those without a value too`, async () => {
      const all = (await facility.user.api.get(`/api/v1/uploads?sort=${sort}`)).body.items as { id: string }[]
      const seen: string[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body } = await facility.user.api.get(
          `/api/v1/uploads?sort=${sort}&per_page=2${cursor && `&cursor=${cursor}`}`,
        )
        seen.push(...body.items.map(({ id }: { id: string }) => id))
        cursor = body.next_cursor as string | null
      }
      expect(seen).to.deep.equal(all.map(({ id }) => id))
      expect(new Set(seen).size).to.equal(5)
    })

  it('refuses a cursor whose value is of another kind than the column', async () => {
    const { id } = (await facility.user.api.get('/api/v1/uploads?per_page=1')).body.items[0]
    const cursor = Buffer.from(JSON.stringify(['abc', id])).toString('base64url')
    expectProblem(await facility.user.api.get(`/api/v1/uploads?cursor=${cursor}`), 400, 'invalid_request')
  })
})
