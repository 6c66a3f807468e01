import { expect } from 'chai'
import { rmSync } from 'node:fs'
import { v5 as uuid } from 'uuid'
import type { EventStore, NewEvent } from '../../ops/platform/eventStore.ts'
import { createLifecycle, type Lifecycle } from '../../ops/platform/lifecycle.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { projections } from '../../projections/all.ts'
import { build } from '../../projections/engine/build.ts'
import { type Build, Builds } from '../../projections/engine/builds.ts'
import { runGroup } from '../../projections/engine/group.ts'
import type { AnyProjection, Projection } from '../../projections/engine/projection.ts'
import { keyOf } from '../../projections/engine/versions.ts'
import { eventually } from '../eventually.ts'
import { specLog, startServers, temporaryDataDir } from '../system.ts'

export const at = '2026-11-24T09:00:00.000Z'
export const idOf = (words: string) => uuid(words, '0d6bbd47-7c2f-4c5d-9d30-3f8f6b3b7a11')
/** What the release of tomorrow makes of a read model of today. */
export const nextOf = (name: string, change: (one: Projection) => Partial<Projection>): Projection => {
  const today = projections.find((one) => one.name === name) as Projection
  return { ...today, version: today.version + 1, ...change(today) }
}

/** A log of facilities, uploads and their jobs, and live groups of whatever release. To be called in a `describe`. */
export function projectionsUnderTest() {
  const dataDir = temporaryDataDir()
  const lifecycle: Lifecycle = createLifecycle({ log: specLog })
  let connections: Connections
  let groups: { stop: () => Promise<unknown> }[] = []
  let facilities = 0

  before(async function () {
    this.timeout(60_000)
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    for (let i = 0; i < 60; i++) await someFacility()
    for (let i = 0; i < 40; i++) await someUpload(i)
  })
  const stopGroups = async () => {
    await Promise.all(groups.map((group) => group.stop()))
    groups = []
  }
  afterEach(async () => {
    await stopGroups()
    for (const { name, version } of projections.filter((one) =>
      ['facilities', 'uploads', 'resource_events'].includes(one.name),
    ))
      await rows(`drop view if exists ${name}; drop table if exists ${name}_v${version + 1}, ${name}_v${version + 2}`)
    await rows(`delete from projections where name || '@' || version <> all($1)`, [projections.map(keyOf)])
    await rows('update projections set serving = true')
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const append = (stream: string, events: [type: string, data: Record<string, unknown>][], from = -1) =>
    connections.store.append(
      stream,
      events.map(([type, data], i): NewEvent => ({
        id: idOf(`${stream} ${from + 1 + i}`),
        type,
        data,
        metadata: { schema: 1, actor: { kind: 'system', id: 'spec' } },
      })),
      from < 0 ? 'no_stream' : from,
    )
  async function someFacility() {
    const n = facilities++
    const id = idOf(`facility ${n}`)
    await append(`facility-${id}`, [
      ['FacilityRegistered', { name: `Plant ${n}`, code: `P-${n}`, timezone: 'Asia/Seoul', registered_at: at }],
      ['FacilityRenamed', { name: `Works\t${n}\\n`, renamed_at: at }],
    ])
    return id
  }
  async function someUpload(n: number) {
    const [upload, job, facility] = [idOf(`upload ${n}`), idOf(`job ${n}`), idOf(`facility ${n % 10}`)]
    const received = {
      facility_id: facility,
      file_name: `"${n}", ${n}.wav`,
      content_type: 'audio/wav',
      object_key: `k${n}`,
      size_bytes: n,
      sha256: 'ab',
      metadata: { n, deep: ['\u2028', "it's"] },
      received_at: at,
    }
    await append(`upload-${upload}`, [['UploadReceived', received]])
    await append(`transcodeJob-${job}`, [
      [
        'TranscodeRequested',
        { upload_id: upload, facility_id: facility, formats: ['opus-webm'], bitrate: 96_000, requested_at: at },
      ],
      ['TranscodeStarted', { upload_id: upload, attempt: 1, worker: 'w', started_at: at }],
      ...(n % 3
        ? []
        : [
            ['TranscodeFailed', { upload_id: upload, attempt: 1, reason: 'no sound', failed_at: at }] as [
              string,
              Record<string, unknown>,
            ],
          ]),
    ])
    await append(
      `upload-${upload}`,
      [
        ['UploadTagged', { tag_id: idOf('tag'), tagged_at: at }],
        ...(n % 5 ? [] : [['UploadDeleted', { deleted_at: at }] as [string, Record<string, unknown>]]),
      ],
      0,
    )
  }

  const rows = async <Row>(sql: string, values: unknown[] = []) =>
    (await connections.database.query(sql, values)).rows as Row[]
  const stateOf = async (name: string, version: number) =>
    (
      await rows<{ state: string; serving: boolean; error: { message: string } | null; position: string | null }>(
        'select * from projections where name = $1 and version = $2',
        [name, version],
      )
    )[0]

  function group(
    members: readonly AnyProjection[],
    {
      retired = [],
      promotes = 'auto' as 'auto' | 'manual',
      ...bounds
    }: { retired?: readonly AnyProjection[]; promotes?: 'auto' | 'manual'; followedFromStart?: bigint } = {},
  ) {
    const controller = new AbortController()
    const { signal } = controller
    let subscriptions = 0
    const follow: EventStore['follow'] = (options) => (subscriptions++, connections.store.follow(options))
    const store = { ...connections.store, follow }
    const common = { databaseUrl: connections.config.DATABASE_URL, store, log: specLog, signal }
    const read = () =>
      connections.store.readFast(undefined, (why) => {
        throw why
      })
    const building: Build = (versions) => build({ ...common, read, projections: [...members, ...retired], versions })
    const builds = new Builds(building, specLog, signal)
    const promoted: [string, number, number | undefined][] = []
    const onPromoted = (...what: [string, number, number | undefined]) => {
      promoted.push(what)
      return Promise.resolve(undefined)
    }
    const running = runGroup({ ...common, ...bounds, projections: members, retired, builds, promotes, onPromoted })
    const started = {
      promoted,
      subscriptions: () => subscriptions,
      stop: () => (controller.abort(), Promise.all([running, builds.settled()])),
    }
    groups.push(started)
    return started
  }
  const withNext = (next: Projection) => projections.map((one) => (one.name === next.name ? next : one))
  const old = (name: string) => [projections.find((one) => one.name === name)!]
  const caughtUp = () =>
    eventually(async () => {
      const [at] = await rows<{ position: string }>(`select position from projection_groups`)
      expect(BigInt(at?.position ?? -1)).to.equal(await connections.store.head())
    })
  async function today() {
    const running = group(projections)
    await caughtUp()
    await eventually(async () => {
      for (const { name } of projections)
        expect(await rows('select to_regclass($1) as known', [name])).to.not.deep.equal([{ known: null }])
    })
    await running.stop()
  }

  const shouting = nextOf('facilities', (one) => ({
    on: {
      ...one.on,
      FacilityRenamed: (row, { data }) => ({ ...row, name: data.name, loud_name: data.name.toUpperCase() }),
    },
  }))
  /** Of tomorrow as well, and cannot fold a name that has these words. */
  const fussyAbout = (words: string) =>
    nextOf('facilities', (one) => ({
      on: {
        ...one.on,
        FacilityRenamed: (row, { data }) => {
          if (data.name.includes(words)) throw new Error('a name with those words')
          return { ...row, name: data.name }
        },
      },
    }))
  const tableForShouting = () => rows('create table facilities_v2 (like facilities_v1 including all, loud_name text)')

  /** One build, as the child process of a leader would do it. */
  const buildOnce = (members: readonly AnyProjection[], versions: readonly string[], read?: () => AsyncIterable<any>) =>
    build({
      databaseUrl: connections.config.DATABASE_URL,
      store: connections.store,
      read: read ?? (() => connections.store.readAll(undefined)),
      projections: members,
      versions,
      log: specLog,
      signal: new AbortController().signal,
    })
  const ask = (name: string, version = 2) =>
    rows(`insert into projections (name, version, state, serving) values ($1, $2, 'building', false)`, [name, version])

  return {
    dataDir,
    get connections() {
      return connections
    },
    /** So many there are. */
    get facilities() {
      return facilities
    },
    append,
    ask,
    buildOnce,
    caughtUp,
    fussyAbout,
    group,
    old,
    rows,
    shouting,
    someFacility,
    someUpload,
    stateOf,
    stopGroups,
    tableForShouting,
    today,
    withNext,
  }
}
