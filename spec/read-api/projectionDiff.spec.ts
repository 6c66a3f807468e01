import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { systemIntent } from '../../commands/http.ts'
import { registerUser } from '../../commands/users.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { compareVersions, everything } from '../../ops/projections/comparing.ts'
import { projections } from '../../projections/all.ts'
import type { Projection } from '../../projections/engine/projection.ts'
import { projectionDiff } from '../../read-api/projectionDiff.ts'
import { type Api, type Answered, apiOf, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { at, nextOf, projectionsUnderTest } from '../projections/underTest.ts'
import { served } from '../served.ts'

describe('what another version of a read model would show', function () {
  this.timeout(30_000)
  const tested = projectionsUnderTest()
  const { caughtUp, group, rows, someFacility, stateOf, stopGroups, today } = tested

  const facilities = nextOf('facilities', (one) => ({
    on: { ...one.on, FacilityRenamed: (row, { data }) => ({ ...row, name: `${data.name}!` }) },
  }))
  const uploads = nextOf('uploads', (one) => ({
    on: {
      ...one.on,
      UploadTagged: (row) => ({ ...row, tags: [], object_key: 'hidden', metadata: { wrapped: 'secret', of: 1 } }),
    },
  }))
  const users = nextOf('users', (one) => ({
    on: {
      ...one.on,
      UserRegistered: {
        create: (event) => {
          const { create } = one.on.UserRegistered as { create: (event: object) => { name: string; email: string } }
          const row = create(event)
          return { ...row, name: `Dr ${row.name}`, email: `new.${row.email}`, must_change_password: true }
        },
      },
    },
  }))
  const next = [facilities, uploads, users]

  let api: Api
  let close: () => Promise<void>
  async function serve(timeoutMs: number, folds = [...everything, ...next]) {
    const { store, config } = tested.connections
    const options = { databaseUrl: config.DATABASE_URL, store, folds, timeoutMs }
    const server = await served(projectionDiff((...asked) => compareVersions(options, ...asked)))
    api = apiOf(server.url)
    close = server.close
  }
  afterEach(() => close())
  const get = (path: string) => api.get(`/api/v1/projections/${path}`)

  /** Two versions of each of these, both followed, the first one shown. */
  async function twoVersions(...wanted: Projection[]) {
    await today()
    for (const { name, version } of wanted)
      await rows(`create table ${name}_v${version} (like ${name}_v${version - 1} including all)`)
    const members = projections.map((one) => wanted.find(({ name }) => name === one.name) ?? one)
    const retired = projections.filter(({ name }) => wanted.some((one) => one.name === name))
    group(members, { retired, promotes: 'manual' })
    for (const { name, version } of wanted)
      await eventually(async () => expect((await stateOf(name, version))?.state).to.equal('live'))
    await caughtUp()
    await stopGroups()
  }
  afterEach(() => rows('drop table if exists users_v2'))

  it('is counted, and shown with the event that makes the difference', async () => {
    await serve(5000)
    await twoVersions(facilities)
    const { status, body } = await get('facilities/diff?samples=2')
    expect(status).to.equal(200)
    const position = String(await tested.connections.store.head())
    const { samples, ...counted } = body
    expect(counted).to.deep.equal({
      name: 'facilities',
      shown: { version: 1, position },
      other: { version: 2, position },
      added: 0,
      removed: 0,
      changed: tested.facilities,
      fields: [{ field: 'name', rows: tested.facilities }],
    })
    expect(samples).to.have.length(2)
    for (const { id, kind, since, fields } of samples) {
      expect([kind, since]).to.deep.equal(['changed', `FacilityRenamed 1@facility-${id}`])
      expect(fields).to.have.length(1)
      expect(fields[0]).to.include({ field: 'name', after: `${fields[0].before}!` })
    }
    expect((await get('facilities/diff')).body.samples).to.have.length(5)
    expect((await get('facilities/diff?samples=0&version=2')).body.samples).to.deep.equal([])
    for (const query of ['samples=21', 'samples=-1', 'samples=many', 'version=0', 'version=x', 'page=1'])
      expectProblem(await get(`facilities/diff?${query}`), 400, 'invalid_request')
    for (const [version, detail] of [
      [1, 'Version 1 of facilities is the one that is shown: name another'],
      [3, 'Version 3 of facilities is unknown, not built'],
    ] as const) {
      const refused = await get(`facilities/diff?version=${version}`)
      expectProblem(refused, 409, 'not_ready')
      expect(refused.body.detail).to.equal(detail)
    }
    for (const name of ['nothing', 'NOTHING;']) expectProblem(await get(`${name}/diff`), 404, 'not_found')
    expectProblem(await get('uploads/diff'), 409, 'not_ready')
  })

  it('hides secrets, and what is sealed in the log', async () => {
    await serve(5000)
    const { store } = tested.connections
    const ada = { email: 'ada@example.test', name: 'Ada Lovelace', role: 'super_admin' as const }
    const more = { password_hash: 'hashed', must_change_password: false, registered_at: at }
    await registerUser({ store, now: () => at }, randomUUID(), { ...ada, ...more }, systemIntent('spec', 'diff'))
    await twoVersions(uploads, users)

    const files = await get('uploads/diff?samples=20')
    expect(files.body.fields.map(({ field }: { field: string }) => field)).to.include.members(['object_key', 'tags'])
    const shown = new Set(files.body.samples.flatMap((one: { fields: { field: string }[] }) => one.fields))
    expect([...shown].map((one) => (one as { field: string }).field)).to.include.members(['tags', 'metadata'])
    expect(files.bytes.toString().replaceAll('"field":"object_key","rows"', '')).to.not.match(
      /object_key|hidden|secret/,
    )

    const people = await get('users/diff')
    expect(people.body).to.deep.include({ changed: 1 })
    const changed = people.body.samples[0].fields
    expect(changed).to.deep.equal([{ field: 'must_change_password', before: false, after: true }])
    expect(people.bytes.toString()).to.not.match(/Ada|Dr |example\.test|hashed/)
  })

  it('says so where the two do not stand at the same position, and where one cannot be folded here', async () => {
    await serve(5000)
    await twoVersions(facilities)
    const behind = String(await tested.connections.store.head())
    await rows(`update projections set state = 'stopped', position = $1 where name = 'facilities' and version = 2`, [
      behind,
    ])
    await someFacility()
    group(projections)
    await caughtUp()
    await stopGroups()
    const { body } = await get('facilities/diff?samples=20')
    expect([body.shown.position, body.other.position]).to.deep.equal([
      String(await tested.connections.store.head()),
      behind,
    ])
    expect(body).to.include({ removed: 1 })

    await rows(`update projections set state = 'building', position = null where name = 'facilities' and version = 2`)
    for (const path of ['facilities/diff', 'facilities/diff?version=2'])
      expectProblem(await get(path), 409, 'not_ready')
    await close()
    await rows(`update projections set state = 'live' where name = 'facilities' and version = 2`)
    await serve(5000, [...everything])
    const unknown = await get('facilities/diff')
    expectProblem(unknown, 409, 'not_ready')
    expect(unknown.body.detail).to.equal('This release has no fold of version 2 of facilities')
  })

  it('is looked at one at a time, and no longer than is good for the others', async () => {
    await serve(1500)
    await twoVersions(facilities)
    const holder = await connectAlone(tested.connections.config.DATABASE_URL, () => undefined)
    await holder.query('begin; lock table facilities_v2 in access exclusive mode')
    const first = get('facilities/diff')
    let second: Answered | undefined
    await eventually(async () => {
      const waiting = await rows(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%full join%'`,
      )
      expect(waiting).to.have.length(1)
      second ??= await get('facilities/diff')
    })
    expectProblem(second!, 429, 'rate_limited')
    expect(second!.headers.get('Retry-After')).to.equal('5')
    const slow = await first
    expectProblem(slow, 503, 'unavailable')
    expect(slow.headers.get('Retry-After')).to.equal('60')
    await holder.end()
    expect((await get('facilities/diff')).status).to.equal(200)
  })
})
