import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { ownerOf } from '../../commands/reserve.ts'
import { erasedBy, personalFields } from '../../domain/events.ts'
import * as User from '../../domain/user.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { StreamGone } from '../../ops/platform/eventStoreErrors.ts'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import { after as readAfter, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { anotherInstance, firstLogin, newFacility, type System, theSystem, unique } from '../system.ts'

const users = '/api/v1/users'

describe('erasing a person', () => {
  let system: System
  let other: Awaited<ReturnType<typeof anotherInstance>>
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    other = await anotherInstance(system)
    facility = await newFacility(system)
  })
  after(() => other?.stop())

  /** Somebody with a past: a name and an address of before, sessions, something they did. */
  async function somebody() {
    const [name, before, now] = [
      unique('Recognisable'),
      `${unique('before')}@example.test`,
      `${unique('now')}@example.test`,
    ]
    const wanted = {
      email: before,
      name,
      role: 'facility_admin',
      facility_id: facility.id,
      password: 'a good password',
    }
    const made = await system.admin.post(users, wanted)
    const api = await firstLogin(system.url, wanted, 'my own good password')
    await system.admin.patch(`${users}/${made.body.id}`, { email: now, name: `${name} II` })
    const { refresh_token } = (
      await apiOf(system.url).post('/api/auth/login', { email: now, password: 'my own good password' })
    ).body
    const token = (await apiOf(system.url).post('/api/auth/refresh', { refresh_token })).body.access_token as string
    const device = { facility_id: facility.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    const did = await apiOf(system.url, { Authorization: `Bearer ${token}` }).post('/api/v1/devices', device)
    expect(did.status).to.equal(201)
    const id = made.body.id as string
    return {
      id,
      path: `${users}/${id}`,
      api,
      names: [name, before, now],
      emails: [before, now],
      did: did.body.id as string,
    }
  }

  it('leaves [erased] of them wherever they were to be read, on every instance, and what they did', async () => {
    const { id, path, names, did } = await somebody()
    // Both instances have opened what is sealed, and hold the key.
    const elsewhere = apiOf(other.url, await bearerOf())
    await eventually(async () => expect((await elsewhere.get(`${path}/history`)).bytes.toString()).to.include(names[0]))
    // Nobody is let in while the event store says nothing for a second, which a busy machine can make of it.
    const erased = await eventually(async () => {
      const answer = await system.admin.post(`${path}/erase`)
      expect(answer.status).not.to.equal(503)
      return answer
    })
    expect([erased.status, erased.body.status, erased.body.name, erased.body.email]).to.deep.equal([
      200,
      'erased',
      '[erased]',
      '[erased]',
    ])
    for (const api of [system.admin, elsewhere]) {
      for (const asked of [
        path,
        `${path}/history`,
        `/api/v1/devices/${did}/history`,
        `/api/v1/audit?actor=${id}`,
        `/api/v1/audit?resource=user`,
      ]) {
        const { status, bytes } = await api.get(asked, readAfter(erased))
        expect(status, `${asked} ${bytes.toString()}`).to.equal(200)
        for (const name of names) expect(bytes.toString(), asked).not.to.include(name)
      }
      const { body } = await api.get(`/api/v1/devices/${did}/history`, readAfter(erased))
      expect(body.items[0].actor).to.deep.equal({ kind: 'user', id, name: '[erased]' })
    }
  })

  it('ends their key for good, and gives back all their addresses', async () => {
    const { id, path, emails } = await somebody()
    expect((await system.admin.post(`${path}/erase`)).status).to.equal(200)
    const error = await system.store.read(`userKey-${id}`).catch((one: unknown) => one)
    expect(error).to.be.instanceOf(StreamGone)
    for (const email of emails) {
      expect(await ownerOf(system.store, 'userEmail', email)).to.equal(undefined)
      expectProblem(
        await apiOf(system.url).post('/api/auth/login', { email, password: 'my own good password' }),
        401,
        'invalid_credentials',
      )
      const again = { email, name: 'Other', role: 'user', facility_id: facility.id, password: 'a good password' }
      expect((await system.admin.post(users, again)).status).to.equal(201)
    }
  })

  it('can be repeated, and goes on where a crash came between', async () => {
    const { id, path, emails } = await somebody()
    const half = User.erase({ erased_at: new Date().toISOString() })
    await handle(system.store, User, id, half, systemIntent('spec', id))
    for (let i = 0; i < 2; i++) expect((await system.admin.post(`${path}/erase`)).status).to.equal(200)
    for (const email of emails) expect(await ownerOf(system.store, 'userEmail', email)).to.equal(undefined)
    expect(await system.store.read(`userKey-${id}`).catch((one: unknown) => one)).to.be.instanceOf(StreamGone)
  })

  it('is for good: nothing is done to them any more', async () => {
    const { path } = await somebody()
    await system.admin.post(`${path}/erase`)
    expectProblem(await system.admin.patch(path, { name: 'Back' }), 409, 'user_erased')
    for (const verb of ['deactivate', 'reactivate', 'end-sessions'])
      expectProblem(await system.admin.post(`${path}/${verb}`), 409, 'user_erased')
  })

  it('leaves read models as they are when folded from the whole log anew', async function () {
    this.timeout(60_000)
    const { path } = await somebody()
    const erased = await system.admin.post(`${path}/erase`)
    await system.admin.get(path, readAfter(erased))
    const { DATABASE_URL: databaseUrl, EVENTSTORE_URL: url, DATA_ENCRYPTION_KEY: secret } = system.config
    const store = connectEventStore({ url, secret, personalFields, erasedBy })
    try {
      const { signal } = new AbortController()
      const checked = await check({ databaseUrl, store, projections, signal, onProgress: () => undefined })
      expect(checked.map(({ name }) => name)).to.include.members(['users', 'sessions', 'audit'])
      for (const { name, drift, fault } of checked) {
        expect(fault, name).to.equal(undefined)
        expect([drift.added, drift.removed, drift.changed], name).to.deep.equal([0, 0, 0])
      }
    } finally {
      await store.close()
    }
  })

  async function bearerOf() {
    const { email, password } = facility.facilityAdmin
    const { body } = await apiOf(system.url).post('/api/auth/login', { email, password })
    return { Authorization: `Bearer ${body.access_token}` }
  }
})
