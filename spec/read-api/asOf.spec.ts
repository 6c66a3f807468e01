import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { connectAlone } from '../../ops/platform/database.ts'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'
import { append, asOf, type Change, expectSame, expectWalked, minutesAfter, walk } from './past.ts'

describe('a resource as of then', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
  })
  const minutes = (count: number) => minutesAfter(new Date().toISOString(), count)

  describe('is what the plain GET was at that time or position, to the byte:', () => {
    it('a facility', async () => {
      const { body } = await system.admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
      const walked = await walk(system, `/api/v1/facilities/${body.id}`, `facility-${body.id}`, [
        ['FacilityRenamed', { name: 'Works', renamed_at: minutes(1) }],
        ['FacilityDetailsChanged', { timezone: 'Asia/Seoul', address: 'Pier 9', changed_at: minutes(2) }],
        ['FacilityDeactivated', { deactivated_at: minutes(3) }],
        ['FacilityReactivated', { reactivated_at: minutes(4) }],
      ])
      expect(walked.stops.map(({ answer: { body } }) => [body.name, body.timezone, body.status])).to.deep.equal([
        ['Plant', null, 'active'],
        ['Works', null, 'active'],
        ['Works', 'Asia/Seoul', 'active'],
        ['Works', 'Asia/Seoul', 'inactive'],
        ['Works', 'Asia/Seoul', 'active'],
      ])
      await expectWalked(system, walked)
    })

    it('a user', async () => {
      const { id } = (await newFacility(system)).user
      const changed = (await system.store.read(`user-${id}`)).at(-1)!
      const start = { position: String(changed.position), at: changed.data['changed_at'] as string }
      const changes: Change[] = [
        ['UserRenamed', { name: 'Ada', renamed_at: minutes(1) }],
        ['UserPasswordChanged', { password_hash: 'x', must_change_password: false, changed_at: minutes(2) }],
        ['UserEmailChanged', { email: `${unique('ada')}@example.test`, changed_at: minutes(3) }],
        ['UserRoleChanged', { role: 'facility_admin', changed_at: minutes(4) }],
        ['UserMovedToFacility', { facility_id: facility.id, moved_at: minutes(5) }],
        ['UserDeactivated', { deactivated_at: minutes(6) }],
      ]
      const walked = await walk(system, `/api/v1/users/${id}`, `user-${id}`, changes, start)
      const last = walked.stops.at(-1)!.answer.body
      expect([last.name, last.must_change_password, last.role, last.facility_id, last.status]).to.deep.equal([
        'Ada',
        false,
        'facility_admin',
        facility.id,
        'inactive',
      ])
      await expectWalked(system, walked)
    })

    it('a device', async () => {
      const left = await newFacility(system)
      const { id } = left.device
      const walked = await walk(system, `/api/v1/devices/${id}`, `device-${id}`, [
        ['DeviceRenamed', { name: 'Ear', renamed_at: minutes(1) }],
        ['DeviceMovedToFacility', { facility_id: facility.id, moved_at: minutes(2) }],
        ['DeviceDecommissioned', { decommissioned_at: minutes(3) }],
      ])
      expect(walked.stops.map(({ answer: { body } }) => body.facility_id)).to.deep.equal([
        left.id,
        left.id,
        facility.id,
        facility.id,
      ])
      await expectWalked(system, walked)
    })

    it('an API key', async () => {
      const { body } = await system.admin.post('/api/v1/api-keys', {
        name: 'key',
        facility_id: facility.id,
        scopes: ['heartbeat', 'upload'],
        expires_at: '2031-01-01T09:00:00.5+09:00',
      })
      const walked = await walk(system, `/api/v1/api-keys/${body.id}`, `apiKey-${body.id}`, [
        ['ApiKeyRenamed', { name: 'Ear', renamed_at: minutes(1) }],
        ['ApiKeyRotated', { secret_sha256: 'x', previous_valid_until: minutes(9), rotated_at: minutes(2) }],
        ['ApiKeyRevoked', { revoked_at: minutes(3) }],
      ])
      expect(walked.stops[1]!.answer.body).to.deep.include({ name: 'Ear', expires_at: '2031-01-01T00:00:00.500Z' })
      await expectWalked(system, walked)
    })

    it('an upload, with what its jobs did to it, and its job', async () => {
      const sent = await facility.sensor.upload(sound('wav', { seconds: 1 }), {
        recorded_at: '2026-11-20T01:02:03.04+09:00',
        metadata: '{"b": 1.50, "a": {"é": [1e2, null]}}',
      })
      const path = sent.headers.get('Location')!
      await eventually(async () => expect((await system.admin.get(path)).body?.status).to.equal('ready'))
      const { items } = (await system.admin.get(`${path}/history`)).body
      const made = items as { type: string; stream: string; position: string; at: string }[]
      const job = `/api/v1/transcode-jobs/${made[1]!.stream.slice('transcodeJob-'.length)}`
      const seen: unknown[][] = []
      for (const { position } of made) {
        const [upload, queued] = [await asOf(system.admin, path, position), await asOf(system.admin, job, position)]
        expect(upload.bytes.toString() + queued.bytes.toString()).not.to.include('object_key')
        seen.push([upload.body.status, upload.body.codec ?? upload.body.channels, queued.body.status ?? queued.status])
      }
      expect(made.map(({ type }, i) => [type, ...seen[i]!])).to.deep.equal([
        ['UploadReceived', 'received', null, 404],
        ['TranscodeRequested', 'transcoding', null, 'queued'],
        ['TranscodeStarted', 'transcoding', null, 'running'],
        ['UploadProbed', 'transcoding', 1, 'running'],
        ['TranscodeRenditionMade', 'transcoding', 1, 'running'],
        ['TranscodeCompleted', 'ready', 1, 'succeeded'],
      ])

      const [, requested, started, , , completed] = made
      const running = await asOf(system.admin, job, started!.position)
      const finished = await system.admin.get(job)
      expect(running.body).to.deep.equal({
        ...finished.body,
        status: 'running',
        finished_at: null,
      })
      expect(Object.keys(running.body)).to.deep.equal(Object.keys(finished.body))
      expect((await asOf(system.admin, job, requested!.position)).body).to.deep.equal({
        ...running.body,
        status: 'queued',
        attempt: 0,
        started_at: null,
      })
      for (const when of [completed!.position, completed!.at, '9999-12-31T23:59:59Z'])
        expectSame(await asOf(system.admin, job, when), finished, `the job as of ${when}`)

      const tag = { facility_id: facility.id, name: unique('tag') }
      const tag_id = (await system.admin.post('/api/v1/tags', tag)).body.id as string
      await expectWalked(
        system,
        await walk(
          system,
          path,
          `upload-${sent.body.id}`,
          [
            ['UploadDetailsChanged', { title: 'T', metadata: { z: 1, a: [0.1, '\u2028'] }, changed_at: minutes(1) }],
            ['UploadTagged', { tag_id: tag_id.toUpperCase(), tagged_at: minutes(2) }],
          ],
          completed,
        ),
      )
    })
  })

  it('is gone where it is gone by then, and there where it was not yet: an upload', async () => {
    const sent = await facility.sensor.upload(sound('wav', { seconds: 1.1 }))
    const path = sent.headers.get('Location')!
    await eventually(async () => expect((await system.admin.get(path)).body?.status).to.equal('ready'))
    const before = await system.admin.get(path)
    const deleted = await append(system, `upload-${sent.body.id}`, ['UploadDeleted', { deleted_at: minutes(1) }])
    expectProblem(await system.admin.get(path, { 'Read-After': String(deleted) }), 404, 'not_found')
    expectProblem(await asOf(system.admin, path, deleted), 404, 'not_found')
    expectProblem(await asOf(system.admin, path, minutes(2)), 404, 'not_found')
    expectSame(await asOf(facility.user.api, path, deleted - 1n), before, 'before it was deleted')
    expectProblem(await asOf(other.user.api, path, deleted - 1n), 404, 'not_found')
  })

  it('takes times with an offset, and none that goes beyond it', async () => {
    const { body } = await system.admin.post('/api/v1/facilities', { name: 'Before', code: unique('plant') })
    const path = `/api/v1/facilities/${body.id}`
    const renamed = ['FacilityRenamed', { name: 'After', renamed_at: '2031-01-01T00:00:00.000Z' }] as const
    await system.admin.get(path, { 'Read-After': String(await append(system, `facility-${body.id}`, [...renamed])) })
    for (const [when, name] of [
      ['2031-01-01T09:00:00+09:00', 'After'],
      ['2030-12-31T19:00:00.000-05:00', 'After'],
      ['2031-01-01T08:59:59.999+09:00', 'Before'],
    ])
      expect((await asOf(system.admin, path, when!)).body.name, when).to.equal(name)
  })

  it('knows the time of an event that does not tell it from the one before', async () => {
    const { body } = await system.admin.post('/api/v1/facilities', { name: 'Before', code: unique('plant') })
    const [path, stream] = [`/api/v1/facilities/${body.id}`, `facility-${body.id}`]
    await append(system, stream, ['FacilityRenamed', { name: 'Later', renamed_at: '2031-01-01T00:00:00.000Z' }])
    const last = await append(system, stream, ['FacilityRenamed', { name: 'Timeless' }])
    const { items } = (await system.admin.get(`${path}/history`, { 'Read-After': String(last) })).body
    expect(items[2].at).to.equal('2031-01-01T00:00:00.000Z')
    expect((await asOf(system.admin, path, '2030-12-31T23:59:59.999Z')).body.name).to.equal('Before')
    expect((await asOf(system.admin, path, '2031-01-01T00:00:00Z')).body.name).to.equal('Timeless')
  })

  it('is a state there was, also where clocks disagreed', async () => {
    const { body } = await system.admin.post('/api/v1/facilities', { name: 'Before', code: unique('plant') })
    const [path, stream] = [`/api/v1/facilities/${body.id}`, `facility-${body.id}`]
    await append(system, stream, ['FacilityRenamed', { name: 'Works', renamed_at: '2031-01-01T00:00:02.000Z' }])
    const address = ['FacilityDetailsChanged', { address: 'Pier', changed_at: '2031-01-01T00:00:01.000Z' }] as const
    const last = await append(system, stream, [...address])
    await system.admin.get(path, { 'Read-After': String(last) })
    const { name, address: then } = (await asOf(system.admin, path, '2031-01-01T00:00:01Z')).body
    expect([name, then]).to.deep.equal(['Works', 'Pier'])
  })

  it('was not there before it was made: a 404 that says so', async () => {
    const { body } = await system.admin.get(`/api/v1/facilities/${facility.id}`)
    const paths = [
      `/api/v1/facilities/${facility.id}`,
      `/api/v1/users/${facility.user.id}`,
      `/api/v1/devices/${facility.device.id}`,
      `/api/v1/api-keys/${facility.key.id}`,
    ]
    for (const path of paths)
      for (const when of ['0', '0001-01-01T00:00:00Z', new Date(Date.parse(body.created_at) - 1).toISOString()]) {
        const answer = await asOf(system.admin, path, when)
        expectProblem(answer, 404, 'not_found')
        expect(answer.body.detail).to.equal('There was no such resource at that time')
      }
    expectProblem(await asOf(system.admin, `/api/v1/devices/${randomUUID()}`, '1'), 404, 'not_found')
  })

  it('is not for who may not see it now, or could not have seen it then', async () => {
    const { body } = await system.admin.post('/api/v1/devices', {
      facility_id: other.id,
      name: 'Mic',
      serial: unique('S'),
      model: 'xs-1',
    })
    const path = `/api/v1/devices/${body.id}`
    const move = { facility_id: facility.id, moved_at: minutes(1) }
    const moved = await append(system, `device-${body.id}`, ['DeviceMovedToFacility', move])
    const [giver, taker] = [other.facilityAdmin.api, facility.facilityAdmin.api]
    const now = await taker.get(path, { 'Read-After': String(moved) })
    expectSame(await asOf(taker, path, moved), now, 'since it is theirs')
    for (const when of [moved - 1n, minutes(0), moved, minutes(2)]) {
      const answer = await asOf(giver, path, when)
      expectProblem(answer, 404, 'not_found')
      expect(answer.body.detail).to.equal('There is no such resource')
    }
    for (const when of [moved - 1n, minutes(0)]) {
      const answer = await asOf(taker, path, when)
      expectProblem(answer, 404, 'not_found')
      expect(answer.body.detail).to.equal('There is no such resource')
      expect((await asOf(system.admin, path, when)).body.facility_id).to.equal(other.id)
    }
    for (const path of [`/api/v1/facilities/${facility.id}`, `/api/v1/devices/${facility.device.id}`])
      expectProblem(await asOf(other.facilityAdmin.api, path, minutes(0)), 404, 'not_found')
    expectProblem(await asOf(system.as({}), path, moved), 401, 'unauthenticated')
    const [own, others] = [facility.user.id, facility.facilityAdmin.id]
    expect((await asOf(facility.user.api, `/api/v1/users/${own}`, moved)).body.id).to.equal(own)
    expectProblem(await asOf(facility.user.api, `/api/v1/users/${others}`, moved), 403, 'forbidden')
  })

  for (const wrong of [
    '',
    'yesterday',
    '-1',
    '1.5',
    '0x10',
    '1'.repeat(21),
    '2026-11-24',
    '2026-11-24T09:00:00',
    '2026-02-30T09:00:00Z',
    '2026-11-24T09:00:00 09:00',
    '9999-12-31T23:59:59-12:00',
    '1&as_of=2',
  ])
    it(`refuses ${wrong || 'nothing'} as a time or position`, async () => {
      const answer = await system.admin.get(`/api/v1/devices/${facility.device.id}?as_of=${wrong}`)
      expectProblem(answer, 400, 'invalid_request')
      expect(answer.body.errors).to.have.length(1)
      expect(answer.body.errors[0].path).to.equal('query.as_of')
    })

  it('is asked of a single resource and nothing else', async () => {
    for (const path of ['/api/auth/me', '/api/v1/devices', `/api/v1/devices/${facility.device.id}/history`])
      expectProblem(await asOf(system.admin, path, '1'), 400, 'invalid_request')
    for (const what of ['download', 'stream', 'peaks'])
      expectProblem(await asOf(system.admin, `/api/v1/uploads/${randomUUID()}/${what}`, '1'), 400, 'invalid_request')
  })

  it('waits for the read models where it is asked of what they have not seen yet', async () => {
    const lock = await connectAlone(system.config.DATABASE_URL, () => undefined)
    await lock.query('begin')
    await lock.query('lock table projection_groups in access exclusive mode')
    const created = await system.admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
    const path = created.headers.get('Location')!
    const answers = [
      asOf(system.admin, path, created.headers.get('Event-Position')!),
      asOf(system.admin, path, '99999999999999999999'),
      asOf(system.admin, path, '9999-12-31T23:59:59Z', after(created)),
    ]
    const meanwhile = await system.admin.get(path)
    await lock.end()
    expectProblem(meanwhile, 404, 'not_found')
    for (const answer of await Promise.all(answers)) expect(answer.body).to.deep.equal(created.body)
  })
})
