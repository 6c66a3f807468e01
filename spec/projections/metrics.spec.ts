import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { personalFields } from '../../domain/events.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { createMetrics } from '../../ops/platform/metrics.ts'
import { measureProjections } from '../../ops/projections/metrics.ts'
import { projections } from '../../projections/all.ts'
import { eventually } from '../eventually.ts'
import { at, projectionsUnderTest } from './underTest.ts'

describe('the metrics of read models', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { ask, caughtUp, group, rows, someFacility, stateOf, today } = tested

  /** What a scrape says of one version, by what comes after `projection_` and the state. */
  function asking(store: EventStore = tested.connections.store) {
    const metrics = createMetrics()
    measureProjections(metrics, () => ({ database: tested.connections.database, store }))
    const told = (text: string, name: string, version: number) => {
      const line = new RegExp(
        `^projection_(\\w+)\\{projection="${name}",version="${version}"(?:,state="(\\w+)")?\\} (.*)$`,
        'gm',
      )
      return Object.fromEntries(
        [...text.matchAll(line)].map(([, what, state, value]) => [state ? `${what} ${state}` : what, Number(value)]),
      )
    }
    return async (name: string, version = 1) => {
      const text = await metrics.scrape()
      const [, postgres] = /^server_up\{server="postgres"\} (\d)$/m.exec(text)!
      const [, eventStore] = /^server_up\{server="event_store"\} (\d)$/m.exec(text)!
      return { up: `${postgres} ${eventStore}`, of: told(text, name, version) }
    }
  }
  const states = (state: string) =>
    Object.fromEntries(
      ['live', 'ready', 'building', 'verifying', 'stopped'].map((one) => [`state ${one}`, one === state ? 1 : 0]),
    )

  it('say where each stands, how far behind it is, and for how long', async () => {
    await today()
    const scrape = asking()
    const head = Number(await tested.connections.store.head())
    const live = { ...states('live'), serving: 1, position: head, lag_events: 0, lag_seconds: 0 }
    for (const { name, version } of projections) expect((await scrape(name, version)).of, name).to.deep.equal(live)

    group(projections)
    const facility = `facility-${await someFacility()}`
    const metadata = { schema: 99, actor: { kind: 'system', id: 'spec' } }
    const poison = { id: randomUUID(), type: 'FacilityRenamed', data: { name: 'n', renamed_at: at }, metadata }
    await tested.connections.store.append(facility, [poison], 1)
    await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('stopped'))
    await someFacility()
    await caughtUp()
    const { up, of } = await scrape('facilities')
    expect(up).to.equal('1 1')
    expect(of).to.include({ ...states('stopped'), serving: 1, lag_events: 3 })
    expect(of['lag_seconds']).to.be.closeTo((Date.now() - Date.parse(at)) / 1000, 60)
    expect(of['position']).to.be.below(Number(await tested.connections.store.head()))
    expect((await scrape('uploads', 2)).of).to.include({ ...states('live'), lag_events: 0 })
  })

  it('say how fast a build is, and forget a version that is gone', async () => {
    await today()
    const scrape = asking()
    await ask('uploads', 3)
    const progress = { events: 10, per_second: 1234, position: '1000', target: '9000', started_at: at }
    await rows(`update projections set progress = $1 where name = 'uploads' and version = 3`, [
      JSON.stringify(progress),
    ])
    const building = await scrape('uploads', 3)
    expect(building.of).to.include({ ...states('building'), serving: 0, position: 1000, events_per_second: 1234 })
    await rows(`delete from projections where name = 'uploads' and version = 3`)
    expect((await scrape('uploads', 3)).of).to.deep.equal({})
  })

  it('say what Postgres knows while the event store is away', async () => {
    await today()
    const away = connectEventStore({ url: 'esdb://127.0.0.1:1?tls=false', secret: 'x'.repeat(32), personalFields })
    try {
      const { up, of } = await asking(away)('uploads', 2)
      expect(up).to.equal('1 0')
      expect(of).to.deep.equal({
        ...states('live'),
        serving: 1,
        position: Number(await tested.connections.store.head()),
      })
    } finally {
      await away.close()
    }
  })
})
