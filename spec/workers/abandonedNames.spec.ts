import { expect } from 'chai'
import { giveBackUnused } from '../../commands/addresses.ts'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { giveBackUnusedTagName } from '../../commands/tagNames.ts'
import { ownerOf, reserve } from '../../commands/reserve.ts'
import * as Facility from '../../domain/facility.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { releaseAbandonedNames } from '../../workers/abandonedNames.ts'
import { expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { type System, theSystem, unique } from '../system.ts'

describe('a name whose owner never came', () => {
  let system: System
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
  })
  const now = () => new Date().toISOString()
  const never = new AbortController().signal

  /** As a crash right after reserving leaves it. */
  async function reserved(): Promise<{ code: string; owner_id: string; event: Recorded }> {
    const [code, owner_id] = [unique('plant'), derivedId('facility', unique('id'))]
    const before = await system.store.head()
    await reserve(
      system.store,
      { kind: 'facilityCode', name: code, owner_id, at: now() },
      systemIntent('spec', owner_id),
    )
    for await (const events of system.store.readAll(before))
      for (const event of events) if (event.data['owner_id'] === owner_id) return { code, owner_id, event }
    throw new Error('it was not reserved')
  }
  /** Where a request under this key would register its facility; nothing is written yet. */
  async function firstStepOf(key: { 'Idempotency-Key': string }) {
    const { body: me } = await system.admin.get('/api/auth/me')
    const command = derivedId('command', 'user', me.id, 'POST', '/api/v1/facilities', key['Idempotency-Key'])
    return { facility_id: derivedId('facility', command) }
  }
  const react = (event: Recorded) => {
    const deps = { store: system.store, now }
    const names = {
      ...deps,
      giveBackUnused: giveBackUnused.bind(undefined, deps),
      giveBackUnusedTagName: giveBackUnusedTagName.bind(undefined, deps),
      grace: 0,
    }
    return releaseAbandonedNames(names).react(event, event as never, never)
  }
  const register = (id: string, code: string) =>
    handle(
      system.store,
      Facility,
      id,
      Facility.register({ name: 'Plant', code, registered_at: now() }),
      systemIntent('spec', id, 'register'),
    )

  it('is taken for as long as it may still come, and free afterwards', async () => {
    const { code, event } = await reserved()
    expectProblem(await system.admin.post('/api/v1/facilities', { name: 'Plant', code }), 409, 'code_taken')
    await react(event)
    expect((await system.admin.post('/api/v1/facilities', { name: 'Plant', code })).status).to.equal(201)
  })

  it('is lost to a registrant who was only slow', async () => {
    const { code, owner_id, event } = await reserved()
    await react(event)
    const late = await register(owner_id, code).catch((error: { code: string }) => error.code)
    expect(late).to.equal('registration-abandoned')
    expect((await system.admin.get(`/api/v1/facilities/${owner_id}`)).status).to.equal(404)
  })

  it('is not taken again by a request that is repeated after it was given up', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const code = unique('plant')
    const { facility_id: id } = await firstStepOf(key)
    await handle(system.store, Facility, id, Facility.abandon({ abandoned_at: now() }), systemIntent('spec', id))
    expectProblem(
      await system.admin.post('/api/v1/facilities', { name: 'Plant', code }, key),
      409,
      'registration_abandoned',
    )
    expect((await system.admin.post('/api/v1/facilities', { name: 'Plant', code })).status).to.equal(201)
  })

  it('is free also when whoever was freeing it stopped half-way', async () => {
    const { code, owner_id, event } = await reserved()
    await handle(
      system.store,
      Facility,
      owner_id,
      Facility.abandon({ abandoned_at: now() }),
      systemIntent('spec', owner_id, 'close'),
    )
    await react(event)
    await react(event)
    expect(await ownerOf(system.store, 'facilityCode', code)).to.equal(undefined)
    expect((await system.store.read(event.stream)).map(({ type }) => type)).to.deep.equal([
      'NameReserved',
      'NameReleased',
    ])
  })

  it('stays with an owner who came', async () => {
    const { code, owner_id, event } = await reserved()
    await register(owner_id, code)
    await react(event)
    expect(await ownerOf(system.store, 'facilityCode', code)).to.equal(owner_id)
    await eventually(async () =>
      expect((await system.admin.get(`/api/v1/facilities/${owner_id}`)).body.status).to.equal('active'),
    )
  })
})
