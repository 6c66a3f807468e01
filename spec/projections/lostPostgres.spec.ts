import { expect } from 'chai'
import { rmSync } from 'node:fs'
import { personalFields } from '../../domain/events.ts'
import { connectDatabase, type Database } from '../../ops/platform/database.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { makeAdmin } from '../../ops/admins/making.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { serveApi } from '../../ops/roles/api.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { runProjections } from '../../ops/roles/projections.ts'
import { openDoor } from '../../ops/server/door.ts'
import { projections } from '../../projections/all.ts'
import { check } from '../../projections/engine/check.ts'
import { type Answered, type Api, apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { logIn, specLog, startServers, temporaryDataDir } from '../system.ts'

/** Every log is long to these instances. */
const bounds = { followedFromStart: 0n }

describe('a long log whose Postgres is lost', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const servers = createLifecycle({ log: specLog })
  let config: Connections['config']
  let database: Database
  let store: EventStore
  let instances: Instance[] = []
  let facilities = 0

  let admin: { email: string; password: string } | undefined

  interface Instance {
    api: Api
    ready: () => Promise<Answered>
    stop: () => Promise<void>
  }

  /** An instance of everything that reads and follows; its start migrates. */
  async function start(): Promise<Instance> {
    const lifecycle = createLifecycle({ log: specLog })
    const door = await openDoor(config.BIND_ADDR, false, specLog)
    const connections = await openConnections(config, specLog, lifecycle)
    runProjections(connections, bounds)
    await serveApi(connections, door)
    lifecycle.onStop('http', () => door.close())
    const url = `http://127.0.0.1:${door.port}`
    admin ??= await makeAdmin(config, { email: 'admin@example.test', name: 'Admin', mustChangePassword: false })
    const api = await logIn(url, admin.email, admin.password)
    const instance = { api, ready: () => apiOf(url).get('/health/ready'), stop: () => lifecycle.stop('over') }
    instances.push(instance)
    return instance
  }
  async function stopAll() {
    await Promise.all(instances.map(({ stop }) => stop()))
    instances = []
  }
  const rows = async <Row>(sql: string) => (await database.query(sql)).rows as Row[]
  const allLive = () =>
    eventually(async () => {
      const found = await rows<{ name: string; state: string }>('select name, state from projections where serving')
      expect(found).to.have.deep.members(projections.map(({ name }) => ({ name, state: 'live' })))
    }, 30_000)
  const loseEverything = () => rows('drop schema public cascade; create schema public')

  async function expectNoDrift() {
    const signal = new AbortController().signal
    const given = { databaseUrl: config.DATABASE_URL, store, projections, signal, onProgress: () => undefined }
    const checked = await check(given)
    expect(checked).to.have.length(projections.length)
    for (const { name, drift, fault } of checked)
      expect([fault, drift.added, drift.removed, drift.changed], name).to.deep.equal([undefined, 0, 0, 0])
  }

  /** What readers are told until all of them see everything. */
  async function readUntilThere(): Promise<Set<string>> {
    const told = new Set<string>()
    const position = String(await store.head())
    const read = async ({ api }: Instance, headers: Record<string, string>) => {
      const { status, body } = await api.get('/api/v1/facilities?per_page=1', headers)
      const what = status === 200 ? `${body.total} facilities` : `${status} ${body.code}`
      told.add(what)
      return what
    }
    await eventually(async () => {
      const answers = instances.flatMap((one) => [{}, { 'Read-After': position }].map((headers) => read(one, headers)))
      expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([`${facilities} facilities`]))
    }, 30_000)
    return told
  }

  before(async () => {
    const { stack, config: given } = await startServers(dataDir, { LOG_LEVEL: specLog.level })
    servers.onStop('stack', () => stack.stop())
    config = given
    store = connectEventStore({ url: config.EVENTSTORE_URL, secret: config.DATA_ENCRYPTION_KEY, personalFields })
    database = connectDatabase({ url: config.DATABASE_URL, maxConnections: 2, onError: () => undefined })
    const { api } = await start()
    for (; facilities < 40; facilities++) {
      const name = `plant-${facilities}`
      expect((await api.post('/api/v1/facilities', { name, code: name })).status).to.equal(201)
    }
    await allLive()
    await stopAll()
  })
  afterEach(stopAll)
  after(async () => {
    await stopAll()
    await database.end()
    await store.close()
    await servers.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('is built from, not followed: until all is there readers hear that it is not, and never see a part', async () => {
    await loseEverything()
    const head = await store.head()
    const [first] = await Promise.all([start(), start()])
    const named: unknown[] = []
    const reading = readUntilThere()
    await eventually(async () => {
      const { body } = await first.ready()
      named.push(body.checks.projections.detail?.stopped ?? [])
      expect(named.at(-1)).to.have.members(projections.map(({ name }) => name))
    })
    const [group] = await rows<{ position: string }>('select position from projection_groups')
    expect(BigInt(group!.position) >= head!, 'the group begins at the end').to.equal(true)
    expect([...(await reading)].sort()).to.deep.equal([`${facilities} facilities`, '503 read_model_behind'].sort())
    await allLive()
    await expectNoDrift()
  })

  it('ends well whatever is cut off on the way', async () => {
    await loseEverything()
    await start()
    const states = new Set<string>()
    for (const wanted of ['building', 'verifying', 'ready', 'live'] as const) {
      await eventually(async () => {
        for (const { state } of await rows<{ state: string }>('select distinct state from projections'))
          states.add(state)
        expect([...states].some((state) => state === wanted || state === 'live')).to.equal(true)
      }, 30_000)
      await rows(`select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()`)
    }
    await allLive()
    expect(await readUntilThere()).to.include(`${facilities} facilities`)
    await expectNoDrift()
  })

  it('that is not long is followed from its first event', async () => {
    await loseEverything()
    bounds.followedFromStart = 1n << 40n
    await start()
    const states = new Set<string>()
    await eventually(async () => {
      for (const { state } of await rows<{ state: string }>('select distinct state from projections')) states.add(state)
      expect(states).to.include('live')
    })
    await readUntilThere()
    expect([...states]).to.deep.equal(['live'])
  })
})
