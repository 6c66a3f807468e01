import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { expect } from 'chai'
import { lockOf } from '../../commands/resumableFinish.ts'
import { incomingIn } from '../../ops/platform/incoming.ts'
import { expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { anotherInstance, newFacility, type System, theSystem, unique } from '../system.ts'
import { keysBelow, located, type Tus, tus, tusPath } from '../tus.ts'

describe('a resumable upload', () => {
  let system: System
  let other: Awaited<ReturnType<typeof anotherInstance>>
  let facility: Awaited<ReturnType<typeof newFacility>>
  let sensor: Tus
  let elsewhere: Tus
  const bytes = sound('wav', { seconds: 1 })
  const half = bytes.length >> 1
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  let minute = 0
  const newTime = () => new Date(Date.UTC(2026, 10, 3, 0, minute++)).toISOString()
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await anotherInstance(system)
    const key = { 'X-API-Key': facility.key.api_key }
    sensor = tus(system.url, key)
    elsewhere = tus(other.url, key)
  })
  after(() => other.stop())

  const incomingOf = (location: string) => keysBelow(system.objects, `incoming/${location.split('/').at(-1)}/`)
  const eventsOf = (id: string) => system.store.read(`upload-${id}`)

  it('can be discovered', async () => {
    const { status, headers } = await fetch(`${system.url}${tusPath}`, { method: 'OPTIONS' })
    expect(status).to.equal(204)
    expect(headers.get('Tus-Version')).to.equal('1.0.0')
    expect(headers.get('Tus-Extension')).to.equal('creation,expiration,termination')
    expect(headers.get('Tus-Max-Size')).to.equal(String(system.config.UPLOAD_MAX_SIZE))
  })

  it('in two pieces, to two instances, is received as one that came at once', async () => {
    const recorded_at = newTime()
    const fields = { filename: 'Pumpe ä.wav', filetype: 'audio/wav', recorded_at, metadata: '{"gain":3}' }
    const created = await sensor.create(bytes.length, fields)
    const at = located(created)
    expect(Date.parse(created.headers.get('Upload-Expires')!)).to.be.greaterThan(Date.now() + 86_000_000)
    const first = await sensor.patch(at, 0, bytes.subarray(0, half))
    expect([first.status, first.headers.get('Upload-Offset')]).to.deep.equal([204, String(half)])
    const asked = await elsewhere.head(at)
    expect([asked.status, asked.headers.get('Upload-Offset')]).to.deep.equal([200, String(half)])
    expect(asked.headers.get('Upload-Length')).to.equal(String(bytes.length))
    expect(asked.headers.get('Cache-Control')).to.equal('no-store')
    const last = await elsewhere.patch(at, half, bytes.subarray(half))
    const id = last.headers.get('Upload-Id')!
    expect([last.status, last.headers.get('Location')]).to.deep.equal([204, `/api/v1/uploads/${id}`])
    const [received] = await eventsOf(id)
    expect(received!.data).to.deep.include({
      ...{ facility_id: facility.id, device_id: facility.device.id, file_name: 'Pumpe ä.wav', recorded_at, sha256 },
      ...{ size_bytes: bytes.length, content_type: 'audio/wav', metadata: { gain: 3 } },
    })
    expect(received!.metadata['actor']).to.deep.equal({ kind: 'device', id: facility.device.id })
    const told = await sensor.head(at)
    expect([told.headers.get('Upload-Offset'), told.headers.get('Upload-Id')]).to.deep.equal([String(bytes.length), id])
    expect((await facility.sensor.get(at)).body).to.include({ offset: bytes.length, upload_id: id })
    expect(await incomingOf(at)).to.deep.equal([`incoming/${at.split('/').at(-1)}/info.json`])
    const read = { 'Read-After': last.headers.get('Event-Position')! }
    expect((await facility.user.api.get(`/api/v1/uploads/${id}/download`, read)).bytes.equals(bytes)).to.equal(true)
    const same = await facility.sensor.upload(bytes, { recorded_at })
    expect([same.status, same.body.id]).to.deep.equal([200, id])
  })

  it('of a recording that is there becomes that one', async () => {
    const recorded_at = newTime()
    const first = await facility.sensor.upload(bytes, { recorded_at })
    const appended = await appendedDuring(system.store, async () => {
      const at = located(await sensor.create(bytes.length, { recorded_at }))
      const { headers } = await sensor.patch(at, 0, bytes)
      expect(headers.get('Upload-Id')).to.equal(first.body.id)
    })
    expect(appended.filter((name) => name.startsWith('UploadReceived'))).to.deep.equal([])
  })

  it('under one Idempotency-Key is announced once', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const first = located(await sensor.create(bytes.length, {}, key))
    await sensor.patch(first, 0, bytes.subarray(0, half))
    expect(located(await sensor.create(bytes.length, {}, key))).to.equal(first)
    expect((await sensor.head(first)).headers.get('Upload-Offset')).to.equal(String(half))
    expectProblem(await sensor.create(bytes.length + 1, {}, key), 409, 'idempotency_clash')
  })

  it('goes on where its bytes end, and nowhere else', async () => {
    const at = located(await sensor.create(bytes.length))
    await sensor.patch(at, 0, bytes.subarray(0, half))
    for (const offset of [0, half - 1, half + 1, bytes.length])
      expectProblem(await elsewhere.patch(at, offset, Buffer.from('x')), 409, 'offset_conflict')
    expectProblem(await sensor.patch(at, half, Buffer.concat([bytes, bytes])), 413, 'payload_too_large')
    const last = await sensor.patch(at, half, bytes.subarray(half))
    expect((await eventsOf(last.headers.get('Upload-Id')!))[0]!.data['sha256']).to.equal(sha256)
  })

  /** Whether somebody is at work on it. */
  async function isHeld(location: string): Promise<boolean> {
    const { rows } = await system.database.query(
      `select 1 from pg_locks where locktype = 'advisory' and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 20261126)`,
      [lockOf(location.split('/').at(-1)!)],
    )
    return rows.length > 0
  }

  /** A PATCH that stalls half-way: its bytes so far have been sent, and its connection stays open. */
  async function stalled(url: string, path: string, offset: number, sent: Buffer) {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const headers = {
      ...{ Host: hostname, 'X-API-Key': facility.key.api_key, 'Tus-Resumable': '1.0.0' },
      ...{ 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' },
      'Content-Length': String(bytes.length - offset),
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`PATCH ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(sent)
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => undefined).resume()
    return { socket, closed }
  }

  for (const [where, second] of Object.entries({
    'the same instance': () => sensor,
    'another instance': () => elsewhere,
  }))
    it(`has one writer: who comes later, at ${where}, ends the connection of the one before, and loses nothing of it`, async () => {
      const at = located(await sensor.create(bytes.length))
      const { closed } = await stalled(system.url, at, 0, bytes.subarray(0, half))
      await eventually(async () => expect(await isHeld(at)).to.equal(true))
      expect((await second().head(at)).headers.get('Upload-Offset')).to.equal(String(half))
      await closed
      const { headers } = await second().patch(at, half, bytes.subarray(half))
      expect((await eventsOf(headers.get('Upload-Id')!))[0]!.data['sha256']).to.equal(sha256)
    })

  it('keeps what had come when its connection was cut', async () => {
    const at = located(await sensor.create(bytes.length))
    const { socket } = await stalled(system.url, at, 0, bytes.subarray(0, half))
    await eventually(async () => expect(await isHeld(at)).to.equal(true))
    await eventually(() => expect(socket.bytesWritten).to.be.greaterThan(half))
    socket.end()
    await eventually(async () => expect(await incomingOf(at)).to.have.length(2))
    expect((await elsewhere.head(at)).headers.get('Upload-Offset')).to.equal(String(half))
  })

  it('which nobody has seen to when it was complete, since everything died, becomes an upload when it is asked for', async () => {
    const at = located(await sensor.create(bytes.length))
    const id = at.split('/').at(-1)!
    const incoming = incomingIn(system.objects)
    await incoming.putPiece(id, half, bytes.subarray(half))
    await incoming.putPiece(id, 0, bytes.subarray(0, half + 100))
    const before = (await incoming.read(id))!
    const { headers } = await sensor.head(at)
    const upload = headers.get('Upload-Id')!
    expect((await eventsOf(upload))[0]!.data['sha256']).to.equal(sha256)
    // The same once more, as if what became of it had not been noted.
    await incoming.putPiece(id, 0, bytes)
    await system.objects.remove(`incoming/${id}/info.json`)
    await incoming.announce(before.announced)
    const appended = await appendedDuring(system.store, async () => {
      expect((await elsewhere.head(at)).headers.get('Upload-Id')).to.equal(upload)
    })
    expect(appended.filter((name) => name.startsWith('UploadReceived'))).to.deep.equal([])
    expect(await incomingOf(at)).to.have.length(1)
  })

  it('can be ended by who sends it, and leaves nothing behind', async () => {
    const at = located(await sensor.create(bytes.length))
    await sensor.patch(at, 0, bytes.subarray(0, half))
    expect(await incomingOf(at)).to.have.length(2)
    expect((await elsewhere.remove(at)).status).to.equal(204)
    expect(await incomingOf(at)).to.deep.equal([])
    expect((await sensor.head(at)).status).to.equal(404)
    expectProblem(await sensor.patch(at, half, bytes.subarray(half)), 404, 'not_found')
  })

  it('is nobody else’s: not another facility’s, not that of another device', async () => {
    const at = located(await sensor.create(bytes.length))
    const stranger = await newFacility(system)
    const device = await system.admin.post('/api/v1/devices', {
      ...{ facility_id: facility.id, name: 'Other', serial: unique('S'), model: 'xs-1' },
    })
    const key = await system.admin.post('/api/v1/api-keys', {
      ...{ name: 'other', facility_id: facility.id, device_id: device.body.id, scopes: ['upload'] },
    })
    for (const api_key of [stranger.key.api_key, key.body.api_key as string]) {
      const them = tus(system.url, { 'X-API-Key': api_key })
      expect((await them.head(at)).status).to.equal(404)
      expectProblem(await them.patch(at, 0, bytes), 404, 'not_found')
      expectProblem(await them.remove(at), 404, 'not_found')
    }
    expect((await sensor.head(at)).headers.get('Upload-Offset')).to.equal('0')
  })

  it('that is no recording is refused with its first bytes, and leaves nothing behind', async () => {
    const text = Buffer.from('no sound at all\n'.repeat(2000))
    for (const size of [text.length, 100]) {
      const at = located(await sensor.create(size))
      expectProblem(await sensor.patch(at, 0, text.subarray(0, size)), 415, 'unsupported_media_type')
      expect(await incomingOf(at)).to.deep.equal([])
    }
    const at = located(await sensor.create(text.length))
    expectProblem(await sensor.patch(at, 0, text.subarray(0, 5000)), 415, 'unsupported_media_type')
  })

  it('is not announced with what it cannot be', async () => {
    const refused = async (length: number, fields: Record<string, string>, status: number, code: string) =>
      expectProblem(await sensor.create(length, fields), status, code)
    const before = (await keysBelow(system.objects, 'incoming/')).length
    await refused(system.config.UPLOAD_MAX_SIZE + 1, {}, 413, 'payload_too_large')
    await refused(0, {}, 400, 'invalid_request')
    await refused(-1, {}, 400, 'invalid_request')
    await refused(1e300, {}, 400, 'invalid_request')
    await refused(9, { colour: 'red' }, 400, 'invalid_request')
    await refused(9, { recorded_at: 'yesterday' }, 400, 'invalid_request')
    await refused(9, { metadata: '{"a":"\\u0000"}' }, 400, 'invalid_request')
    await refused(9, { constructor: 'x' }, 400, 'invalid_request')
    await refused(9, { ['__proto__x']: 'x' }, 400, 'invalid_request')
    await refused(9, { device_id: crypto.randomUUID() }, 404, 'not_found')
    await refused(9, { facility_id: crypto.randomUUID() }, 404, 'not_found')
    await refused(9, { tags: crypto.randomUUID() }, 404, 'not_found')
    for (const metadata of ['__proto__ eA==', 'a', 'a b c', 'filename !!!', 'a eA==,a eA==', ', ,'])
      expectProblem(await sensor.create(9, {}, { 'Upload-Metadata': metadata }), 400, 'invalid_request')
    expectProblem(await sensor.create(9, {}, { 'Upload-Defer-Length': '1' }), 400, 'invalid_request')
    expectProblem(await sensor.create(9, {}, { 'Tus-Resumable': '0.2.2' }), 412, 'tus_version')
    const reader = tus(system.url, await bearer())
    expectProblem(await reader.create(9), 403, 'forbidden')
    expect((await keysBelow(system.objects, 'incoming/')).length).to.equal(before)
  })

  async function bearer() {
    const { email, password } = facility.user
    const { body } = await system.as({}).post('/api/auth/login', { email, password })
    return { Authorization: `Bearer ${body.access_token}` }
  }

  it('is dropped when its sender is let in no more by the time that it is complete', async () => {
    const { email, password } = facility.facilityAdmin
    const { body } = await system.as({}).post('/api/auth/login', { email, password })
    const person = tus(system.url, { Authorization: `Bearer ${body.access_token}` })
    const at = located(await person.create(bytes.length))
    const { hostname, port } = new URL(system.url)
    const socket = connect(Number(port), hostname)
    let told = ''
    socket.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const lines = [`PATCH ${at} HTTP/1.1`, `Host: ${hostname}`, `Authorization: Bearer ${body.access_token}`]
    lines.push('Tus-Resumable: 1.0.0', 'Upload-Offset: 0', 'Content-Type: application/offset+octet-stream')
    socket.write(`${[...lines, `Content-Length: ${bytes.length}`].join('\r\n')}\r\n\r\n`)
    socket.write(bytes.subarray(0, half))
    await eventually(() => expect(socket.bytesWritten).to.be.greaterThan(half))
    await system.admin.post(`/api/v1/users/${facility.facilityAdmin.id}/end-sessions`)
    await eventually(async () => expect((await person.head(`${tusPath}/x`)).status).to.equal(401))
    const appended = await appendedDuring(system.store, async () => {
      socket.write(bytes.subarray(half))
      await eventually(() => expect(told).to.match(/^HTTP\/1.1 401 /))
    })
    expect(appended.filter((name) => name.startsWith('Upload'))).to.deep.equal([])
    await eventually(async () => expect(await incomingOf(at)).to.deep.equal([]))
    socket.destroy()
  })

  it('expires', async function () {
    this.timeout(60_000)
    const hasty = await anotherInstance(system, { UPLOAD_EXPIRY_SECS: 1 })
    try {
      const at = located(await sensor.create(bytes.length))
      await sensor.patch(at, 0, bytes.subarray(0, half))
      const late = tus(hasty.url, { 'X-API-Key': facility.key.api_key })
      await eventually(async () => expect((await late.head(at)).status).to.equal(410))
      expectProblem(await late.patch(at, half, bytes.subarray(half)), 410, 'upload_expired')
    } finally {
      await hasty.stop()
    }
  })
})
