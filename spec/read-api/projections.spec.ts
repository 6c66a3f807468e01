import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { personalFields } from '../../domain/events.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { projections } from '../../projections/all.ts'
import { type Status, statusReader } from '../../read-api/projections.ts'
import { eventually } from '../eventually.ts'
import { projectionsUnderTest } from '../projections/underTest.ts'

describe('where read models stand', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { ask, caughtUp, group, rows, someFacility, stateOf, stopGroups, today } = tested
  const reader = () => statusReader(tested.connections)
  const of = (found: readonly Status[], name: string, version = 1) =>
    found.find((one) => one.name === name && one.version === version)!
  const appended = (stream: string, data: Record<string, unknown>, schema = 1, revision: number | 'no_stream' = 1) => {
    const type = revision === 'no_stream' ? 'FacilityRegistered' : 'FacilityRenamed'
    const metadata = { schema, actor: { kind: 'system', id: 'spec' } }
    return tested.connections.store.append(stream, [{ id: randomUUID(), type, data, metadata }], revision)
  }
  const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString()

  it('is told in the words that clients rely on', async () => {
    await today()
    const [first] = await reader()()
    expect(Object.keys(first!)).to.deep.equal([
      ...['name', 'version', 'state', 'serving', 'position', 'head', 'lag_events', 'lag_secs', 'events_per_sec'],
      ...['eta_secs', 'error', 'updated_at'],
    ])
    const head = String(await tested.connections.store.head())
    const live = {
      state: 'live',
      position: head,
      head,
      lag_events: 0,
      lag_secs: 0,
      events_per_sec: null,
      eta_secs: null,
    }
    for (const one of await reader()()) expect(one).to.include(live)
  })

  it('is behind since the first event that it has not, however long nothing happened before', async () => {
    await today()
    await rows(`update projection_groups set updated_at = now() - interval '1 day'`)
    await appended(`facility-${randomUUID()}`, { name: 'New', code: 'n', registered_at: hourAgo() }, 1, 'no_stream')
    await someFacility()
    const { lag_events, lag_secs } = of(await reader()(), 'facilities')
    expect(lag_events).to.equal(3)
    expect(lag_secs).to.be.within(3600, 3660)
  })

  it('is as far along as a build last told, at the pace it told, however long ago it began', async () => {
    await today()
    await ask('facilities')
    const head = (await tested.connections.store.head())!
    const position = head / 2n
    const progress = { events: 1000, per_second: 50, position, target: head, started_at: '2026-01-01T00:00:00.000Z' }
    const written = JSON.stringify(progress, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    await rows(`update projections set progress = $1 where name = 'facilities' and version = 2`, [written])
    const building = of(await reader()(), 'facilities', 2)
    expect(building).to.include({ state: 'building', position: String(position), events_per_sec: 50 })
    expect(building.eta_secs).to.equal(20)
    expect(building.lag_events).to.be.within(999, 1001)
    expect(building.lag_secs).to.be.a('number')

    // Stopped there, it goes nowhere: no pace, no end in sight, and the events it lacks are counted.
    await rows(
      `update projections set state = 'stopped', position = $1, progress = null where name = 'facilities' and version = 2`,
      [position],
    )
    const stopped = of(await reader()(), 'facilities', 2)
    expect(stopped).to.include({ position: String(position), events_per_sec: null, eta_secs: null })
    let left = 0
    for await (const batch of tested.connections.store.readAll(position)) left += batch.length
    expect(stopped.lag_events).to.equal(left)
  })

  it('is told without the event store as far as Postgres knows it', async () => {
    await today()
    const away = connectEventStore({ url: 'esdb://127.0.0.1:1?tls=false', secret: 'x'.repeat(32), personalFields })
    try {
      const head = await tested.connections.store.head()
      const found = await statusReader({ database: tested.connections.database, store: away })()
      expect(of(found, 'uploads', 2)).to.include({
        position: String(head),
        head: null,
        lag_events: null,
        lag_secs: null,
      })
    } finally {
      await away.close()
    }
  })

  it('stays known of a version that is stopped, and costs nothing to ask again', async () => {
    await today()
    group(projections)
    const facility = `facility-${await someFacility()}`
    const poison = await appended(facility, { name: 'From tomorrow', renamed_at: hourAgo() }, 99)
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('stopped'))
    await someFacility()
    await caughtUp()
    await stopGroups()

    const { store, database } = tested.connections
    const readFrom: (bigint | undefined)[] = []
    const readAll = (after: bigint | undefined) => (readFrom.push(after), store.readAll(after))
    const ask = statusReader({ database, store: { head: store.head, readAll } })
    const stopped = of(await ask(), 'facilities')
    expect(stopped).to.include({ state: 'stopped', lag_events: 3, eta_secs: null, events_per_sec: null })
    expect(stopped.lag_secs).to.be.within(3600, 3660)
    expect(stopped.error).to.include({ position: String(poison.position) })
    expect(of(await ask(), 'uploads', 2)).to.include({ lag_events: 0, lag_secs: 0 })
    await someFacility()
    expect(of(await ask(), 'facilities')).to.include({ lag_events: 5 })
    expect(of(await ask(), 'uploads', 2)).to.include({ lag_events: 2 })
    const from = BigInt(stopped.position!)
    expect(
      readFrom.filter((position) => position === from),
      'what is counted is counted',
    ).to.have.length(1)
  })
})
