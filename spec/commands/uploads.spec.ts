import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { readForm } from '../../commands/multipart.ts'
import { after, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, onOtherServers, theSystem, unique } from '../system.ts'

describe('uploads', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  const wav = sound('wav')
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  async function objects(): Promise<string[]> {
    const keys: string[] = []
    for await (const key of system.objects.keys('uploads/')) keys.push(key)
    // No listing shows what was sent in parts and never completed.
    return [...keys, ...(onOtherServers ? [] : readdirSync(join(system.dataDir, 's3', '.uploads')))].sort()
  }

  /** Neither an event nor an object more than before; the workers have nothing to do meanwhile. */
  let kept = 0
  async function nothingKept(act: () => Promise<void>) {
    const before = await objects()
    kept = before.length
    expect(await appendedDuring(system.store, act)).to.deep.equal([])
    expect(await objects()).to.deep.equal(before)
  }

  it('are stored whole, hashed and counted, and answered at once', async () => {
    const recorded_at = '2026-11-01T10:00:00.000Z'
    const fields = { recorded_at, metadata: '{"gain": 3}' }
    const answer = await facility.sensor.upload(wav, fields, { fileName: 'C:\\sounds\\Pumpe ä.wav' })
    expect(answer.status).to.equal(201)
    expect(answer.body).to.deep.include({
      facility_id: facility.id,
      device_id: facility.device.id,
      file_name: 'Pumpe ä.wav',
      content_type: 'audio/wav',
      size_bytes: wav.length,
      sha256: createHash('sha256').update(wav).digest('hex'),
      metadata: { gain: 3 },
      recorded_at,
    })
    const download = await facility.user.api.get(`${answer.headers.get('Location')}/download`, after(answer))
    expect(download.bytes.equals(wav)).to.equal(true)
    expect(download.headers.get('Content-Disposition')).to.include("filename*=UTF-8''Pumpe%20%C3%A4.wav")
  })

  for (const [extension, type] of Object.entries({
    flac: 'audio/flac',
    mp3: 'audio/mpeg',
    m4a: 'audio/mp4',
    ogg: 'audio/ogg',
    opus: 'audio/ogg',
    webm: 'audio/webm',
    aiff: 'audio/aiff',
    aac: 'audio/aac',
  }))
    it(`may be ${extension}, told by their first bytes, and become playable`, async () => {
      const answer = await facility.sensor.upload(sound(extension), {}, { fileName: 'recording' })
      expect([answer.status, answer.body?.content_type]).to.deep.equal([201, type])
      await ready(answer.body.id)
    })

  const ready = (id: string) =>
    eventually(async () => {
      const { body } = await system.admin.get(`/api/v1/uploads/${id}`)
      expect(body.status, body.error).to.equal('ready')
      return body
    })

  it('of more than 8 MiB go in parts, and come out the same', async () => {
    const { objects } = system
    const bytes = Buffer.concat([1, 2, 3].map((part) => Buffer.alloc(7 * 1024 * 1024 + 7, part)))
    async function* slowly() {
      for (let at = 0; at < bytes.length; at += 100_003) yield bytes.subarray(at, at + 100_003)
    }
    const key = `specs/${unique('large')}`
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(await objects.put(key, slowly(), 'audio/wav')).to.deep.equal({ size_bytes: bytes.length, sha256 })
    expect(
      createHash('sha256')
        .update(await buffer(await objects.get(key)))
        .digest('hex'),
    ).to.equal(sha256)
  })

  it('that fail once a part of them is stored leave nothing behind', () =>
    nothingKept(async () => {
      async function* failing() {
        for (let sent = 0; sent < 20; sent++) yield Buffer.alloc(1024 * 1024)
        throw new Error('the link broke')
      }
      const put = system.objects.put(`uploads/${unique('broken')}`, failing(), 'audio/wav')
      expect(await put.catch((error: Error) => error.message)).to.equal('the link broke')
    }))

  it('over the limit are cut off early: 413, nothing stored', () =>
    nothingKept(async () => {
      const large = Buffer.concat([wav, Buffer.alloc(3 * 1024 * 1024)])
      expectProblem(await facility.sensor.upload(large), 413, 'payload_too_large')
    }))

  it('that announce more than the limit are refused before their bytes come', () =>
    nothingKept(async () => {
      const { hostname, port } = new URL(system.url)
      const socket = connect(Number(port), hostname)
      const lines = ['POST /api/v1/uploads HTTP/1.1', `Host: ${hostname}`, `X-API-Key: ${facility.key.api_key}`]
      socket.write([...lines, 'Content-Type: multipart/form-data; boundary=b', 'Content-Length: 99000000'].join('\r\n'))
      socket.write('\r\n\r\n')
      expect((await buffer(socket)).toString()).to.match(/^HTTP\/1\.1 413 /)
    }))

  const refused: Record<string, [bytes: Buffer, status: number, code: string]> = {
    'a text file named .wav': [
      Buffer.from('this is no sound, whatever its name says\n'.repeat(200)),
      415,
      'unsupported_media_type',
    ],
    'an image': [Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), 415, 'unsupported_media_type'],
    'a playlist': [Buffer.from('#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n'), 415, 'unsupported_media_type'],
    'an empty file': [Buffer.alloc(0), 400, 'invalid_request'],
  }
  for (const [what, [bytes, status, code]] of Object.entries(refused))
    it(`are refused at the door when they are ${what}`, () =>
      nothingKept(async () => expectProblem(await facility.sensor.upload(bytes), status, code)))

  const fields: Record<string, [fields: Record<string, string>, status: number, code: string]> = {
    'an unknown field': [{ colour: 'red' }, 400, 'invalid_request'],
    'a time that is none': [{ recorded_at: 'yesterday' }, 400, 'invalid_request'],
    'metadata that is no JSON': [{ metadata: '{' }, 400, 'invalid_request'],
    'metadata that Postgres cannot hold': [{ metadata: '{"a": "\\u0000"}' }, 400, 'invalid_request'],
    'metadata with half of a surrogate pair': [{ metadata: '{"a": "\\ud800"}' }, 400, 'invalid_request'],
    'metadata of a thousand levels': [
      { metadata: `{"a": ${'['.repeat(1000)}${']'.repeat(1000)}}` },
      400,
      'invalid_request',
    ],
    'a time before all times': [{ recorded_at: '0000-01-01T00:00:00Z' }, 400, 'invalid_request'],
    'an unknown device': [{ device_id: '0b7c3c3e-0000-4000-8000-000000000000' }, 404, 'not_found'],
    'an unknown facility': [{ facility_id: '0b7c3c3e-0000-4000-8000-000000000000' }, 404, 'not_found'],
  }
  for (const [what, [form, status, code]] of Object.entries(fields))
    it(`with ${what} leave nothing behind`, () =>
      nothingKept(async () => expectProblem(await facility.sensor.upload(wav, form), status, code)))

  it('by a key of one device are for no other, not even in its own facility', async () => {
    const registration = { facility_id: facility.id, name: 'Other', serial: unique('S'), model: 'xs-1' }
    const { body } = await system.admin.post('/api/v1/devices', registration)
    await nothingKept(async () =>
      expectProblem(await facility.sensor.upload(wav, { device_id: body.id }), 404, 'not_found'),
    )
  })

  it('of a person who may only read are forbidden, and of a super_admin need a facility', () =>
    nothingKept(async () => {
      expectProblem(await facility.user.api.upload(wav), 403, 'forbidden')
      expectProblem(await system.admin.upload(wav), 400, 'invalid_request')
      expectProblem(await system.admin.post('/api/v1/uploads', {}), 415, 'unsupported_media_type')
    }))

  /** A form as bytes: its parts in the order given. */
  const part = (name: string, body: string | Buffer, more = '') =>
    Buffer.concat([
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from('\r\n'),
    ])
  const file = (body: Buffer, name = 'file') => part(name, body, '; filename="a.wav"')
  const closing = Buffer.from('--b--\r\n')
  const sendForm = (form: Buffer) =>
    fetch(`${system.url}/api/v1/uploads`, {
      method: 'POST',
      headers: { 'X-API-Key': facility.key.api_key, 'Content-Type': 'multipart/form-data; boundary=b' },
      body: new Uint8Array(form),
    })

  const forms: Record<string, () => Buffer> = {
    'two files': () => Buffer.concat([file(wav), file(wav), closing]),
    'a field that is too long behind the file': () =>
      Buffer.concat([file(wav), part('metadata', 'x'.repeat(70_000)), closing]),
    'a field given twice behind the file': () => Buffer.concat([file(wav), part('a', '1'), part('a', '2'), closing]),
    'an unknown field behind the file': () => Buffer.concat([file(wav), part('colour', 'red'), closing]),
    'the file in another field': () => Buffer.concat([file(wav, 'sound'), closing]),
    'no file': () => Buffer.concat([part('metadata', '{}'), closing]),
    'no end': () => Buffer.concat([file(wav), part('metadata', '{}')]),
    'fifty fields': () =>
      Buffer.concat([...Array.from({ length: 50 }, (_, i) => part(`f${i}`, 'x')), file(wav), closing]),
  }
  for (const [what, form] of Object.entries(forms))
    it(`in a form with ${what} leave nothing behind`, () =>
      nothingKept(async () => {
        const answer = await sendForm(form())
        expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([
          400,
          'invalid_request',
        ])
      }))

  it('whose fields come behind the file are taken as well', async () => {
    const answer = await sendForm(Buffer.concat([file(wav), part('metadata', '{"gain": 1}'), closing]))
    expect(answer.status).to.equal(201)
    await ready(((await answer.json()) as { id: string }).id)
  })

  it('that are cut behind the file leave nothing behind', () =>
    nothingKept(async () => {
      const { hostname, port } = new URL(system.url)
      const socket = connect(Number(port), hostname)
      const lines = ['POST /api/v1/uploads HTTP/1.1', `Host: ${hostname}`, `X-API-Key: ${facility.key.api_key}`]
      lines.push('Content-Type: multipart/form-data; boundary=b', `Content-Length: ${wav.length + 10_000}`, '', '')
      socket.write(Buffer.concat([Buffer.from(lines.join('\r\n')), file(wav), part('metadata', '{}')]))
      // Cut once the file is stored, so that there is something to take back.
      await eventually(async () => expect((await objects()).length).to.be.greaterThan(kept))
      socket.destroy()
      await eventually(async () => expect((await objects()).length).to.equal(kept))
    }))

  it('that break off half-way leave nothing behind', () =>
    nothingKept(async () => {
      const { hostname, port } = new URL(system.url)
      const socket = connect(Number(port), hostname)
      const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n`
      const lines = ['POST /api/v1/uploads HTTP/1.1', `Host: ${hostname}`, `X-API-Key: ${facility.key.api_key}`]
      lines.push('Content-Type: multipart/form-data; boundary=b', 'Content-Length: 1500000', '', head)
      socket.write(lines.join('\r\n'))
      socket.write(wav.subarray(0, 20_000))
      await new Promise<void>((resolve) =>
        socket
          .on('close', () => resolve())
          .end()
          .resume(),
      )
      expectProblem(await facility.sensor.upload(Buffer.from('a request behind it')), 415, 'unsupported_media_type')
    }))

  it('that break off are given up at once, by whoever takes their bytes too', async () => {
    const ends: Promise<unknown>[] = []
    const server = createServer((request, response) => {
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      const take = ({ bytes }: { bytes: AsyncIterable<Buffer> }) => {
        const taken = drained(bytes)
        ends.push(taken.catch((error: Error) => error))
        return taken
      }
      const form = { fileField: 'file', maxBytes: 1_000_000, signal: gone.signal }
      ends.push(readForm(request, form, take, async () => undefined).catch((error: Error) => error))
    }).listen(0, '127.0.0.1')
    const drained = async (bytes: AsyncIterable<Buffer>) => {
      for await (const _ of bytes) socket.destroy()
    }
    await new Promise((resolve) => server.once('listening', resolve))
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 500000\r\n\r\n' +
        `--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n${'x'.repeat(20_000)}`,
    )
    await eventually(() => expect(ends).to.have.length(2))
    for (const error of await Promise.all(ends))
      expect((error as Error & { code: string }).code).to.equal('invalid_request')
    server.close()
  })

  it('repeated under one Idempotency-Key answer the same and are kept once', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const first = await facility.sensor.upload(wav, {}, key)
    await ready(first.body.id)
    const kept = await objects()
    const second = await facility.sensor.upload(wav, {}, key)
    expect([second.status, second.body]).to.deep.equal([201, first.body])
    expectProblem(await facility.sensor.upload(sound('flac'), {}, key), 409, 'idempotency_clash')
    expect(await objects()).to.deep.equal(kept)
  })

  it('repeated under one Idempotency-Key answer the same whatever has become of the device since, in any order of fields', async () => {
    const { id } = (
      await system.admin.post('/api/v1/devices', {
        facility_id: facility.id,
        name: 'M',
        serial: unique('S'),
        model: 'm',
      })
    ).body
    const key = { 'Idempotency-Key': unique('key') }
    const fields = { device_id: id, recorded_at: '2026-11-01T10:00:00.000Z' }
    const first = await facility.facilityAdmin.api.upload(wav, fields, key)
    await ready(first.body.id)
    await system.admin.post(`/api/v1/devices/${id}/decommission`)
    const swapped = Object.fromEntries(Object.entries(fields).reverse())
    expect((await facility.facilityAdmin.api.upload(wav, swapped, key)).body).to.deep.equal(first.body)
    expectProblem(await facility.facilityAdmin.api.upload(wav, fields), 409, 'device_decommissioned')
  })

  it('that were written while they were recorded, and do not know their length, are played all the same', async () => {
    const live = execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=2', '-f', 'webm', 'pipe:1'])
    const answer = await facility.sensor.upload(live)
    expect((await ready(answer.body.id)).duration_ms).to.be.closeTo(2000, 60)
  })

  it('carry the words of their request through to the last event of their job', async () => {
    const [requestId, traceparent] = [randomUUID(), `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`]
    const answer = await facility.sensor.upload(wav, {}, { 'X-Request-Id': requestId, traceparent })
    await ready(answer.body.id)
    const { items } = (await system.admin.get(`/api/v1/uploads/${answer.body.id}/history`)).body as {
      items: { stream: string }[]
    }
    const streams = [...new Set(items.map(({ stream }) => stream))]
    const events = (await Promise.all(streams.map((stream) => system.store.read(stream)))).flat()
    expect(events).to.have.length(6)
    for (const { metadata, type } of events)
      expect(metadata, type).to.include({ $correlationId: requestId, traceparent, facility_id: facility.id })
    expect(events[0]!.metadata).to.include({ key_id: facility.key.id })
  })

  it('that only look like sound are rejected once they were looked into, with a reason, and their bytes go', async () => {
    const fake = Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(5000, 7)])
    const answer = await facility.sensor.upload(fake)
    expect(answer.status).to.equal(201)
    const { body } = await eventually(async () => {
      const read = await system.admin.get(`/api/v1/uploads/${answer.body.id}`)
      expect(read.body.status).to.equal('rejected')
      return read
    })
    expect(body.error).to.match(/cannot be read as audio\/flac/)
    const [received] = await system.store.read(`upload-${answer.body.id}`)
    await eventually(async () => expect(await objects()).not.to.include(received!.data['object_key']))
    expectProblem(await system.admin.get(`/api/v1/uploads/${answer.body.id}/stream`), 409, 'not_ready')
    expectProblem(await system.admin.get(`/api/v1/uploads/${answer.body.id}/download`), 404, 'not_found')
  })
})
