import { expect } from 'chai'
import { giveBackUnused } from '../../commands/addresses.ts'
import { changeUser } from '../../commands/changeUser.ts'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { giveBackUnusedTagName } from '../../commands/tagNames.ts'
import { ownerOf, reserve } from '../../commands/reserve.ts'
import type { Decision } from '../../domain/decider.ts'
import * as User from '../../domain/user.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { StreamGone } from '../../ops/platform/eventStoreErrors.ts'
import { releaseAbandonedNames } from '../../workers/abandonedNames.ts'
import { apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const users = '/api/v1/users'
const now = () => new Date().toISOString()
const newAddress = () => `${unique('a')}@example.test`

describe('what a crash leaves half-done of a person', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  async function somebody() {
    const [email, name] = [newAddress(), unique('Recognisable')]
    const wanted = { email, name, role: 'user', facility_id: facility.id, password: 'a good password' }
    const { status, body } = await system.admin.post(users, wanted)
    expect(status).to.equal(201)
    return { id: body.id as string, path: `${users}/${body.id}`, email, name }
  }
  const ownersOf = (...emails: string[]) =>
    Promise.all(emails.map((email) => ownerOf(system.store, 'userEmail', email)))
  const reserved = (id: string, name: string) =>
    reserve(system.store, { kind: 'userEmail', name, owner_id: id, at: now() }, systemIntent('spec', id, name))
  const decided = (id: string, decision: Decision<User.State, User.Event>) =>
    handle(system.store, User, id, decision, systemIntent('spec', id, unique('decided')))
  /** What the worker makes of everything that the person reserved since, its time of grace over. */
  async function graceIsOver(id: string, since: bigint | undefined) {
    const deps = { store: system.store, now }
    const names = {
      ...deps,
      giveBackUnused: giveBackUnused.bind(undefined, deps),
      giveBackUnusedTagName: giveBackUnusedTagName.bind(undefined, deps),
      grace: 0,
    }
    const { react } = releaseAbandonedNames(names)
    for await (const events of system.store.readAll(since))
      for (const event of events)
        if (event.data['owner_id'] === id) await react(event, event as never, new AbortController().signal)
  }

  it('an address reserved for a change that never came is free after its time, and that which they have is not', async () => {
    const before = await system.store.head()
    const [{ id, email }, wanted] = [await somebody(), newAddress()]
    await reserved(id, wanted)
    await graceIsOver(id, before)
    expect(await ownersOf(email, wanted)).to.deep.equal([id, undefined])
  })

  it('an address of one who was erased meanwhile is free after its time', async () => {
    const before = await system.store.head()
    const [{ id, path, email }, wanted] = [await somebody(), newAddress()]
    expect((await system.admin.post(`${path}/erase`)).status).to.equal(200)
    await reserved(id, wanted)
    await graceIsOver(id, before)
    expect(await ownersOf(email, wanted)).to.deep.equal([undefined, undefined])
  })

  it('the address of before a change is given back', async () => {
    const [{ id, email }, next] = [await somebody(), newAddress()]
    await reserved(id, next)
    await decided(id, User.change({ email: next, at: now() }))
    await eventually(async () => expect(await ownersOf(email, next)).to.deep.equal([undefined, id]))
  })

  it('an erasure is gone on with: key, addresses and sessions; and nothing tells who it was', async () => {
    const { id, path, email, name } = await somebody()
    await apiOf(system.url).post('/api/auth/login', { email, password: 'a good password' })
    await eventually(async () => expect((await system.admin.get(`${path}/history`)).bytes.toString()).to.include(name))
    const sessions = () => system.database.query('select status from sessions where user_id = $1', [id])
    await eventually(async () => expect((await sessions()).rows).to.deep.equal([{ status: 'open' }]))
    await decided(id, User.erase({ erased_at: now() }))
    await eventually(async () => {
      const key = await system.store.read(`userKey-${id}`).catch((error: unknown) => error)
      expect(key).to.be.instanceOf(StreamGone)
      expect(await ownersOf(email)).to.deep.equal([undefined])
      expect((await sessions()).rows).to.deep.equal([{ status: 'ended' }])
    })
    expect((await system.admin.get(`${path}/history`)).bytes.toString()).not.to.include(name)
  })

  it('two changes at once leave the address that they have, and no other', async () => {
    for (let i = 0; i < 5; i++) {
      const [{ id, path, email }, ...wanted] = [await somebody(), newAddress(), newAddress()]
      await Promise.all(wanted.map((next) => system.admin.patch(path, { email: next })))
      const { state } = await decided(id, () => [])
      expect(wanted).to.include(User.known(state).email)
      const held = wanted.map((one) => (one === User.known(state).email ? id : undefined))
      await eventually(async () => expect(await ownersOf(email, ...wanted)).to.deep.equal([undefined, ...held]))
    }
  })

  it('an instance that hears late of its change takes no address for one who was erased meanwhile', async () => {
    const [{ id, path, email }, next] = [await somebody(), newAddress()]
    const append: EventStore['append'] = async (stream, ...rest) => {
      const done = await system.store.append(stream, ...rest)
      if (stream === `user-${id}`) expect((await system.admin.post(`${path}/erase`)).status).to.equal(200)
      return done
    }
    await changeUser(
      { store: { ...system.store, append }, now },
      id,
      { email: next },
      undefined,
      systemIntent('spec', id, next),
    )
    expect(await ownersOf(email, next)).to.deep.equal([undefined, undefined])
  })
})
