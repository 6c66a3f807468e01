import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { createLifecycle, type Lifecycle } from '../../ops/platform/lifecycle.ts'
import { programOf } from '../../ops/embedded/program.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { projections } from '../../projections/all.ts'
import { Builds } from '../../projections/engine/builds.ts'
import { check } from '../../projections/engine/check.ts'
import { runGroup } from '../../projections/engine/group.ts'
import { eventually } from '../eventually.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'
import type { Order } from './buildProcess.ts'
import { nextVersionsOf } from './nextVersions.ts'

/** How many places to die at, spread over all of a build; BUILD_KILLS=1000 is every one. */
const kills = Number(process.env['BUILD_KILLS'] ?? 5)
const at = '2026-11-24T09:00:00.000Z'

describe('a build that is killed', function () {
  this.timeout(60_000 + kills * 5_000)
  const dataDir = temporaryDataDir()
  const lifecycle: Lifecycle = createLifecycle({ log: specLog })
  const next = nextVersionsOf('facilities', 'uploads')
  let connections: Connections

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    for (let i = 0; i < 30; i++) {
      const [facility, upload] = [crypto.randomUUID(), crypto.randomUUID()]
      await append(`facility-${facility}`, 'FacilityRegistered', { name: `P ${i}`, code: `${i}`, registered_at: at })
      const received = { facility_id: facility, file_name: 'a.wav', content_type: 'audio/wav', object_key: `k${i}` }
      await append(`upload-${upload}`, 'UploadReceived', { ...received, size_bytes: i, sha256: 'ab', received_at: at })
    }
    await followUntilCaughtUp()
    for (const { name, version } of next) {
      await rows(`create table ${name}_v${version} (like ${name}_v${version - 1} including all)`)
      await rows(`insert into projections (name, version, state, serving) values ($1, $2, 'building', false)`, [
        name,
        version,
      ])
    }
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const append = (stream: string, type: string, data: Record<string, unknown>) =>
    connections.store.append(
      stream,
      [{ id: crypto.randomUUID(), type, data, metadata: { schema: 1, actor: { kind: 'system', id: 'spec' } } }],
      'no_stream',
    )
  const rows = async <Row>(sql: string, values: unknown[] = []) =>
    (await connections.database.query(sql, values)).rows as Row[]

  /** The live group, for as long as it takes, with these to be shown. */
  async function followUntilCaughtUp(current = projections, retired: typeof projections = []) {
    const controller = new AbortController()
    const { signal } = controller
    const running = runGroup({
      databaseUrl: connections.config.DATABASE_URL,
      store: connections.store,
      projections: current,
      retired,
      builds: new Builds(() => Promise.resolve(), specLog, signal),
      promotes: 'auto',
      onPromoted: () => Promise.resolve(undefined),
      log: specLog,
      signal,
    })
    await eventually(async () => {
      const [group] = await rows<{ position: string }>('select position from projection_groups')
      expect(BigInt(group?.position ?? -1)).to.equal(await connections.store.head())
      const shown = await rows<{ name: string; version: number }>('select name, version from projections where serving')
      expect(shown).to.have.deep.members(current.map(({ name, version }) => ({ name, version })))
    })
    controller.abort()
    await running
  }

  async function build(dieAt: number): Promise<number | 'killed'> {
    const { DATABASE_URL, EVENTSTORE_URL, DATA_ENCRYPTION_KEY } = connections.config
    const [program, ...args] = programOf('spec/projections/buildProcess.ts')
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const order: Order = {
      databaseUrl: DATABASE_URL,
      eventStoreUrl: EVENTSTORE_URL,
      secret: DATA_ENCRYPTION_KEY,
      dieAt,
    }
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const [said, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (signal === 'SIGKILL') return 'killed'
    expect(code).to.equal(0)
    return (JSON.parse(said) as { statements: number }).statements
  }

  const reset = () =>
    rows(
      `update projections set state = 'building', position = null, expected = null, error = null where name || '@' || version = any($1)`,
      [next.map(({ name, version }) => `${name}@${version}`)],
    )

  it('leaves a table that is there as a whole or not at all, and ends well when it is begun again: 0 drift', async () => {
    const statements = Number(await build(-1))
    expect(statements).to.be.greaterThan(20)
    const step = Math.max(1, statements / kills)
    for (let place = 0; place < statements; place += step) {
      await reset()
      expect(await build(Math.floor(place)), `statement ${Math.floor(place)}`).to.equal('killed')
      for (const { name, version } of next) {
        const [{ state } = { state: '' }] = await rows<{ state: string }>(
          'select state from projections where name = $1 and version = $2',
          [name, version],
        )
        const count = (await rows(`select 1 from ${name}_v${version}`)).length
        if (state !== 'building') expect(count, `${name} is ${state}`).to.equal(30)
        if (state === 'building') expect(count % 30, `${name} is built in part`).to.equal(0)
      }
      expect((await rows('select 1 from facilities')).length, 'what is read').to.equal(30)
    }
    expect(await build(-1)).to.be.a('number')
    const later = projections.map((one) => next.find(({ name }) => name === one.name) ?? one)
    const earlier = projections.filter((one) => !later.includes(one))
    await followUntilCaughtUp(later, earlier)
    const checked = await check({
      databaseUrl: connections.config.DATABASE_URL,
      store: connections.store,
      projections: [...later, ...earlier],
      signal: new AbortController().signal,
      onProgress: () => undefined,
    })
    expect(checked).to.have.length(projections.length + 2)
    for (const { name, version, drift, fault } of checked)
      expect([fault, drift.added, drift.removed, drift.changed], `${name} ${version}`).to.deep.equal([
        undefined,
        0,
        0,
        0,
      ])
  })
})
