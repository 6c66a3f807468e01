import { Readable } from 'node:stream'
import { expect } from 'chai'
import { PNG } from 'pngjs'
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

  for (const what of ['stream?format=webm', 'stream?format=mp4', 'download'])
    describe(`of ${what}`, () => {
      let all: Buffer
      let etag: string
      const get = (headers?: Record<string, string>) => facility.user.api.get(`${path}/${what}`, headers)
      before(async () => {
        const answer = await get()
        all = answer.bytes
        etag = answer.headers.get('ETag')!
      })

      it('gives only the headers to HEAD, whole or in part', async () => {
        const whole = await facility.user.api.head(`${path}/${what}`)
        expect([whole.status, whole.bytes.length]).to.deep.equal([200, 0])
        expect(whole.headers.get('Content-Length')).to.equal(String(all.length))
        expect([whole.headers.get('ETag'), whole.headers.get('Accept-Ranges')]).to.deep.equal([etag, 'bytes'])
        const part = await facility.user.api.head(`${path}/${what}`, { Range: 'bytes=5-14' })
        expect([part.status, part.headers.get('Content-Length')]).to.deep.equal([206, '10'])
      })

      it('gives a part that is asked for: from the front, the middle, the end', async () => {
        const last = all.length - 1
        for (const [range, from, to] of [
          ['0-99', 0, 99],
          ['100-199', 100, 199],
          [`${last - 9}-`, last - 9, last],
          ['-50', last - 49, last],
          [`100-${last + 1000}`, 100, last],
        ] as const) {
          const part = await get({ Range: `bytes=${range}` })
          const contentRange = part.headers.get('Content-Range')
          expect([part.status, contentRange], range).to.deep.equal([206, `bytes ${from}-${to}/${all.length}`])
          expect(part.bytes.equals(all.subarray(from, to + 1)), range).to.equal(true)
        }
      })

      it('gives the whole to whom the part no longer fits, and for what is no range', async () => {
        expect((await get({ Range: 'bytes=0-9', 'If-Range': etag })).status).to.equal(206)
        for (const headers of [
          { Range: 'bytes=0-9', 'If-Range': '"other"' },
          { Range: 'bytes=0-9,20-29' },
          { Range: 'seconds=0-9' },
        ]) {
          const answer = await get(headers)
          expect([answer.status, answer.bytes.equals(all)], JSON.stringify(headers)).to.deep.equal([200, true])
        }
      })

      it('says 304 to who has it, and 416 to who asks beyond its end', async () => {
        for (const known of [etag, `W/${etag}`, `"a", ${etag}`, '*']) {
          const answer = await get({ 'If-None-Match': known })
          expect([answer.status, answer.bytes.length], known).to.deep.equal([304, 0])
        }
        expect((await get({ 'If-None-Match': '"other"' })).status).to.equal(200)
        const beyond = await get({ Range: `bytes=${all.length}-` })
        expectProblem(beyond, 416, 'range_not_satisfiable')
        expect(beyond.headers.get('Content-Range')).to.equal(`bytes */${all.length}`)
      })
    })

  it('answers HEAD wherever GET is answered', async () => {
    for (const what of ['', '/history', '/lineage', '/peaks', '/waveform.png']) {
      const { status, bytes } = await facility.user.api.head(path + what)
      expect([status, bytes.length], what).to.deep.equal([200, 0])
    }
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

  it('draws it with fewer pixels, each as high and as low as those it stands for', async () => {
    const { api } = facility.user
    const all = (await api.get(`${path}/peaks`)).body
    for (const zoom of [2, 4, 32]) {
      const { body, headers } = await api.get(`${path}/peaks?zoom=${zoom}`)
      expect(body.samples_per_pixel).to.equal(all.samples_per_pixel * zoom)
      expect([body.length, body.data.length]).to.deep.equal([Math.ceil(all.length / zoom), 2 * body.length])
      for (let i = 0; i < body.length; i++) {
        const part = all.data.slice(2 * i * zoom, 2 * (i + 1) * zoom) as number[]
        expect([body.data[2 * i], body.data[2 * i + 1]]).to.deep.equal([
          Math.min(...part.filter((_, at) => at % 2 === 0)),
          Math.max(...part.filter((_, at) => at % 2 === 1)),
        ])
      }
      const known = { 'If-None-Match': headers.get('ETag')! }
      expect((await api.get(`${path}/peaks?zoom=${zoom}`, known)).status).to.equal(304)
      expect((await api.get(`${path}/peaks`, known)).status).to.equal(200)
    }
    for (const zoom of ['0', '3', '64', 'x', '', '1.0'])
      expectProblem(await api.get(`${path}/peaks?zoom=${zoom}`), 400, 'invalid_request')
  })

  it('draws it as a picture, as large and in the colour that is wanted', async () => {
    const { api } = facility.user
    const picture = await api.get(`${path}/waveform.png?width=90&height=51&colour=ff8000`)
    expect(picture.headers.get('Content-Type')).to.equal('image/png')
    const { width, height, data } = PNG.sync.read(picture.bytes)
    expect([width, height]).to.deep.equal([90, 51])
    const drawn = Array.from({ length: height }, (_, y) =>
      data.subarray((y * width + 45) * 4, (y * width + 45) * 4 + 4),
    )
    const rows = drawn.flatMap((pixel, y) => (pixel[3] === 255 ? [y] : []))
    for (const y of rows) expect([...drawn[y]!]).to.deep.equal([255, 128, 0, 255])
    // An amplitude of 11 of 128 around the middle of 51 rows.
    expect([rows[0], rows.at(-1), rows.length]).to.deep.equal([23, 27, 5])
    const known = { 'If-None-Match': picture.headers.get('ETag')! }
    expect((await api.get(`${path}/waveform.png?width=90&height=51&colour=FF8000`, known)).status).to.equal(304)
    expect((await api.get(`${path}/waveform.png?width=91&height=51&colour=ff8000`, known)).status).to.equal(200)
    for (const query of [
      'width=0',
      'width=2001',
      'height=501',
      'height=1e9',
      'colour=red',
      'colour=%23ff8000',
      'size=1',
    ])
      expectProblem(await api.get(`${path}/waveform.png?${query}`), 400, 'invalid_request')
  })

  it('gives the original under its name, whatever that is', async () => {
    const names = [
      'a"; filename="b.exe',
      'über “näht”.wav',
      '..\\..\\x.wav',
      'a\tb.wav',
      `${'x'.repeat(300)}.wav`,
      '😀.wav',
    ]
    for (const fileName of names) {
      const sent = await facility.sensor.upload(sound('wav', { seconds: 0.2 }), {}, { fileName })
      expect(sent.status, `${fileName}: ${sent.bytes.toString()}`).to.equal(201)
      const name = sent.body.file_name as string
      const answer = await facility.user.api.get(`${sent.headers.get('Location')}/download`, after(sent))
      const disposition = answer.headers.get('Content-Disposition')!
      expect(disposition).to.match(/^attachment; filename="[^"\\\r\n]*"; filename\*=UTF-8''[\w%.~!*'()-]+$/)
      expect(decodeURIComponent(disposition.split("UTF-8''")[1]!), fileName).to.equal(name)
      expect(name, fileName).to.match(/^[^/\\\p{Cc}]{1,255}$/u)
    }
  })

  it('says what was made of it, by whom, and of which event that comes', async () => {
    const { body } = await facility.user.api.get(`${path}/lineage`)
    const { items } = (await facility.user.api.get(`${path}/history`)).body
    const at = (type: string) => items.find((one: { type: string }) => one.type === type).position as string
    expect(body.upload).to.deep.include({ content_type: 'audio/wav', actor: items[0].actor })
    expect(body.upload.event).to.deep.equal({ position: at('UploadReceived'), type: 'UploadReceived', at: items[0].at })
    expect(body.jobs).to.have.length(1)
    const [job] = body.jobs
    expect(job).to.deep.include({ status: 'succeeded', attempts: 1, bitrate: 96_000 })
    expect(job.requested_by.kind).to.equal('system')
    expect(job.because_of.position).to.equal(at('UploadReceived'))
    expect(job.requested.position).to.equal(at('TranscodeRequested'))
    expect(job.finished.position).to.equal(at('TranscodeCompleted'))
    const outputs = job.outputs as { kind: string; format?: string; is_current: boolean }[]
    expect(outputs.map(({ kind, format }) => format ?? kind)).to.deep.equal(['opus-webm', 'aac-mp4', 'peaks'])
    expect(outputs.every(({ is_current }) => is_current)).to.equal(true)
    expect(JSON.stringify(body)).not.to.include('object_key')
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
    for (const what of ['', '/stream', '/download', '/peaks', '/waveform.png', '/history', '/lineage'])
      expectProblem(await other.user.api.get(path + what), 404, 'not_found')
    expectProblem(await other.user.api.post(`${path}/playback-url`), 404, 'not_found')
  })

  it('has a history of the upload and its job together', async () => {
    const { items } = (await facility.user.api.get(`${path}/history`)).body
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal([
      'UploadReceived',
      'TranscodeRequested',
      'TranscodeStarted',
      'UploadProbed',
      'TranscodeRenditionMade',
      'TranscodeCompleted',
    ])
    expect(items[0].actor).to.deep.equal({ kind: 'device', id: facility.device.id, name: 'Mic' })
    expect(items[5].changes).to.deep.include({ field: 'status', before: 'transcoding', after: 'ready' })
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
