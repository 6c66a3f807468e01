import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { ownerOf, reserve } from '../../commands/reserve.ts'
import { claimRecording, recordingName } from '../../commands/sameRecording.ts'
import * as Upload from '../../domain/upload.ts'
import { type Api, apiOf } from '../api.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { anotherInstance, newFacility, type System, theSystem, unique } from '../system.ts'

describe('a recording that is sent again', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  const bytes = sound('flac', { seconds: 0.2 })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  let minute = 0
  /** A time of its own for every spec. */
  const newTime = () => new Date(Date.UTC(2026, 10, 2, 0, minute++)).toISOString()
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  const nameAt = (recorded_at: string) =>
    recordingName({ facility_id: facility.id, device_id: facility.device.id, recorded_at, sha256 })!
  /** What was sent; the workers' own is below that. */
  async function originals(): Promise<string[]> {
    const keys: string[] = []
    for await (const key of system.objects.keys('uploads/')) if (key.split('/').length === 3) keys.push(key)
    return keys
  }
  /** As a device does it: what is away for a moment is asked again. */
  const patiently = (api: Api, fields: Record<string, string>) =>
    eventually(async () => {
      const answer = await api.upload(bytes, fields)
      if (answer.status === 503) throw new Error(answer.body.detail)
      return answer
    })
  const settled = (id: string, status: string) =>
    eventually(async () => expect((await system.admin.get(`/api/v1/uploads/${id}`)).body.status).to.equal(status))

  it('by the same device at the same time is answered with the one that is there, whatever became of it', async () => {
    const recorded_at = newTime()
    const first = await facility.sensor.upload(bytes, { recorded_at })
    expect(first.status).to.equal(201)
    const { id } = first.body
    await settled(id, 'ready')
    const all = await originals()
    const again = async () => {
      const appended = await appendedDuring(system.store, async () => {
        const { status, body, headers } = await facility.sensor.upload(bytes, { recorded_at })
        expect([status, body.id, body.sha256]).to.deep.equal([200, id, sha256])
        expect(headers.get('Location')).to.equal(`/api/v1/uploads/${id}`)
      })
      expect(appended).to.deep.equal([])
      expect(await originals()).to.deep.equal(all)
    }
    await again()
    const removed = Upload.remove({ deleted_at: new Date().toISOString() })
    await handle(system.store, Upload, id, removed, systemIntent('spec', id, 'remove'))
    await again()
    const { body } = await facility.sensor.upload(bytes, { recorded_at })
    expect(body.status).to.equal('deleted')
  })

  it('is another one at another time, of another device, with other bytes, or where nobody says when', async () => {
    const recorded_at = newTime()
    const registration = { facility_id: facility.id, name: 'Other', serial: unique('S'), model: 'xs-1' }
    const { body: device } = await system.admin.post('/api/v1/devices', registration)
    const { api } = facility.facilityAdmin
    const answers = [
      await facility.sensor.upload(bytes, { recorded_at }),
      await facility.sensor.upload(bytes, { recorded_at: newTime() }),
      await facility.sensor.upload(sound('wav', { seconds: 0.2 }), { recorded_at }),
      await facility.sensor.upload(bytes),
      await facility.sensor.upload(bytes),
      await api.upload(bytes, { recorded_at, device_id: device.id }),
      await api.upload(bytes, { recorded_at }),
      await api.upload(bytes, { recorded_at }),
    ]
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 201))
    expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(answers.length)
  })

  it('fifty times at once, to two instances, is one upload, and all are answered with it', async function () {
    this.timeout(60_000)
    const other = await anotherInstance(system)
    try {
      const elsewhere = apiOf(other.url, { 'X-API-Key': facility.key.api_key })
      const recorded_at = newTime()
      const before = await originals()
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => patiently(i % 2 ? elsewhere : facility.sensor, { recorded_at })),
      )
      const told = answers.map(({ status, body }) => (status < 300 ? String(status) : `${status} ${body.code}`)).sort()
      expect(told).to.deep.equal([...Array.from({ length: 49 }, () => '200'), '201'])
      const [id, ...others] = new Set(answers.map(({ body }) => body.id as string))
      expect(others).to.deep.equal([])
      const added = (await originals()).filter((key) => !before.includes(key))
      expect(added.map((key) => key.split('/')[1])).to.deep.equal([id])
    } finally {
      await other.stop()
    }
  })

  it('takes the place of one that was begun and never came, which has lost then', async () => {
    const recorded_at = newTime()
    const owner_id = derivedId('upload', unique('crashed'))
    const at = new Date().toISOString()
    const name = nameAt(recorded_at)
    await reserve(system.store, { kind: 'recording', name, owner_id, at }, systemIntent('spec', owner_id))
    const answer = await facility.sensor.upload(bytes, { recorded_at })
    expect([answer.status, await ownerOf(system.store, 'recording', name)]).to.deep.equal([201, answer.body.id])
    const [closed] = await system.store.read(`upload-${owner_id}`)
    expect(closed!.type).to.equal('UploadAbandoned')
  })

  it('is waited for while it is between its two steps', async () => {
    const recorded_at = newTime()
    const owner_id = derivedId('upload', unique('slow'))
    const at = new Date().toISOString()
    await reserve(
      system.store,
      { kind: 'recording', name: nameAt(recorded_at), owner_id, at },
      systemIntent('spec', owner_id),
    )
    const { id: facility_id, device } = facility
    const data = {
      ...{ facility_id, device_id: device.id, file_name: 'a.flac', content_type: 'audio/flac', recorded_at, sha256 },
      ...{ object_key: `uploads/${owner_id}/a`, size_bytes: bytes.length, received_at: at },
    }
    let looks = 0
    const read: EventStore['read'] = (stream, options) => {
      if (stream === `upload-${owner_id}`) looks++
      return system.store.read(stream, options)
    }
    const claim = { name: nameAt(recorded_at), owner_id: crypto.randomUUID(), at }
    const claimed = claimRecording({ ...system.store, read }, claim, systemIntent('spec', claim.owner_id))
    await eventually(() => expect(looks).to.be.greaterThan(2))
    await handle(system.store, Upload, owner_id, Upload.receive(data), systemIntent('spec', owner_id, 'come'))
    expect((await claimed)!.id).to.equal(owner_id)
    const { status, body } = await facility.sensor.upload(bytes, { recorded_at })
    expect([status, body.id]).to.deep.equal([200, owner_id])
  })

  it('under the key of a request that was given up is answered with whoever has it since', async () => {
    const recorded_at = newTime()
    const key = { 'Idempotency-Key': unique('key') }
    const command = derivedId(
      'command',
      'device',
      facility.device.id,
      'POST',
      '/api/v1/uploads',
      key['Idempotency-Key'],
    )
    const late = derivedId('upload', command)
    const abandoned = Upload.abandon({ abandoned_at: new Date().toISOString() })
    await handle(system.store, Upload, late, abandoned, systemIntent('spec', late))
    const name = nameAt(recorded_at)
    // The one that lost still believes that it holds the recording, until it finds who has it.
    const slow = facility.sensor.upload(bytes, { recorded_at }, key)
    await eventually(async () => expect(await ownerOf(system.store, 'recording', name)).to.equal(late))
    const { status, body } = await facility.sensor.upload(bytes, { recorded_at })
    expect([status, body.id]).to.deep.equal([201, await ownerOf(system.store, 'recording', name)])
    const lost = await slow
    expect([lost.status, lost.body.id]).to.deep.equal([200, body.id])
  })
})
