import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { firmwareUpload } from '../../commands/firmwareUpload.ts'
import { channelIdOf } from '../../commands/firmwareChannels.ts'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as FirmwareChannel from '../../domain/firmwareChannel.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import { bar } from '../../domain/firmwareActivation.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { Unavailable } from '../../ops/platform/eventStoreErrors.ts'
import { apiOf, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { firmwarePath as path, imageOf, made, newModel, newSigningKey, published, sha256 } from '../firmware.ts'
import { served } from '../served.ts'
import {
  anotherInstance,
  newFacility,
  type System,
  onEmbeddedOnly,
  onOtherServers,
  theSystem,
  unique,
} from '../system.ts'

describe('firmware releases', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
  })
  const mine = (version = '1.0.0', device_model = newModel()) => ({ device_model, version, facility_id: facility.id })

  async function objects(): Promise<string[]> {
    const keys: string[] = []
    for await (const key of system.objects.keys('firmware/')) keys.push(key)
    return [...keys, ...(onOtherServers ? [] : readdirSync(join(system.dataDir, 's3', '.uploads')))].sort()
  }

  /** Neither an event nor an object more than before. */
  async function nothingKept(act: () => Promise<void>) {
    const before = await objects()
    expect(await appendedDuring(system.store, act)).to.deep.equal([])
    expect(await objects()).to.deep.equal(before)
  }

  it('are stored whole, hashed and counted, as drafts', async () => {
    const image = imageOf(3_000_000)
    const fields = { ...mine('2.0.0-rc.1'), notes: 'first\r\nsecond', min_version: '1.2.3', security_version: '4' }
    const answer = await facility.facilityAdmin.api.form(path, image, fields, { fileName: '/build/out/xs.bin' })
    expect(answer.status, answer.bytes.toString()).to.equal(201)
    const { created_at: _, id, ...body } = answer.body
    expect(body).to.deep.equal({
      ...{ ...fields, notes: 'first\nsecond', security_version: 4, status: 'draft', is_active: false },
      ...{ file_name: 'xs.bin', size_bytes: image.length, sha256: sha256(image) },
      ...{ signature: null, key_id: null, withdrawal_reason: null },
    })
    expect(answer.headers.get('Location')).to.equal(`${path}/${id}`)
    expect(answer.headers.get('ETag')).to.equal('"0"')
    const [uploaded] = await system.store.read(`firmwareRelease-${id}`)
    expect(uploaded!.metadata).to.include({ facility_id: facility.id })
    const stored = await buffer(await system.objects.get(uploaded!.data['object_key'] as string))
    expect(stored.equals(image)).to.equal(true)
  })

  it('are for every facility when a super_admin names none, and for one’s own when anybody else names none', async () => {
    const fields = { device_model: newModel(), version: '1.0.0' }
    expect((await made(system.admin.form(path, imageOf(), fields))).facility_id).to.equal(null)
    expect((await made(facility.facilityAdmin.api.form(path, imageOf(), fields))).facility_id).to.equal(facility.id)
  })

  it('have a version of their own in their model and scope, also when many ask at once: another image is refused', async () => {
    const fields = mine()
    const answers = await Promise.all(Array.from({ length: 20 }, () => system.admin.form(path, imageOf(), fields)))
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1)
    for (const answer of answers.filter(({ status }) => status !== 201))
      expectProblem(answer, 409, 'firmware_version_taken')
    await nothingKept(async () =>
      expectProblem(await system.admin.form(path, imageOf(), fields), 409, 'firmware_version_taken'),
    )
    const { facility_id: _, ...everywhere } = fields
    for (const free of [everywhere, { ...fields, facility_id: other.id }, { ...fields, device_model: newModel() }])
      await made(system.admin.form(path, imageOf(), free))
    await made(system.admin.form(path, imageOf(), { ...fields, device_model: fields.device_model.toUpperCase() }))
  })
  it('repeated under one Idempotency-Key answer the same and are kept once; other bytes are a clash', async () => {
    const [key, fields, image] = [{ 'Idempotency-Key': unique('key') }, mine(), imageOf()]
    const first = await system.admin.form(path, image, fields, key)
    await nothingKept(async () => {
      const again = await system.admin.form(path, image, Object.fromEntries(Object.entries(fields).reverse()), key)
      expect([again.status, again.body]).to.deep.equal([201, first.body])
      expectProblem(await system.admin.form(path, imageOf(), fields, key), 409, 'idempotency_clash')
    })
  })

  it('repeated under one Idempotency-Key answer the same whatever has become of the facility since', async () => {
    const closing = await newFacility(system)
    const [key, image] = [{ 'Idempotency-Key': unique('key') }, imageOf()]
    const fields = { ...mine(), facility_id: closing.id }
    const first = await system.admin.form(path, image, fields, key)
    await newSigningKey(system.admin, closing.id)
    await made(system.admin.post(`/api/v1/facilities/${closing.id}/deactivate`), 200)
    await nothingKept(async () => {
      const again = await system.admin.form(path, image, fields, key)
      expect([again.status, again.body]).to.deep.equal([201, first.body])
    })
  })

  const faults: Record<string, Record<string, string>> = {
    'a version of two parts': { version: '1.0' },
    'a version with a v': { version: 'v1.0.0' },
    'a version with a leading zero': { version: '1.02.3' },
    'a version with build metadata': { version: '1.0.0+b7' },
    'a version with a space': { version: '1.0.0 ' },
    'no version at all': { version: '' },
    'a least version that is none': { min_version: 'latest' },
    'a least version that is newer': { min_version: '1.0.1' },
    'a security version below 0': { security_version: '-1' },
    'a security version that is a fraction': { security_version: '1.5' },
    'a security version without end': { security_version: '9'.repeat(40) },
    'a signature without its key': { signature: Buffer.alloc(64).toString('base64') },
    'a key without a signature': { key_id: randomUUID() },
    'a signature that is too short': { signature: Buffer.alloc(63).toString('base64'), key_id: randomUUID() },
    'a signature that is no base64': { signature: '%%%', key_id: randomUUID() },
    'an unknown field': { colour: 'red' },
    'a model with a control character': { device_model: 'a\u0007b' },
    'an empty model': { device_model: ' ' },
    'a facility that is no id': { facility_id: 'here' },
    'notes that Postgres cannot hold': { notes: 'a\0b' },
  }
  for (const [what, fields] of Object.entries(faults))
    it(`with ${what} are refused, and nothing is kept`, () =>
      nothingKept(async () =>
        expectProblem(await system.admin.form(path, imageOf(), { ...mine(), ...fields }), 400, 'invalid_request'),
      ))

  it('are refused without bytes, as JSON, for another facility or an inactive one, or by who may only read', async () => {
    const closed = await newFacility(system)
    await system.admin.post(`/api/v1/facilities/${closed.id}/deactivate`)
    await nothingKept(async () => {
      expectProblem(await system.admin.form(path, Buffer.alloc(0), mine()), 400, 'invalid_request')
      expectProblem(await system.admin.post(path, mine()), 415, 'unsupported_media_type')
      expectProblem(await other.facilityAdmin.api.form(path, imageOf(), mine()), 404, 'not_found')
      expectProblem(
        await system.admin.form(path, imageOf(), { ...mine(), facility_id: randomUUID() }),
        404,
        'not_found',
      )
      const there = { ...mine(), facility_id: closed.id }
      expectProblem(await system.admin.form(path, imageOf(), there), 409, 'facility_inactive')
      expectProblem(await facility.user.api.form(path, imageOf(), mine()), 403, 'forbidden')
      expectProblem(await facility.sensor.form(path, imageOf(), mine()), 403, 'forbidden')
    })
  })

  it('larger than the limit are refused, announced or not, and nothing is kept', async () => {
    const { url, stop } = await anotherInstance(system, { FIRMWARE_MAX_SIZE: 1024 * 1024 })
    try {
      const { admin } = system
      const there = apiOf(url, await credentials())
      await made(there.form(path, imageOf(1024 * 1024), mine()))
      await nothingKept(async () => {
        expectProblem(await there.form(path, imageOf(1024 * 1024 + 1), mine()), 413, 'payload_too_large')
        expectProblem(await there.form(path, imageOf(9 * 1024 * 1024), mine()), 413, 'payload_too_large')
      })
      // Recordings have a limit of their own, which is lower here.
      await made(admin.form(path, imageOf(system.config.UPLOAD_MAX_SIZE + 1), mine()))
    } finally {
      await stop()
    }
  })
  async function credentials(): Promise<Record<string, string>> {
    const { email, password } = facility.facilityAdmin
    const { access_token } = (await system.as({}).post('/api/auth/login', { email, password })).body
    return { Authorization: `Bearer ${access_token}` }
  }

  onEmbeddedOnly('that are cut off on the way leave nothing behind', () =>
    nothingKept(async () => {
      const { Authorization } = await credentials()
      const before = (await objects()).length
      const { hostname, port } = new URL(system.url)
      const part = (name: string, body: string, more = '') =>
        `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${body}`
      const field = ([name, value]: [string, string]) => `${part(name, value)}\r\n`
      const head = (bytes: number) =>
        [`POST ${path} HTTP/1.1`, `Host: ${hostname}`, `Authorization: ${Authorization}`]
          .concat('Content-Type: multipart/form-data; boundary=b', `Content-Length: ${bytes}`, '', '')
          .join('\r\n')
      const form = Object.entries(mine()).map(field).join('') + part('file', 'x'.repeat(17_500_000), '; filename="a"')
      // In the middle of the image, once a part of it is stored; and behind it, before the form ends.
      for (const sent of [form.slice(0, 17_200_000), `${form}\r\n${part('notes', 'x')}`]) {
        const socket = connect(Number(port), hostname)
        socket.write(head(form.length + 10_000) + sent)
        await eventually(async () => expect((await objects()).length).to.be.greaterThan(before))
        socket.destroy()
        await eventually(async () => expect((await objects()).length).to.equal(before))
      }
      // A form without its end is no form.
      const answer = await fetch(system.url + path, {
        method: 'POST',
        headers: { Authorization: Authorization!, 'Content-Type': 'multipart/form-data; boundary=b' },
        body: `${form.slice(0, 5000)}`,
      })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([400, 'invalid_request'])
    }),
  ).timeout(40_000)

  it('that are in the log keep their bytes when the store goes away before that is answered', async () => {
    const { store, objects } = system
    const isAway = { now: true }
    const breaking: EventStore = {
      ...store,
      read: async (stream, part) => {
        if (isAway.now && stream.startsWith('firmwareChannel-')) throw new Unavailable('gone')
        return store.read(stream, part)
      },
    }
    const upload = firmwareUpload({ store: breaking, objects, maxBytes: 10_000, now: () => new Date().toISOString() })
    const { url, close } = await served([upload])
    try {
      const [key, image, fields] = [{ 'Idempotency-Key': unique('key') }, imageOf(), mine()]
      expectProblem(await apiOf(url).form(path, image, fields, key), 503, 'unavailable')
      isAway.now = false
      const again = await apiOf(url).form(path, image, fields, key)
      expect(again.status, again.bytes.toString()).to.equal(201)
      const [uploaded] = await store.read(`firmwareRelease-${again.body.id}`)
      const stored = await buffer(await objects.get(uploaded!.data['object_key'] as string))
      expect(stored.equals(image)).to.equal(true)
    } finally {
      await close()
    }
  })

  it('have notes, which may change as long as nobody else has changed them', async () => {
    const { id } = await made(system.admin.form(path, imageOf(), mine()))
    const change = (notes: string, headers = {}) => system.admin.patch(`${path}/${id}`, { notes }, headers)
    const first = await change('quieter', { 'If-Match': '"0"' })
    expect([first.status, first.body.notes, first.headers.get('ETag')]).to.deep.equal([200, 'quieter', '"1"'])
    expectProblem(await change('louder', { 'If-Match': '"0"' }), 412, 'revision_conflict')
    expect((await change('quieter')).headers.get('ETag'), 'the same again').to.equal('"1"')
    expectProblem(await system.admin.patch(`${path}/${id}`, { version: '9.0.0' }), 400, 'invalid_request')
    expectProblem(await other.facilityAdmin.api.patch(`${path}/${id}`, { notes: 'x' }), 404, 'not_found')
  })

  it('are published once, and never once withdrawn', async () => {
    const { id } = await made(system.admin.form(path, imageOf(), mine()))
    const publish = () => facility.facilityAdmin.api.post(`${path}/${id}/publish`)
    expect((await publish()).body.status).to.equal('published')
    expect((await publish()).headers.get('ETag')).to.equal('"1"')
    await made(system.admin.post(`${path}/${id}/withdraw`, { reason: 'deaf' }), 200)
    expectProblem(await publish(), 409, 'firmware_withdrawn')
  })

  it('for every facility are changed by nobody but a super_admin, and drafts of them seen by nobody else', async () => {
    const { id } = await made(system.admin.form(path, imageOf(), { device_model: newModel(), version: '1.0.0' }))
    const asks = (api: typeof system.admin) => [
      api.patch(`${path}/${id}`, { notes: 'x' }),
      ...['publish', 'activate', 'deactivate'].map((verb) => api.post(`${path}/${id}/${verb}`)),
      api.post(`${path}/${id}/withdraw`, { reason: 'x' }),
    ]
    for (const answer of await Promise.all(asks(facility.facilityAdmin.api))) expectProblem(answer, 404, 'not_found')
    await made(system.admin.post(`${path}/${id}/publish`), 200)
    for (const answer of await Promise.all(asks(facility.facilityAdmin.api))) expectProblem(answer, 403, 'forbidden')
  })

  describe('are withdrawn', () => {
    const withdraw = (id: string, headers = {}) =>
      system.admin.post(`${path}/${id}/withdraw`, { reason: 'deaf' }, headers)

    it('for good, with a reason: the channel has nothing active any more, and their version is never free again', async () => {
      const fields = mine()
      const { id } = await published(system.admin, fields)
      await made(system.admin.post(`${path}/${id}/activate`), 200)
      const answer = await withdraw(id)
      expect(answer.body).to.include({ status: 'withdrawn', is_active: false, withdrawal_reason: 'deaf' })
      const channel = await system.store.read(`firmwareChannel-${channelIdOf(fields)}`)
      expect(channel.at(-1)).to.deep.include({ type: 'FirmwareReleaseBarred' })
      expect(channel.at(-1)!.data).to.include({ release_id: id, was_active: true, reason: 'deaf' })
      expectProblem(await system.admin.post(`${path}/${id}/activate`), 409, 'firmware_not_published')
      const back = { device_model: fields.device_model, facility_id: facility.id, to_release_id: id, reason: 'x' }
      expectProblem(await system.admin.post(`${path}/rollback`, back), 409, 'firmware_not_published')
      expectProblem(await system.admin.form(path, imageOf(), fields), 409, 'firmware_version_taken')
    })

    it('also where that stopped half-way, or was done already', async () => {
      const fields = mine()
      const { id } = await published(system.admin, fields)
      const barring = bar({
        ...withoutVersion(fields),
        release_id: id,
        reason: 'deaf',
        barred_at: new Date().toISOString(),
      })
      await handle(system.store, FirmwareChannel, channelIdOf(fields), barring, systemIntent('spec', id))
      expectProblem(await system.admin.post(`${path}/${id}/activate`), 409, 'firmware_withdrawn')
      const appended = await appendedDuring(system.store, async () => {
        expect((await withdraw(id)).body.status).to.equal('withdrawn')
        expect((await withdraw(id)).body.status).to.equal('withdrawn')
      })
      expect(appended).to.deep.equal([`FirmwareReleaseWithdrawn firmwareRelease-${id}`])
    })
    const withoutVersion = ({ device_model, facility_id }: ReturnType<typeof mine>) => ({ device_model, facility_id })

    it('not when they have changed meanwhile, nor without a reason, nor by another facility: and nothing is barred', async () => {
      const { id } = await published(system.admin, mine())
      const appended = await appendedDuring(system.store, async () => {
        expectProblem(await withdraw(id, { 'If-Match': '"0"' }), 412, 'revision_conflict')
        expectProblem(await system.admin.post(`${path}/${id}/withdraw`), 400, 'invalid_request')
        expectProblem(await other.facilityAdmin.api.post(`${path}/${id}/withdraw`, { reason: 'x' }), 404, 'not_found')
        expectProblem(await withdraw(randomUUID()), 404, 'not_found')
      })
      expect(appended).to.deep.equal([])
      expect((await withdraw(id, { 'If-Match': '"1"' })).status).to.equal(200)
    })

    it('under one Idempotency-Key, once', async () => {
      const { id } = await published(system.admin, mine())
      const key = { 'Idempotency-Key': unique('key'), 'If-Match': '"1"' }
      const first = await withdraw(id, key)
      expect(first.status).to.equal(200)
      const appended = await appendedDuring(system.store, async () => {
        expect((await withdraw(id, key)).body).to.deep.equal(first.body)
      })
      expect(appended).to.deep.equal([])
      const clash = await system.admin.post(`${path}/${id}/withdraw`, { reason: 'another' }, key)
      expectProblem(clash, 409, 'idempotency_clash')
    })
  })

  it('whose version was reserved for an upload that never came are refused to whoever comes too late', async () => {
    const { body: me } = await system.admin.get('/api/auth/me')
    const key = unique('key')
    const id = derivedId('firmwareRelease', derivedId('command', 'user', me.id, 'POST', path, key))
    await handle(
      system.store,
      FirmwareRelease,
      id,
      FirmwareRelease.abandon({ abandoned_at: new Date().toISOString() }),
      systemIntent('spec', id),
    )
    const fields = mine()
    const late = () => system.admin.form(path, imageOf(), fields, { 'Idempotency-Key': key })
    await nothingKept(async () => expectProblem(await late(), 409, 'registration_abandoned'))
    await made(system.admin.form(path, imageOf(), fields))
  })
})
