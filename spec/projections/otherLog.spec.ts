import { jsonEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import { personalFields } from '../../domain/events.ts'
import { backUp, restore } from '../../ops/events/backup.ts'
import { connectDatabase, type Database } from '../../ops/platform/database.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { migrate, migrationsDirectory } from '../../ops/platform/migrations.ts'
import { scavenge } from '../../ops/platform/scavenge.ts'
import { projections } from '../../projections/all.ts'
import { build } from '../../projections/engine/build.ts'
import { Builds } from '../../projections/engine/builds.ts'
import { check } from '../../projections/engine/check.ts'
import { runGroup } from '../../projections/engine/group.ts'
import { RunningStore, temporaryFolder } from '../embedded/eventstore/running.ts'
import { eventually } from '../eventually.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'

const at = '2026-11-24T09:00:00.000Z'
const quietly = () => undefined

describe('read models and the log that they are of', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const folders: string[] = []
  let databaseUrl: string
  let secret: string
  let database: Database
  let server: RunningStore
  let store: EventStore
  let groups: { stop: () => Promise<unknown> }[] = []

  const folder = async () => {
    const made = await temporaryFolder()
    folders.push(made)
    return made
  }
  before(async () => {
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    databaseUrl = config.DATABASE_URL
    secret = config.DATA_ENCRYPTION_KEY
    database = connectDatabase({ url: databaseUrl, maxConnections: 2, onError: quietly })
  })
  beforeEach(async () => {
    await rows('drop schema public cascade; create schema public')
    await migrate(databaseUrl, migrationsDirectory)
    server = await RunningStore.start({ dir: await folder(), args: ['--segment-size', '32768'] })
    connect()
  })
  afterEach(async () => {
    await stopGroups()
    await store.close()
    await server.end()
  })
  after(async () => {
    await database.end()
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
    for (const made of folders) await fs.rm(made, { recursive: true })
  })

  const url = () => `esdb://127.0.0.1:${server.port}?tls=false`
  const connect = () => (store = connectEventStore({ url: url(), secret, personalFields }))
  const rows = async <Row>(sql: string) => (await database.query(sql)).rows as Row[]

  function group() {
    const controller = new AbortController()
    const { signal } = controller
    const common = { databaseUrl, store, projections, log: specLog, signal }
    const read = () => store.readAll(undefined)
    const builds = new Builds((versions) => build({ ...common, read, versions }), specLog, signal)
    const running = runGroup({ ...common, builds, promotes: 'auto', onPromoted: () => Promise.resolve(undefined) })
    groups.push({ stop: () => (controller.abort(), Promise.all([running, builds.settled()])) })
  }
  async function stopGroups() {
    await Promise.all(groups.map(({ stop }) => stop()))
    groups = []
  }
  async function register(...names: string[]) {
    for (const name of names) {
      const event = { type: 'FacilityRegistered', data: { name, code: name, registered_at: at } }
      const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' } }
      await store.append(
        `facility-${crypto.randomUUID()}`,
        [{ id: crypto.randomUUID(), ...event, metadata }],
        'no_stream',
      )
    }
  }
  const shown = async () =>
    (await rows<{ name: string }>('select name from facilities order by name')).map(({ name }) => name).join()
  const shows = (names: string) => eventually(async () => expect(await shown()).to.equal(names), 20_000)

  /** The server ends, and goes on at the same address with what a backup held. */
  async function restoreFrom(backup: string) {
    const { port } = server
    await server.end('SIGKILL')
    const to = await folder()
    restore(backup, to, quietly)
    server = await RunningStore.start({ dir: to, args: ['--port', String(port)] })
  }
  /** What readers see until it is this, no read model is stopped, and nothing drifts. */
  async function seenUntil(names: string): Promise<Set<string>> {
    const seen = new Set<string>()
    await eventually(async () => {
      seen.add(await shown().catch(({ code }: { code: string }) => code))
      expect([...seen].at(-1)).to.equal(names)
    }, 20_000)
    await eventually(async () =>
      expect(await rows(`select distinct state from projections`)).to.deep.equal([{ state: 'live' }]),
    )
    const signal = new AbortController().signal
    const checked = await check({ databaseUrl, store, projections, signal, onProgress: quietly })
    for (const { name, drift, fault } of checked)
      expect([fault, drift.added, drift.removed, drift.changed], name).to.deep.equal([undefined, 0, 0, 0])
    return seen
  }

  for (const [what, later, names] of [
    ['has less than they were made from', [], 'a,b'],
    ['has grown past where they stand', ['e', 'f', 'g', 'h', 'i', 'j'], 'a,b,e,f,g,h,i,j'],
  ] as const)
    for (const followed of [false, true])
      it(`are built again when a log that was restored ${what}${followed ? ', under those who follow it' : ''}`, async () => {
        const backup = await folder()
        await register('a', 'b')
        backUp(server.dir, backup, quietly)
        await register('c', 'd')
        group()
        await shows('a,b,c,d')
        if (!followed) await stopGroups()
        await restoreFrom(backup)
        if (!followed) {
          await store.close()
          connect()
        }
        await eventually(() => store.head())
        await register(...later)
        if (!followed) group()
        const seen = await seenUntil(names)
        expect(
          [...seen].filter((one) => !['a,b,c,d', '42P01', names].includes(one)),
          'a part of it',
        ).to.deep.equal([])
      })

  it('are built again when the log is another one altogether, and longer', async () => {
    await register('a')
    group()
    await shows('a')
    await stopGroups()
    await store.close()
    await server.end()
    server = await RunningStore.start({ dir: await folder() })
    connect()
    await register('u', 'v', 'w')
    group()
    await seenUntil('u,v,w')
  })

  it('go on where the event that they stand at is gone for good reasons', async () => {
    await register('a', 'b')
    const doomed = `facility-${crypto.randomUUID()}`
    const data = { name: 'doomed', code: 'd', registered_at: at }
    const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' } }
    const { position } = await store.append(
      doomed,
      [{ id: crypto.randomUUID(), type: 'FacilityRegistered', data, metadata }],
      'no_stream',
    )
    group()
    await shows('a,b,doomed')
    await stopGroups()
    await rows(`update facilities set timezone = 'Mars'`)
    await server.client.tombstoneStream(doomed)
    // Only what lies before the part that is written to is scavenged.
    for (let i = 0; i < 8; i++)
      await server.client.appendToStream('$elsewhere', jsonEvent({ type: '$filler', data: { text: 'x'.repeat(9000) } }))
    await scavenge(url())
    expect(await store.eventAt(position)).to.equal('gone')
    group()
    await register('later')
    await shows('a,b,doomed,later')
    expect(await rows(`select timezone from facilities where name = 'a'`), 'not built again').to.deep.equal([
      { timezone: 'Mars' },
    ])
  })

  it('go on where it was not kept yet which event that is', async () => {
    await register('a')
    group()
    await shows('a')
    expect(await rows('select 1 from projection_groups where event_id is not null')).to.have.length(1)
    await stopGroups()
    await rows(`update projection_groups set event_id = null; update facilities set timezone = 'Mars'`)
    group()
    await register('b')
    await shows('a,b')
    expect(await rows(`select timezone from facilities where name = 'a'`)).to.deep.equal([{ timezone: 'Mars' }])
  })
})
