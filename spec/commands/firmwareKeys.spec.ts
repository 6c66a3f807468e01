import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { manifestBytes } from '../../commands/firmwareSignature.ts'
import { after, type Api, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import {
  firmwarePath as path,
  imageOf,
  made,
  newModel,
  newSigningKey,
  published,
  signed,
  type SigningKey,
} from '../firmware.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('signed firmware', function () {
  this.timeout(40_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    ;[facility, other] = [await newFacility(system), await newFacility(system)]
  })
  const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const fieldsFor = (facility_id?: string, more = {}) => ({
    ...{ device_model: newModel(), version: '1.0.0', ...more },
    ...(facility_id && { facility_id }),
  })
  const send = (image: Buffer, fields: Record<string, string>, api: Api = system.admin) => api.form(path, image, fields)
  const retire = (key: { id: string }, facility_id?: string, api: Api = system.admin) =>
    api.post(`${path}/keys/${key.id}/retire`, facility_id ? { facility_id } : {})
  async function refused(act: () => Promise<any>, code: string) {
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await act(), 409, code)
    })
    expect(appended).to.deep.equal([])
  }

  it('has a manifest whose bytes are the same everywhere', () => {
    const manifest = { version: '1.0.0', device_model: 'xs-ü', sha256: 'ab', size_bytes: 9 }
    expect(manifestBytes(manifest).toString()).to.equal(
      '{"device_model":"xs-ü","sha256":"ab","size_bytes":9,"version":"1.0.0"}',
    )
    expect(manifestBytes({ ...manifest, security_version: 0, min_version: '0.9.0' }).toString()).to.equal(
      '{"device_model":"xs-ü","min_version":"0.9.0","security_version":0,"sha256":"ab","size_bytes":9,"version":"1.0.0"}',
    )
  })

  describe('where the facility has a key', () => {
    let key: SigningKey
    before(async () => void (key = await newSigningKey(facility.facilityAdmin.api, facility.id)))
    const image = imageOf()
    const more = { min_version: '0.9.0', security_version: '3' }

    it('is taken with its signature', async () => {
      const fields = signed(image, fieldsFor(facility.id, more), key)
      const { signature, key_id } = await made(send(image, fields))
      expect({ signature, key_id }).to.deep.equal({ signature: fields.signature, key_id: key.id })
    })

    it('is refused without one', () => refused(() => send(image, fieldsFor(facility.id)), 'signature_required'))

    const changes: Record<string, object> = {
      'another version': { version: '1.0.1' },
      'another model': { device_model: 'other' },
      'another least version': { min_version: '0.8.0' },
      'another security version': { security_version: '4' },
      'a signature of its own making': { signature: Buffer.alloc(64, 7).toString('base64') },
    }
    for (const [what, change] of Object.entries(changes))
      it(`is refused with ${what} than was signed`, () =>
        refused(
          () => send(image, { ...signed(image, fieldsFor(facility.id, more), key), ...change }),
          'signature_invalid',
        ))

    it('is refused when the image, or what is left out, is not what was signed', async () => {
      await refused(() => send(imageOf(), signed(image, fieldsFor(facility.id), key)), 'signature_invalid')
      const { min_version: _, ...without } = signed(image, fieldsFor(facility.id, more), key) as Record<string, string>
      await refused(() => send(image, without), 'signature_invalid')
    })

    it('is refused when it is signed by a key of another scope, or by one that nobody knows', async () => {
      const [theirs, everyones] = [await newSigningKey(system.admin, other.id), await newSigningKey(system.admin)]
      try {
        for (const foreign of [theirs, everyones, { ...key, id: randomUUID() }])
          await refused(() => send(image, signed(image, fieldsFor(facility.id), foreign)), 'signing_key_unknown')
        // Nor the other way round: what is for all is not signed by one facility.
        await refused(() => send(image, signed(image, fieldsFor(), key)), 'signing_key_unknown')
      } finally {
        await made(retire(everyones), 200)
      }
    })

    it('is signed with the next key, then no longer with the one before', async () => {
      const next = await newSigningKey(facility.facilityAdmin.api)
      await made(send(image, signed(image, fieldsFor(facility.id), key)))
      await made(send(image, signed(image, fieldsFor(facility.id), next)))
      const draft = await made(send(image, signed(image, fieldsFor(facility.id), key)))
      expect((await retire(key, facility.id)).body.status).to.equal('retired')
      await refused(() => send(image, signed(image, fieldsFor(facility.id), key)), 'signing_key_unknown')
      await refused(() => system.admin.post(`${path}/${draft.id}/publish`), 'signing_key_unknown')
      await made(send(image, signed(image, fieldsFor(facility.id), next)))
    })
  })

  it('is not asked for where there is no key, but a signature that nobody can check is refused', async () => {
    const [free, image] = [await newFacility(system), imageOf()]
    const draft = await made(send(image, fieldsFor(free.id)))
    const nobodys = { id: randomUUID(), privateKey: generateKeyPairSync('ed25519').privateKey }
    await refused(() => send(image, signed(image, fieldsFor(free.id), nobodys)), 'signing_key_unknown')
    // A draft from before the first key is not published after it.
    await newSigningKey(free.facilityAdmin.api)
    await refused(() => free.facilityAdmin.api.post(`${path}/${draft.id}/publish`), 'signature_required')
  })

  it('that was published before the first key, or signed with one that is retired, becomes active no more, unless it was', async () => {
    const { id, facilityAdmin } = await newFacility(system)
    const api = facilityAdmin.api
    const device_model = newModel()
    const rollBack = (to_release_id: string) =>
      api.post(`${path}/rollback`, { device_model, to_release_id, reason: 'Deaf' })
    const active = await published(api, fieldsFor(id, { device_model }))
    await made(api.post(`${path}/${active.id}/activate`), 200)
    // What is active already stays, also when it is asked for again.
    const again = () => made(api.post(`${path}/${active.id}/activate`), 200)
    const unsigned = await published(api, fieldsFor(id, { device_model, version: '1.1.0' }))
    const key = await newSigningKey(api)
    const image = imageOf()
    const next = await published(api, signed(image, fieldsFor(id, { device_model, version: '1.2.0' }), key), image)
    const of = async (release: { id: string }, code: string) => {
      await refused(() => api.post(`${path}/${release.id}/activate`), code)
      await refused(() => api.post(`${path}/rollouts`, { release_id: release.id }), code)
      await refused(() => rollBack(release.id), code)
    }
    await of(unsigned, 'signature_required')
    await again()
    const newer = await newSigningKey(api)
    await made(retire(key, id), 200)
    await of(next, 'signing_key_unknown')
    const last = await published(api, signed(image, fieldsFor(id, { device_model, version: '1.3.0' }), newer), image)
    await made(api.post(`${path}/${last.id}/activate`), 200)
    expect((await made(rollBack(active.id), 200)).active_release_id, 'what ran before').to.equal(active.id)
  })

  it('of a facility without keys is signed with those for all', async () => {
    const [key, image, free] = [await newSigningKey(system.admin), imageOf(), await newFacility(system)]
    try {
      await refused(() => send(image, fieldsFor(free.id)), 'signature_required')
      await refused(() => send(image, fieldsFor()), 'signature_required')
      await made(send(image, signed(image, fieldsFor(free.id), key)))
      await made(send(image, signed(image, fieldsFor(), key)))
    } finally {
      await made(retire(key), 200)
    }
    await made(send(image, fieldsFor(free.id)))
  })

  describe('has keys that', () => {
    const add = (body: object, api: Api = system.admin, headers = {}) => api.post(`${path}/keys`, body, headers)

    it('are listed, one’s own and those for all, and nobody else’s', async () => {
      const mine = await add({ public_key: pem(), name: 'build' }, facility.facilityAdmin.api)
      expect(mine.body).to.include({ facility_id: facility.id, name: 'build', status: 'active' })
      const theirs = await made(add({ public_key: pem() }, other.facilityAdmin.api))
      const newest = await add({ public_key: pem() })
      const everyones = newest.body
      await made(retire(everyones), 200)
      const seen = await facility.facilityAdmin.api.get(`${path}/keys?per_page=100`, after(newest))
      const ids = seen.body.items.map(({ id }: { id: string }) => id)
      expect(ids).to.include.members([mine.body.id, everyones.id])
      expect(ids).not.to.include(theirs.id)
      expectProblem(await facility.user.api.get(`${path}/keys`), 403, 'forbidden')
    })

    it('are registered once, also under one Idempotency-Key, and again once retired', async () => {
      const [public_key, headers] = [pem(), { 'Idempotency-Key': unique('key') }]
      const body = { public_key, facility_id: other.id }
      const first = await add(body, system.admin, headers)
      expect((await add(body, system.admin, headers)).body).to.deep.equal(first.body)
      // The same key, however it is written.
      const asWindows = { ...body, public_key: public_key.replaceAll('\n', '\r\n') }
      expectProblem(await add(asWindows), 409, 'firmware_key_exists')
      await made(retire(first.body, other.id), 200)
      await made(retire(first.body, other.id), 200)
      await made(add(body))
    })

    const faults: Record<string, () => string> = {
      'a private key': () =>
        generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'an RSA key': () =>
        generateKeyPairSync('rsa', { modulusLength: 2048 })
          .publicKey.export({ type: 'spki', format: 'pem' })
          .toString(),
      'an X25519 key': () => generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'half of one': () => pem().slice(0, 70),
      'no PEM': () => 'AAAA',
    }
    for (const [what, key] of Object.entries(faults))
      it(`are no such thing as ${what}`, async () => {
        const appended = await appendedDuring(system.store, async () =>
          expectProblem(await add({ public_key: key() }), 400, 'invalid_request'),
        )
        expect(appended).to.deep.equal([])
      })

    it('are changed by nobody of another facility, or who may only read', async () => {
      const key = await made(add({ public_key: pem(), facility_id: other.id }))
      const { api } = facility.facilityAdmin
      const appended = await appendedDuring(system.store, async () => {
        expectProblem(await add({ public_key: pem(), facility_id: other.id }, api), 404, 'not_found')
        expectProblem(await retire(key, other.id, api), 404, 'not_found')
        expectProblem(await retire(key, undefined, api), 404, 'not_found')
        expectProblem(await retire(key), 404, 'not_found')
        expectProblem(await add({ public_key: pem() }, other.user.api), 403, 'forbidden')
        expectProblem(await add({ public_key: pem(), facility_id: randomUUID() }), 404, 'not_found')
      })
      expect(appended).to.deep.equal([])
    })
  })
})
