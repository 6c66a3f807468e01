import { randomBytes, randomUUID } from 'node:crypto'
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as ProjectionStream from '../../domain/projection.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { projections } from '../../projections/all.ts'
import { audit } from '../../projections/audit.ts'
import { Building } from '../../projections/engine/building.ts'
import type { AnyProjection } from '../../projections/engine/projection.ts'
import { rebuild } from '../../projections/engine/rebuild.ts'
import { eventually } from '../eventually.ts'
import { at, idOf, nextOf, projectionsUnderTest } from './underTest.ts'

const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' } }

describe('an event that nobody expected', function () {
  this.timeout(40_000)
  const tested = projectionsUnderTest()
  const { append, ask, buildOnce, caughtUp, group, old, rows, someFacility, stateOf, stopGroups, today } = tested

  const skip = (name: string, position: string) => {
    const said = ProjectionStream.skip({ position, reason: 'spec', skipped_at: at })
    return handle(tested.connections.store, ProjectionStream, name, said, systemIntent('spec', 'skip', name, position))
  }
  async function expectFollowing() {
    const id = await someFacility()
    await eventually(async () =>
      expect(await rows('select 1 from facilities_v1 where id = $1', [id])).to.have.length(1),
    )
  }
  /** A user with an event that no key opens; where that is. */
  async function unreadableUser(words: string): Promise<string> {
    const { store, config } = tested.connections
    const id = idOf(words)
    const key = { wrapped: store.sealing.newKey(), created_at: at }
    await store.append(
      `userKey-${id}`,
      [{ id: randomUUID(), type: 'UserKeyCreated', data: key, metadata }],
      'no_stream',
    )
    const person = { email: `${words}@example.test`, name: 'N', role: 'user', password_hash: 'h' }
    await append(`user-${id}`, [['UserRegistered', { ...person, must_change_password: false, registered_at: at }]])
    const client = EventStoreDBClient.connectionString(config.EVENTSTORE_URL)
    const data = { name: { sealed: 'v1', box: 'A'.repeat(60) }, renamed_at: at }
    const event = jsonEvent({ id: randomUUID(), type: 'UserRenamed', data, metadata })
    const { position } = await client.appendToStream(`user-${id}`, event, { expectedRevision: 0n })
    await client.dispose()
    return String(position!.commit)
  }
  const requested = (upload_id: string) => ({
    ...{ upload_id, facility_id: idOf('facility 1'), formats: ['opus-webm'], bitrate: 1, requested_at: at },
  })

  it('names a row by what is no id: it stops those that look for the row, and nobody else', async () => {
    await today()
    group(projections)
    await caughtUp()
    await append(`transcodeJob-${idOf('bad job')}`, [['TranscodeRequested', requested('nonsense')]])
    await expectFollowing()
    await eventually(async () => expect((await stateOf('uploads', 2))!.state).to.equal('stopped'))
    const [{ position }] = (await tested.connections.store.read(`transcodeJob-${idOf('bad job')}`)) as [Recorded]
    expect((await stateOf('uploads', 2))!.error).to.include({ position: String(position), type: 'TranscodeRequested' })
    expect((await stateOf('resource_events', 3))!.state).to.equal('live')
    for (const name of ['uploads', 'transcode_jobs']) await skip(name, String(position))
    for (const [name, version] of [
      ['uploads', 2],
      ['transcode_jobs', 1],
    ] as const)
      await eventually(async () => expect((await stateOf(name, version))!.state).to.equal('live'))
  })

  it('makes a row too large for an index: it stops that read model, and no other', async () => {
    const telling: AnyProjection = {
      ...audit,
      each: (event) => audit.each(event).map((row) => ({ ...row, action: event.json })),
    }
    await today()
    group(projections.map((one) => (one.name === 'audit' ? telling : one)))
    await caughtUp()
    const name = randomBytes(6000).toString('base64')
    await append(`facility-${idOf('long')}`, [
      ['FacilityRegistered', { name, code: 'long', timezone: 'Asia/Seoul', registered_at: at }],
    ])
    await expectFollowing()
    await eventually(async () => expect((await stateOf('audit', 1))!.state).to.equal('stopped'))
    expect((await stateOf('audit', 1))!.error).to.include({ type: 'FacilityRegistered', revision: 0 })
    expect((await stateOf('facilities', 1))!.state).to.equal('live')
  })

  it('stops a build at the same place, whether it holds the rows or has written them', async () => {
    await today()
    await rows('create table uploads_v3 (like uploads_v2 including all)')
    await ask('uploads', 3)
    const made = (position: number, stream: string, type: string, data: object) =>
      ({ id: randomUUID(), stream, type, revision: 0, position: BigInt(position), data, metadata }) as Recorded
    const file = { file_name: 'a', content_type: 'a/b', object_key: 'k', size_bytes: 1, sha256: 'ab', received_at: at }
    const received = { facility_id: idOf('f'), ...file }
    const first = Array.from({ length: 600 }, (_, i) =>
      made(i + 1, `upload-${idOf(`late ${i}`)}`, 'UploadReceived', received),
    )
    const bad = made(900, `transcodeJob-${idOf('late job')}`, 'TranscodeRequested', requested('nonsense'))
    async function* events() {
      yield await Promise.resolve(first)
      yield [bad]
    }
    for (const maxRows of [100_000, 10]) {
      const next = nextOf('uploads', () => ({}))
      const building = (await Building.begin(tested.connections.config.DATABASE_URL, next, () => undefined))!
      const signal = new AbortController().signal
      const never = () => false
      await rebuild({ events: events(), buildings: [building], skipped: never, onProgress: never, signal, maxRows })
      expect(building.halted, `${maxRows} rows`).to.include({ position: '900', type: 'TranscodeRequested' })
      await building.end()
    }
  })

  it('cannot be unsealed, and is passed over by order: builds go by it too', async () => {
    await today()
    const position = await unreadableUser('sealed')
    group(projections)
    await eventually(async () => expect((await stateOf('users', 1))!.state).to.equal('stopped'))
    await skip('users', position)
    await eventually(async () => expect((await stateOf('users', 1))!.state).to.equal('live'))
    await expectFollowing()
    await stopGroups()
    await rows(`update projections set state = 'building', position = null where name = 'users'`)
    await buildOnce(projections, ['users@1'])
    expect((await stateOf('users', 1))!.state).to.equal('ready')
  })

  it('belongs to no upload, though it is a job’s: the job’s history has it', async () => {
    await today()
    group(projections)
    await caughtUp()
    const job = idOf('job without upload')
    await append(`transcodeJob-${job}`, [
      ['TranscodeRequested', requested(idOf('upload 1'))],
      ['TranscodeStarted', { attempt: 1, worker: 'w', started_at: at }],
    ])
    await eventually(async () =>
      expect(await rows('select resource from resource_events where id = $1', [job])).to.have.length(2),
    )
    expect((await stateOf('resource_events', 3))!.state).to.equal('live')
    await stopGroups()
    const [, { position }] = (await tested.connections.store.read(`transcodeJob-${job}`)) as [Recorded, Recorded]
    await skip('uploads', String(position))
  })

  it('a version that cannot be verified holds up no other that is built with it', async () => {
    await today()
    await tested.tableForShouting()
    await ask('facilities')
    await rows(`update projections set state = 'stopped', position = 0 where name = 'resource_events'`)
    await rows(`update projections set state = 'building', position = null where name = 'users'`)
    const built = buildOnce(tested.withNext(tested.shouting), ['facilities@2', 'users@1'])
    expect(await built.catch((error: Error) => error.message)).to.match(/resource_events/)
    const state = (await stateOf('users', 1))!.state
    await rows(`update projections set state = 'building', position = null where name in ('users', 'resource_events')`)
    expect(state).to.equal('ready')
  })

  it('somebody’s own view upon a read model holds up the swap, and nothing else', async () => {
    await today()
    await tested.tableForShouting()
    await rows('create view report as select name from facilities')
    try {
      group(tested.withNext(tested.shouting), { retired: old('facilities') })
      await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
      await expectFollowing()
      expect((await stateOf('facilities', 1))!.serving).to.equal(true)
    } finally {
      await rows('drop view report')
    }
    await eventually(async () => expect((await stateOf('facilities', 2))!.serving).to.equal(true))
  })
})
