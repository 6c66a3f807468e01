import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as FirmwareRelease from '../../domain/firmwareRelease.ts'
import { expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sha256 } from '../firmware.ts'
import { activate, at, newRelease, newSensor, type Release } from '../firmwareOfDevices.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('an image', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let sensor: Awaited<ReturnType<typeof newSensor>>
  let device_model: string
  let image: Release
  let path: string
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
    device_model = unique('xs')
    sensor = await newSensor(system, facility.id, device_model)
    image = await newRelease(system, { device_model, facility_id: facility.id, bytes: randomBytes(3 << 20) })
    await activate(system, image)
    const told = await eventually(async () => {
      const { body, status } = await sensor.check('1.0.0')
      expect(status).to.equal(200)
      return body as { image_url: string }
    })
    path = told.image_url
  })

  /** All bytes from `from` on, or those that came before the link was cut after so many of them. */
  function download(
    from: number,
    etag: string | undefined,
    cutAfter = Infinity,
  ): Promise<{ got: Buffer; etag: string }> {
    const headers = {
      'X-API-Key': sensor.api_key,
      ...(from > 0 && { Range: `bytes=${from}-`, 'If-Range': etag }),
    }
    return new Promise((resolve, reject) => {
      get(system.url + path, { headers }, (answer: IncomingMessage) => {
        if (answer.statusCode !== (from > 0 ? 206 : 200)) reject(new Error(`answered with ${answer.statusCode}`))
        const chunks: Buffer[] = []
        let size = 0
        const end = () => resolve({ got: Buffer.concat(chunks).subarray(0, cutAfter), etag: answer.headers.etag! })
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size >= cutAfter) answer.destroy()
        })
        answer.on('close', end)
      }).on('error', reject)
    })
  }

  it('is whole after a download that was cut at 20 random points and gone on with each time; none of it is an event', async () => {
    const cuts = Array.from({ length: 20 }, () => randomInt(1, image.size_bytes)).sort((a, b) => a - b)
    const parts: Buffer[] = []
    const found = await appendedDuring(system.store, async () => {
      let [have, etag] = [0, undefined as string | undefined]
      for (const cut of cuts.filter((one, i) => one !== cuts[i - 1])) {
        const part = await download(have, etag, cut - have)
        expect(part.got.length, `cut at ${cut}`).to.equal(cut - have)
        parts.push(part.got)
        ;[have, etag] = [cut, part.etag]
      }
      parts.push((await download(have, etag)).got)
    })
    const got = Buffer.concat(parts)
    expect([got.length, sha256(got)]).to.deep.equal([image.size_bytes, image.sha256])
    expect(found).to.deep.equal([])
  })

  it('is whole for 50 who download it at once', async () => {
    const hashes = await Promise.all(Array.from({ length: 50 }, async () => sha256((await sensor.api.get(path)).bytes)))
    expect(new Set(hashes)).to.deep.equal(new Set([image.sha256]))
  })

  it('has its sha256 as tag: 304 for who has it, its size alone for HEAD', async () => {
    const head = await sensor.api.head(path)
    expect([head.status, head.bytes.length]).to.deep.equal([200, 0])
    expect(Object.fromEntries(head.headers)).to.include({
      etag: `"${image.sha256}"`,
      'content-length': String(image.size_bytes),
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
    })
    const known = await sensor.api.get(path, { 'If-None-Match': `"${image.sha256}"` })
    expect([known.status, known.bytes.length]).to.deep.equal([304, 0])
  })

  it('in one range gives that; beyond its end, nothing; in several, overlapping or not, all of it once', async () => {
    const range = (value: string) => sensor.api.get(path, { Range: `bytes=${value}` })
    const size = image.size_bytes
    for (const [asked, from, to] of [
      ['0-0', 0, 0],
      ['100-199', 100, 199],
      [`${size - 10}-`, size - 10, size - 1],
      ['-10', size - 10, size - 1],
      [`${size - 10}-${size + 1000}`, size - 10, size - 1],
      [`-${size + 1000}`, 0, size - 1],
    ] as const) {
      const part = await range(asked)
      expect([part.status, part.headers.get('Content-Range')], asked).to.deep.equal([
        206,
        `bytes ${from}-${to}/${size}`,
      ])
      expect(part.bytes.equals(image.bytes.subarray(from, to + 1)), asked).to.equal(true)
    }
    for (const asked of [`${size}-`, `${size}-${size + 5}`, '-0', '9-1', '99999999999999999999-']) {
      const beyond = await range(asked)
      expectProblem(beyond, 416, 'range_not_satisfiable')
      expect(beyond.headers.get('Content-Range'), asked).to.equal(`bytes */${size}`)
    }
    for (const asked of ['0-99,50-149', '0-9,20-29', Array.from({ length: 500 }, () => '0-').join(','), 'x-y']) {
      const whole = await range(asked)
      expect([whole.status, whole.bytes.length], asked.slice(0, 20)).to.deep.equal([200, size])
    }
    const other = await sensor.api.get(path, { Range: 'bytes=0-9', 'If-Range': '"other"' })
    expect([other.status, other.bytes.length]).to.deep.equal([200, size])
  })

  it('is kept nearby, and comes from there while the store has lost it', async () => {
    await sensor.api.get(path)
    expect(readdirSync(join(system.dataDir, 'firmware-images'))).to.include(image.sha256)
    await system.objects.remove(image.object_key)
    expect(sha256((await sensor.api.get(path)).bytes)).to.equal(image.sha256)
  })

  it('is for devices of its model and facility alone, once it is published, until it is withdrawn', async () => {
    const other = await newFacility(system)
    const elsewhere = await newSensor(system, other.id, device_model)
    const anotherModel = await newSensor(system, facility.id, unique('ys'))
    for (const { api } of [elsewhere, anotherModel]) expectProblem(await api.get(path), 404, 'not_found')
    const draft = await newRelease(system, { device_model, facility_id: facility.id, version: '3.0.0', draft: true })
    const image_url = (one: Release) => `/api/v1/firmware/${one.id}/image`
    expectProblem(await sensor.api.get(image_url(draft)), 404, 'not_found')
    expectProblem(await sensor.api.get(`/api/v1/firmware/${randomUUID()}/image`), 404, 'not_found')
    expectProblem(await sensor.api.get('/api/v1/firmware/x/image'), 404, 'not_found')
    const global = await newRelease(system, { device_model, version: '4.0.0' })
    for (const { api } of [sensor, elsewhere])
      expect((await api.get(image_url(global))).bytes.equals(global.bytes)).to.equal(true)
    const withdrawn = FirmwareRelease.withdraw({ reason: 'smoke', withdrawn_at: at() })
    await handle(system.store, FirmwareRelease, global.id, withdrawn, systemIntent('spec', global.id, 'withdraw'))
    await eventually(async () => expectProblem(await sensor.api.get(image_url(global)), 404, 'not_found'))
  })

  it('needs a key of a device, with the scope', async () => {
    expectProblem(await system.as({}).get(path), 401, 'unauthenticated')
    for (const api of [facility.sensor, system.admin, facility.user.api])
      expectProblem(await api.get(path), 403, 'forbidden')
    const body = { name: 'all', facility_id: facility.id, scopes: ['firmware'] }
    const { api_key } = (await system.admin.post('/api/v1/api-keys', body)).body
    expectProblem(await system.as({ 'X-API-Key': api_key }).get(path), 403, 'device_key_required')
  })

  it('that is not in the store any more is a 503 that says so, whole and in part, until it is back', async () => {
    const lost = await newRelease(system, { device_model, facility_id: facility.id, version: '3.0.0' })
    const asked = () => sensor.api.get(`/api/v1/firmware/${lost.id}/image`)
    await system.objects.remove(lost.object_key)
    const part = await sensor.api.get(`/api/v1/firmware/${lost.id}/image`, { Range: 'bytes=10-19' })
    for (const answer of [await asked(), part]) {
      expectProblem(answer, 503, 'object_missing')
      expect(answer.headers.get('Retry-After')).to.equal('3600')
      expect(answer.bytes.toString()).to.not.include(lost.object_key)
    }
    await system.objects.put(lost.object_key, Readable.from([lost.bytes]), 'application/octet-stream')
    expect((await asked()).bytes.equals(lost.bytes)).to.equal(true)
  })
})
