import { expect } from 'chai'
import { rmSync } from 'node:fs'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as Facility from '../../domain/facility.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { createLifecycle, type Lifecycle } from '../../ops/platform/lifecycle.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { projections } from '../../projections/all.ts'
import { applyBatch } from '../../projections/engine/apply.ts'
import { Table } from '../../projections/engine/table.ts'
import type { AnyProjection, Projection } from '../../projections/engine/projection.ts'
import { build } from '../../projections/engine/build.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { runGroup } from '../../projections/engine/group.ts'
import { listenForPositions } from '../../read-api/freshness.ts'
import { eventually } from '../eventually.ts'
import { expectSameRows } from './digests.ts'
import { specLog, startServers, temporaryDataDir, unique } from '../system.ts'

describe('the live projection group', () => {
  const dataDir = temporaryDataDir()
  const lifecycle: Lifecycle = createLifecycle({ log: specLog })
  let connections: Connections
  let groups: { stop: () => Promise<unknown> }[] = []

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
  })
  afterEach(async () => {
    await Promise.all(groups.map((group) => group.stop()))
    groups = []
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  function group(members: readonly AnyProjection[] = projections) {
    const controller = new AbortController()
    const { config, store } = connections
    const { signal } = controller
    const common = { databaseUrl: config.DATABASE_URL, store, log: specLog, signal }
    const read = () => store.readAll(undefined)
    const building: Build = (versions) => build({ ...common, read, projections: members, versions })
    const builds = new Builds(building, specLog, signal)
    const onPromoted = () => Promise.resolve(undefined)
    const running = runGroup({ ...common, projections: members, builds, promotes: 'auto', onPromoted })
    const started = { stop: () => (controller.abort(), Promise.all([running, builds.settled()])) }
    groups.push(started)
    return started
  }

  async function register(name = unique('Plant')) {
    const id = derivedId('facility', unique('id'))
    const registered = Facility.register({ name, code: name, registered_at: new Date().toISOString() })
    const outcome = await handle(connections.store, Facility, id, registered, systemIntent('spec', id))
    return { id, ...outcome }
  }
  const rename = (id: string, name: string) =>
    handle(
      connections.store,
      Facility,
      id,
      Facility.change({ name, at: new Date().toISOString() }),
      systemIntent('spec', id, name),
    )

  const rows = async <Row>(sql: string, values: unknown[] = []) =>
    (await connections.database.query(sql, values)).rows as Row[]
  const nameOf = async (id: string) =>
    (await rows<{ name: string }>('select name from facilities where id = $1', [id]))[0]?.name
  const position = async () =>
    BigInt((await rows<{ position: string }>('select position from projection_groups'))[0]?.position ?? -1)
  const caughtUp = () => eventually(async () => expect(await position()).to.equal(await connections.store.head()))

  it('applies what was there before it and what comes after, in order', async () => {
    const { id } = await register()
    for (let i = 0; i < 50; i++) await rename(id, `before ${i}`)
    group()
    await eventually(async () => expect(await nameOf(id)).to.equal('before 49'))
    await rename(id, 'after')
    await eventually(async () => expect(await nameOf(id)).to.equal('after'))
    const moved = Facility.change({ address: 'Pier 9', at: new Date().toISOString() })
    await handle(connections.store, Facility, id, moved, systemIntent('spec', id, 'moved'))
    await caughtUp()
    expect(await rows('select name, address from facilities where id = $1', [id])).to.deep.equal([
      { name: 'after', address: 'Pier 9' },
    ])
  })

  it('has one leader; a standby takes over within two seconds when the leader dies, and nothing is applied twice', async () => {
    group()
    group()
    const { id } = await register()
    await eventually(async () => expect(await nameOf(id)).to.be.a('string'))
    const killed = await rows(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid()`,
    )
    expect(killed).to.have.length(1)
    await rename(id, 'under the next leader')
    await eventually(async () => expect(await nameOf(id)).to.equal('under the next leader'), 2000)
    const seen = await rows(`select revision from resource_events where id = $1 order by position`, [id])
    expect(seen).to.deep.equal([{ revision: 0 }, { revision: 1 }])
  })

  it('applies again what a Postgres that died had not kept, though nothing more happens', async () => {
    group()
    const kept = await register()
    await eventually(async () => expect(await nameOf(kept.id)).to.be.a('string'))
    const place = `select position, event_id from projection_groups where name = 'live'`
    const [before] = await rows<{ position: string; event_id: string }>(place)
    const lost = await register('lost')
    await eventually(async () => expect(await nameOf(lost.id)).to.equal('lost'))
    for (const table of ['audit', 'resource_events'])
      await rows(`delete from ${table} where position > $1::numeric`, [before!.position])
    await rows('delete from facilities where id = $1', [lost.id])
    await rows(`update projection_groups set position = $1, event_id = $2`, [before!.position, before!.event_id])
    await rows(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid()`,
    )
    await eventually(async () => expect(await nameOf(lost.id)).to.equal('lost'), 5000)
  })

  it('is followed by a standby within two seconds when the leader has stopped', async () => {
    const leader = group()
    await register()
    await caughtUp()
    group()
    await eventually(async () =>
      expect(
        await rows(
          `select 1 from pg_stat_activity where query like 'select pg_try_advisory_lock%' and state = 'idle'
             and pid not in (select pid from pg_locks where locktype = 'advisory' and granted)`,
        ),
      ).to.have.length(1),
    )
    await leader.stop()
    const { id } = await register()
    await eventually(async () => expect(await nameOf(id)).to.be.a('string'), 2000)
  })

  it('takes no batch from a leader that slept while another one went on', async () => {
    const running = group()
    const { id } = await register()
    await caughtUp()
    const slept = await position()
    const late = await rename(id, 'by the next leader')
    await caughtUp()
    await running.stop()
    const client = await connectAlone(connections.config.DATABASE_URL, () => undefined)
    const tables = [
      await Table.open(
        client,
        projections.find(({ name }) => name === 'facilities')!,
        true,
      ),
    ]
    await rows(`update facilities set name = 'since' where id = $1`, [id])
    const events = await connections.store.read(`facility-${id}`, { from: late.revision })
    const applying = applyBatch(
      client,
      { table: 'projection_groups', name: 'live', position: slept },
      tables,
      events,
      () => false,
    )
    expect(await applying.catch((error: Error) => error.name)).to.equal('CheckpointMoved')
    expect(await nameOf(id)).to.equal('since')
    expect(await position()).to.equal(late.position)
    await client.end()
    await rows(`update facilities set name = 'by the next leader' where id = $1`, [id])
  })

  it('writes nothing once somebody else has moved its checkpoint, and goes on from where that is', async () => {
    group()
    const { id } = await register()
    await caughtUp()
    // As if this leader had slept while another one applied what comes next.
    await rows('update projection_groups set position = position + 1')
    const next = await register()
    await eventually(async () => expect(await nameOf(next.id)).to.be.a('string'))
    expect(await rows('select revision from resource_events where id = $1', [next.id])).to.have.length(1)
    await rename(id, 'goes on')
    await eventually(async () => expect(await nameOf(id)).to.equal('goes on'))
  })

  it('brings a projection that lagged behind from where it was, to nothing twice', async () => {
    const running = group()
    const { id, position: from } = await register()
    await rename(id, 'not seen by one')
    await caughtUp()
    await running.stop()
    await rows('delete from resource_events where position > $1', [String(from)])
    await rows(`update projections set state = 'ready', position = $1 where name = 'resource_events'`, [String(from)])
    group()
    await eventually(async () =>
      expect(await rows('select revision from resource_events where id = $1 order by position', [id])).to.deep.equal([
        { revision: 0 },
        { revision: 1 },
      ]),
    )
  })

  it('moves its checkpoint with the rows or not at all: what Postgres refused is written once it may be', async () => {
    group()
    await caughtUp()
    // A sequence keeps counting in transactions that are undone.
    await rows(`create sequence refused`)
    await rows(`create function refuse() returns trigger language plpgsql as
      $$ begin perform nextval('refused'); raise exception 'the disk is full'; end $$`)
    await rows(`create trigger refuse before insert on facilities_v1 for each row execute function refuse()`)
    const { id } = await register()
    await eventually(async () => expect((await rows(`select 1 from refused where last_value >= 3`)).length).to.equal(1))
    expect(await nameOf(id)).to.equal(undefined)
    expect(await rows('select 1 from resource_events where id = $1', [id])).to.have.length(0)
    await rows(`drop function refuse cascade`)
    await rows(`drop sequence refused`)
    await eventually(async () => expect(await nameOf(id)).to.be.a('string'))
  })

  it('rebuilds every table from the log after Postgres has lost them, equal to the byte', async () => {
    const running = group()
    const { id } = await register()
    await rename(id, 'to be lost')
    await caughtUp()
    await expectSameRows(connections.database, async () => {
      await running.stop()
      await rows('delete from projection_groups')
      await rows('delete from projections')
      for (const { name, version } of projections) await rows(`truncate ${name}_v${version}`)
      group()
      await caughtUp()
    })
  })

  it('brings a projection that is new to where the others are, and takes it along', async () => {
    const running = group()
    const { id } = await register()
    await caughtUp()
    await running.stop()
    await rows(`delete from projections where name in ('facilities', 'resource_events')`)
    await rows(`truncate facilities_v1, resource_events_v3`)
    await rename(id, 'while nobody followed')
    group()
    await eventually(async () => expect(await nameOf(id)).to.equal('while nobody followed'))
    await rename(id, 'taken along')
    await eventually(async () => expect(await nameOf(id)).to.equal('taken along'))
    await eventually(async () => {
      const seen = await rows(`select revision from resource_events where id = $1 order by position`, [id])
      expect(seen).to.deep.equal([{ revision: 0 }, { revision: 1 }, { revision: 2 }])
    })
    expect(await rows(`select distinct state from projections`)).to.deep.equal([{ state: 'live' }])
  })

  it('is waited for by who reads after a position, and only as long as it takes', async () => {
    const controller = new AbortController()
    const { DATABASE_URL: databaseUrl } = connections.config
    const freshness = listenForPositions({ databaseUrl, log: specLog, signal: controller.signal })
    await eventually(async () => expect(freshness.position()).to.equal(await position()))
    const { id, position: written } = await register()
    const waiting = freshness.waitFor(written, ['facilities'], controller.signal).then(() => nameOf(id))
    group()
    expect(await waiting).to.be.a('string')
    controller.abort()
    await freshness.done
  })

  it('stops the one projection that cannot fold an event, tells why, and serves the others', async () => {
    group()
    const { id, revision } = await register()
    const controller = new AbortController()
    const listening = () =>
      listenForPositions({ databaseUrl: connections.config.DATABASE_URL, log: specLog, signal: controller.signal })
    const before = listening()
    await eventually(() => expect(before.position()).to.be.a('bigint'))
    const poison = {
      id: derivedId('poison', id),
      type: 'FacilityRenamed',
      data: { name: 'from tomorrow' },
      metadata: { schema: 99 },
    }
    const { position: poisoned } = await connections.store.append(`facility-${id}`, [poison], revision)
    await caughtUp()
    const other = await register()
    await caughtUp()
    expect(await nameOf(other.id), 'nothing is skipped').to.equal(undefined)
    const [status] = await rows<{ state: string; position: string; error: { message: string; position: string } }>(
      `select * from projections where name = 'facilities'`,
    )
    expect(status!.state).to.equal('stopped')
    expect(BigInt(status!.position) < poisoned).to.equal(true)
    expect(status!.error).to.deep.include({ position: String(poisoned), type: 'FacilityRenamed', revision: 1 })
    expect(status!.error.message).to.match(/schema 99/)
    expect(await rows(`select 1 from resource_events where id = $1`, [other.id]), 'the others go on').to.have.length(1)

    const freshnesses = [before, listening()]
    for (const freshness of freshnesses) {
      await eventually(() => expect(freshness.position()).to.equal(other.position))
      await freshness.waitFor(other.position, ['resource_events'], controller.signal)
      const waiting = freshness.waitFor(other.position, ['facilities'], controller.signal)
      expect(await waiting.catch((error: { code: string }) => error.code)).to.equal('read_model_behind')
    }
    controller.abort()
    await Promise.all(freshnesses.map(({ done }) => done))

    await groups.pop()!.stop()
    const facilities = projections.find(({ name }) => name === 'facilities') as Projection
    const { FacilityRenamed: _, ...on } = facilities.on
    group(projections.map((one) => (one === facilities ? { ...facilities, on } : one)))
    await eventually(async () =>
      expect(await nameOf(other.id), 'it goes on once the code was mended').to.be.a('string'),
    )
    await eventually(async () =>
      expect(await rows(`select state, position, error from projections where name = 'facilities'`)).to.deep.equal([
        { state: 'live', position: null, error: null },
      ]),
    )
  })

  it('tells who waits for an event that the projection stops at that it will not come', async () => {
    const { config, store } = connections
    const { id, revision } = await register()
    const poison = {
      id: derivedId('poison', id),
      type: 'FacilityRenamed',
      data: { name: 'x' },
      metadata: { schema: 99 },
    }
    const { position: poisoned } = await store.append(`facility-${id}`, [poison], revision)
    const controller = new AbortController()
    const freshness = listenForPositions({ databaseUrl: config.DATABASE_URL, log: specLog, signal: controller.signal })
    const began = performance.now()
    const waiting = freshness
      .waitFor(poisoned, ['facilities'], controller.signal)
      .catch((error: { code: string }) => error.code)
    const running = group()
    expect(await waiting).to.equal('read_model_behind')
    expect(performance.now() - began, 'it was told, and did not wait in vain').to.be.lessThan(4000)
    controller.abort()
    await Promise.all([freshness.done, running.stop()])

    const facilities = projections.find(({ name }) => name === 'facilities') as Projection
    const { FacilityRenamed: _, ...on } = facilities.on
    const mended = group(projections.map((one) => (one === facilities ? { ...facilities, on } : one)))
    await eventually(async () =>
      expect(await rows(`select state from projections where name = 'facilities'`)).to.deep.equal([{ state: 'live' }]),
    )
    await caughtUp()
    await mended.stop()
  })

  it('stops the one projection whose row Postgres cannot hold, and serves the others', async () => {
    group()
    const { id } = await register('half of a pair: \ud800')
    const other = await register()
    await caughtUp()
    expect(await nameOf(other.id)).to.equal(undefined)
    expect(await rows(`select 1 from resource_events where id = any($1)`, [[id, other.id]])).to.have.length(2)
    const [status] = await rows<{ state: string; error: { stream: string } }>(
      `select * from projections where name = 'facilities'`,
    )
    expect([status!.state, status!.error.stream]).to.deep.equal(['stopped', `facility-${id}`])
    expect(await rows(`select name from projections where state = 'stopped'`)).to.have.length(1)
  })
})
