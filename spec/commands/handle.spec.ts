import { expect } from 'chai'
import { derivedId, handle, load } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { idOf, ownerOf, release, reserve } from '../../commands/reserve.ts'
import { streamOf } from '../../domain/decider.ts'
import { personalFields } from '../../domain/events.ts'
import * as Facility from '../../domain/facility.ts'
import * as Reservation from '../../domain/reservation.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { type System, onEmbeddedOnly, theSystem, unique } from '../system.ts'

describe('the command loop', () => {
  let system: System
  let here: EventStore
  let there: EventStore
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    const { EVENTSTORE_URL: url, DATA_ENCRYPTION_KEY: secret } = system.config
    here = connectEventStore({ url, secret, personalFields })
    there = connectEventStore({ url, secret, personalFields })
  })
  after(() => Promise.all([here.close(), there.close()]))

  const at = '2026-11-24T12:00:00.000Z'
  const now = () => new Date().toISOString()
  async function registered(store: EventStore) {
    const id = derivedId('facility', unique('id'))
    await handle(
      store,
      Facility,
      id,
      Facility.register({ name: 'Plant', code: unique('plant'), registered_at: at }),
      systemIntent('spec', id),
    )
    return id
  }
  const rename = (store: EventStore, id: string, name: string) =>
    handle(store, Facility, id, Facility.change({ name, at }), systemIntent('spec', id, name))
  const types = async (id: string) => (await here.read(`facility-${id}`)).map(({ type }) => type)

  it('appends once for each of many changes from two instances at once, none lost', async () => {
    const id = await registered(here)
    const names = Array.from({ length: 40 }, (_, i) => `name ${i}`)
    const again = async (store: EventStore, name: string): Promise<unknown> =>
      rename(store, id, name).catch((error: { code?: string }) => {
        if (error.code !== 'contended') throw error
        return again(store, name)
      })
    await Promise.all(names.map((name, i) => again(i % 2 ? here : there, name)))
    const events = await here.read(`facility-${id}`)
    expect(
      events
        .slice(1)
        .map(({ data }) => data['name'])
        .sort(),
    ).to.deep.equal([...names].sort())
    expect(events.map(({ revision }) => revision)).to.deep.equal(events.map((_, i) => i))
  })

  it('lets the requests of one instance wait for each other, however many: none is contended', async () => {
    const id = await registered(here)
    await Promise.all(Array.from({ length: 30 }, (_, i) => rename(here, id, `name ${i}`)))
    expect(await types(id)).to.have.length(31)
  })

  it('never decides on what another instance has changed since: not an append, not "nothing to do", not a refusal', async () => {
    const id = await registered(here)
    await load(there, Facility, id)
    await handle(here, Facility, id, Facility.deactivate({ deactivated_at: at }), systemIntent('spec', id, 'off'))
    // What `there` has cached says active: reactivating would be nothing to do.
    const outcome = await handle(
      there,
      Facility,
      id,
      Facility.reactivate({ reactivated_at: at }),
      systemIntent('spec', id, 'on'),
    )
    expect(outcome.state.status).to.equal('active')
    expect(await types(id)).to.deep.equal(['FacilityRegistered', 'FacilityDeactivated', 'FacilityReactivated'])

    const held = `facilityCode.${unique('name')}`
    const reserve = (store: EventStore, owner_id: string) =>
      handle(
        store,
        Reservation,
        held,
        Reservation.reserve({ kind: 'facilityCode', owner_id, reserved_at: at }),
        systemIntent('spec', held, owner_id),
      )
    await reserve(here, 'first')
    await load(there, Reservation, held)
    const released = Reservation.release({ owner_id: 'first', released_at: at })
    await handle(here, Reservation, held, released, systemIntent('spec', held, 'released'))
    // What `there` has cached says held: it would refuse.
    expect((await reserve(there, 'second')).state).to.include({ owner_id: 'second' })

    const unborn = derivedId('facility', unique('id'))
    await rename(there, unborn, 'x').catch(() => undefined)
    const code = unique('plant')
    await handle(
      here,
      Facility,
      unborn,
      Facility.register({ name: 'A', code, registered_at: at }),
      systemIntent('spec', unborn),
    )
    expect((await rename(there, unborn, 'known by now')).state).to.include({ name: 'known by now' })
  })

  it('knows a revision that another instance has made since', async () => {
    const id = await registered(here)
    await load(there, Facility, id)
    const { revision } = await rename(here, id, 'since')
    const change = Facility.change({ name: 'at that revision', at })
    const intent = { ...systemIntent('spec', id, 'at'), expected_revision: revision }
    expect((await handle(there, Facility, id, change, intent)).state).to.include({ name: 'at that revision' })
  })

  it('refuses the id of a command for other words, also when another instance carried it out', async () => {
    const id = await registered(here)
    await rename(here, id, 'first')
    const other = { ...systemIntent('spec', id, 'first'), hash: 'of other words' }
    for (const store of [here, there]) {
      const clash = handle(store, Facility, id, Facility.change({ name: 'other', at }), other)
      expect(await clash.catch((error: { code: string }) => error.code)).to.equal('idempotency_clash')
    }
  })

  it('knows which of two instances carried a command out, though both decided it at once and otherwise', async () => {
    for (let i = 0; i < 5; i++) {
      const id = await registered(here)
      await load(there, Facility, id)
      const command = systemIntent('spec', id, 'at once')
      const outcomes = await Promise.all(
        [here, there].map((store, at) =>
          handle(store, Facility, id, Facility.change({ name: `name ${at}`, at: now() }), command),
        ),
      )
      expect(outcomes.map(({ repeated }) => repeated).sort()).to.deep.equal([false, true])
      const { state } = await load(system.store, Facility, id)
      for (const outcome of outcomes) expect(outcome.state).to.deep.equal(state)
      expect((await load(here, Facility, id)).state).to.deep.equal(state)
    }
  })

  it('begins a stream without looking first whether there is one, and finds out when there is', async () => {
    let reads = 0
    const counted = { ...here, read: (...asked: Parameters<EventStore['read']>) => (reads++, here.read(...asked)) }
    const id = await registered(counted)
    expect(reads).to.equal(0)
    const elsewhere = { ...counted }
    const register = Facility.register({ name: 'Other', code: unique('plant'), registered_at: at })
    const again = handle(elsewhere, Facility, id, register, systemIntent('spec', id, 'again'))
    expect(await again.catch((error: { code?: string }) => error.code)).to.equal('facility-exists')
    expect(reads).to.be.greaterThan(0)
    expect(await types(id)).to.deep.equal(['FacilityRegistered'])
  })

  it('puts into the metadata who asked for what, and under which command', async () => {
    const id = await registered(here)
    const intent = {
      ...systemIntent('spec', id, 'once'),
      facility_id: id,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    }
    await handle(here, Facility, id, Facility.change({ name: 'Traced', at }), intent)
    const stored = (await here.read(`facility-${id}`)).at(-1)!
    const said = there.sealing.digest(JSON.stringify(stored.data))
    const named = derivedId(intent.id, `facility-${id}`, '0', said)
    expect(stored.id, 'every instance gives it the same').to.equal(named)
    expect(stored.metadata).to.deep.equal({
      schema: 1,
      $correlationId: intent.correlation_id,
      $causationId: intent.id,
      command_hash: intent.hash,
      actor: { kind: 'system', id: 'spec' },
      facility_id: id,
      traceparent: intent.traceparent,
    })
  })

  it('remembers a command however many others came since, and on another instance too', async () => {
    const id = await registered(here)
    const first = await rename(here, id, 'first')
    for (let i = 0; i < 30; i++) await rename(here, id, `later ${i}`)
    for (const store of [here, there]) {
      const again = await rename(store, id, 'first')
      expect(again).to.deep.include({ repeated: true, revision: first.revision, position: first.position })
      expect(again.state).to.include({ name: 'first' })
    }
    expect(await types(id)).to.have.length(32)
  })

  onEmbeddedOnly('writes once when the event store is silent for longer than an append may take', async () => {
    const id = await registered(here)
    const { eventstore } = system.stack.pids()
    process.kill(eventstore!, 'SIGSTOP')
    const renaming = rename(here, id, 'slow')
    // A read gives up after as long a silence as an append does: by now the append is being repeated.
    const silence = await here.head().catch((error: Error) => error.name)
    process.kill(eventstore!, 'SIGCONT')
    expect(silence).to.equal('Unavailable')
    expect((await renaming).state).to.include({ name: 'slow' })
    expect(await types(id)).to.deep.equal(['FacilityRegistered', 'FacilityRenamed'])
  }).timeout(30_000)

  it('goes on when another client of the same process closes, whatever is being appended', async () => {
    const { EVENTSTORE_URL: url, DATA_ENCRYPTION_KEY: secret } = system.config
    for (let round = 0; round < 10; round++) {
      const other = connectEventStore({ url, secret, personalFields })
      await registered(other)
      const underWay = Array.from({ length: 30 }, () => registered(here))
      await underWay[2 * round]
      await other.close()
      expect(new Set(await Promise.all(underWay)).size).to.equal(30)
    }
    await registered(here)
  })

  it('reserves no name that was given up meanwhile because the same was asked for before', async () => {
    const name = unique('code')
    const [owner_id, intent] = [unique('owner'), systemIntent('spec', unique('asked'))]
    const kind = 'facilityCode' as const
    await reserve(here, { kind, name, owner_id, at }, intent)
    await reserve(here, { kind, name, owner_id, at }, intent)
    expect((await here.read(streamOf(Reservation, await idOf(here, kind, name)))).length, 'once').to.equal(1)
    await release(here, { kind, name, owner_id, at })
    const other = unique('owner')
    await reserve(there, { kind, name, owner_id: other, at }, systemIntent('spec', other))
    const again = await reserve(here, { kind, name, owner_id, at }, intent).catch(
      (error: { code?: string }) => error.code,
    )
    expect(again).to.equal('code-taken')
    expect(await ownerOf(here, kind, name)).to.equal(other)
  })
})
