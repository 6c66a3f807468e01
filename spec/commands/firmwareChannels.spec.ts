import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { channelIdOf } from '../../commands/firmwareChannels.ts'
import { after, type Api, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { firmwarePath as path, imageOf, made, newModel, published } from '../firmware.ts'
import { anotherInstance, logIn, newFacility, type System, theSystem, unique } from '../system.ts'

describe('firmware channels', function () {
  this.timeout(40_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
  })
  type Fields = Record<string, string> & { device_model: string }
  const here = (device_model = newModel()): Fields => ({ device_model, facility_id: facility.id })
  const releases = (fields: Fields, ...versions: string[]) =>
    Promise.all(versions.map(async (version) => (await published(system.admin, { ...fields, version })).id))
  const activate = (id: string, headers = {}, api: Api = system.admin) =>
    api.post(`${path}/${id}/activate`, {}, headers)
  const rollBack = (body: object, headers = {}, api: Api = system.admin) =>
    api.post(`${path}/rollback`, { reason: 'deaf', ...body }, headers)
  const eventsOf = (fields: Fields) => system.store.read(`firmwareChannel-${channelIdOf(fields)}`)

  it('are known by one id for each model and place, the same whenever it is asked for', () => {
    const facility_id = '5f0d3b8e-0000-4000-8000-000000000001'
    const scopes = [
      { device_model: 'xs-1', facility_id },
      { device_model: 'xs-1' },
      { device_model: 'xs-2', facility_id },
    ]
    for (let round = 0; round < 2; round++)
      expect(scopes.map(channelIdOf)).to.deep.equal([
        '328e416c-9ee7-5724-a7a9-10eee22bc819',
        '6a3ba934-88a0-55e2-bd9a-64c7b6a07e28',
        '4c8f5d97-a70a-55c7-8a5a-7c736130bf3b',
      ])
  })

  it('have one release active, which is answered and read', async () => {
    const fields = here()
    const [one, two] = await releases(fields, '1.0.0', '1.1.0')
    await made(activate(one!), 200)
    const answer = await activate(two!, {}, facility.facilityAdmin.api)
    expect(answer.body).to.deep.equal({
      ...{ id: channelIdOf(fields), ...fields, active_release_id: two, active_version: '1.1.0' },
      ...{ active_by: 'activation', security_floor: 0, rollout_id: null },
    })
    const shown = async (id: string) => (await facility.user.api.get(`${path}/${id}`, after(answer))).body.is_active
    expect([await shown(one!), await shown(two!)]).to.deep.equal([false, true])
    const { items } = (await facility.user.api.get(`${path}?active=true&device_model=${fields.device_model}`)).body
    expect(items.map(({ id }: { id: string }) => id)).to.deep.equal([two])
  })

  it('have one release active at every position when 60 activations race at two instances', async () => {
    const fields = here()
    const ids = await releases(fields, ...Array.from({ length: 20 }, (_, i) => `1.${i}.0`))
    const { url, stop } = await anotherInstance(system)
    try {
      const { email, password } = facility.facilityAdmin
      const there = await logIn(url, email, password)
      const answers = await Promise.all(
        [...ids, ...ids, ...ids].map((id, i) => activate(id, {}, i % 2 ? there : system.admin)),
      )
      for (const { status, body } of answers)
        if (status !== 200) expect(body.code).to.be.oneOf(['firmware_downgrade', 'contended'])
      const events = await eventsOf(fields)
      let active: string | undefined
      let last = -1
      for (const { type, data } of events) {
        expect([type, data['previous_release_id']]).to.deep.equal(['FirmwareActivated', active])
        active = data['release_id'] as string
        expect(ids.indexOf(active)).to.be.greaterThan(last)
        last = ids.indexOf(active)
      }
      const position = { 'Read-After': String(events.at(-1)!.position) }
      const read = await system.admin.get(`${path}?device_model=${fields.device_model}&active=true`, position)
      expect(read.body.items.map(({ id }: { id: string }) => id)).to.deep.equal([active])
    } finally {
      await stop()
    }
  })

  it('refuse a draft, what was withdrawn, something older, and what is below the floor: nothing is appended', async () => {
    const fields = here()
    const [one, two, gone] = await releases(fields, '1.0.0', '2.0.0', '3.0.0')
    const safe = await published(system.admin, { ...fields, version: '2.1.0', security_version: '2' })
    const draft = await made(system.admin.form(path, imageOf(), { ...fields, version: '4.0.0' }))
    await made(activate(two!), 200)
    await made(activate(safe.id), 200)
    await made(system.admin.post(`${path}/${gone}/withdraw`, { reason: 'deaf' }), 200)
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await activate(draft.id), 409, 'firmware_not_published')
      expectProblem(await activate(gone!), 409, 'firmware_not_published')
      expectProblem(await activate(one!), 409, 'security_floor')
      expectProblem(await rollBack({ ...fields, to_release_id: two }), 409, 'security_floor')
      expectProblem(await rollBack({ ...fields, to_release_id: draft.id }), 409, 'firmware_not_published')
      expectProblem(await rollBack(fields), 409, 'security_floor')
      expectProblem(await activate(randomUUID()), 404, 'not_found')
      expectProblem(await activate(two!, {}, other.facilityAdmin.api), 404, 'not_found')
      expectProblem(await activate(two!, {}, facility.user.api), 403, 'forbidden')
    })
    expect(appended).to.deep.equal([])
  })

  it('go back to what was before, one step however often they are asked, or to what is named', async () => {
    const fields = here()
    const [one, two, three] = await releases(fields, '1.0.0', '2.0.0', '3.0.0-rc.1')
    for (const id of [one, two, three]) await made(activate(id!), 200)
    expectProblem(await activate(one!), 409, 'firmware_downgrade')
    const back = await rollBack(fields)
    expect(back.body).to.include({ active_release_id: two, active_by: 'rollback' })
    expectProblem(await rollBack(fields), 409, 'rolled_back_already')
    expect((await rollBack({ ...fields, to_release_id: one })).body.active_release_id).to.equal(one)
    const [event] = (await eventsOf(fields)).slice(-1)
    expect(event!.data).to.include({ previous_release_id: two, reason: 'deaf' })
    expect((await activate(three!)).body).to.include({ active_release_id: three, active_by: 'activation' })
  })

  it('go back to none of another model or scope, without a reason, or where nothing was', async () => {
    const fields = here()
    const [one] = await releases(fields, '1.0.0')
    const [elsewhere] = await releases({ device_model: fields.device_model, facility_id: other.id }, '1.0.0')
    const [everywhere] = await releases({ device_model: fields.device_model }, '1.0.0')
    const [ofAnother] = await releases(here(), '1.0.0')
    await made(activate(one!), 200)
    const appended = await appendedDuring(system.store, async () => {
      for (const to_release_id of [elsewhere, everywhere, ofAnother, randomUUID()])
        expectProblem(await rollBack({ ...fields, to_release_id }), 404, 'not_found')
      expectProblem(await rollBack({ ...fields, reason: ' ' }), 400, 'invalid_request')
      expectProblem(await rollBack(here()), 409, 'nothing_before')
      expectProblem(await rollBack(fields, {}, other.facilityAdmin.api), 404, 'not_found')
      expectProblem(await rollBack(fields, {}, facility.user.api), 403, 'forbidden')
    })
    expect(appended).to.deep.equal([])
  })

  it('of a facility are meant when its admin names none, and those for all when a super_admin does', async () => {
    const { device_model } = here()
    const [own] = await releases(here(device_model), '1.0.0')
    const [all] = await releases({ device_model }, '1.0.0')
    const { api } = facility.facilityAdmin
    expect((await rollBack({ device_model, to_release_id: own }, {}, api)).body.facility_id).to.equal(facility.id)
    expect((await rollBack({ device_model, to_release_id: all })).body.facility_id).to.equal(null)
    expectProblem(await rollBack({ device_model, to_release_id: all }, {}, api), 404, 'not_found')
  })

  it('have nothing active once that is deactivated, and say why', async () => {
    const fields = here()
    const [one, two] = await releases(fields, '1.0.0', '1.1.0')
    await made(activate(one!), 200)
    const deactivate = (id: string, body = {}) => system.admin.post(`${path}/${id}/deactivate`, body)
    expect((await deactivate(two!)).body.active_release_id, 'another one').to.equal(one)
    expect((await deactivate(one!, { reason: 'lunch' })).body.active_release_id).to.equal(null)
    expect((await deactivate(one!)).status).to.equal(200)
    expect((await eventsOf(fields)).map(({ type, data }) => [type, data['reason']])).to.deep.equal([
      ['FirmwareActivated', undefined],
      ['FirmwareDeactivated', 'lunch'],
    ])
  })

  it('are changed at the revision that was seen, and once under one Idempotency-Key', async () => {
    const fields = here()
    const [one, two] = await releases(fields, '1.0.0', '2.0.0')
    const key = { 'Idempotency-Key': unique('key') }
    const first = await activate(one!, key)
    expect(first.headers.get('ETag')).to.equal('"0"')
    await made(activate(two!, { 'If-Match': '"0"' }), 200)
    expectProblem(await activate(two!, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    expectProblem(await rollBack(fields, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    const again = await activate(one!, key)
    expect([again.status, again.body]).to.deep.equal([200, first.body])
    const rolling = { 'Idempotency-Key': unique('key') }
    const back = await rollBack(fields, { ...rolling, 'If-Match': '"1"' })
    expect(back.body.active_release_id).to.equal(one)
    expect((await rollBack(fields, rolling)).body).to.deep.equal(back.body)
    expectProblem(await rollBack({ ...fields, reason: 'another' }, rolling), 409, 'idempotency_clash')
    // Also once the release is gone.
    await made(system.admin.post(`${path}/${one}/withdraw`, { reason: 'deaf' }), 200)
    expect((await activate(one!, key)).body).to.deep.equal(first.body)
    expect(await eventsOf(fields)).to.have.length(4)
  })

  it('have nothing activated in a facility that is closed', async () => {
    const closing = await newFacility(system)
    const fields = { device_model: newModel(), facility_id: closing.id }
    const [one] = await releases(fields, '1.0.0')
    await made(system.admin.post(`/api/v1/facilities/${closing.id}/deactivate`), 200)
    expectProblem(await activate(one!), 409, 'facility_inactive')
    expect(await eventsOf(fields)).to.deep.equal([])
  })

  it('refuse an activation while something is rolled out, which a rollback ends and names', async () => {
    const fields = here()
    const [one, two, three] = await releases(fields, '1.0.0', '2.0.0', '3.0.0')
    await made(activate(one!), 200)
    const rollout_id = randomUUID()
    await system.store.append(
      `firmwareChannel-${channelIdOf(fields)}`,
      [
        {
          id: randomUUID(),
          type: 'FirmwareRolloutStarted',
          data: {
            ...{ ...fields, release_id: two, version: '2.0.0', rollout_id, ladder: [5, 100], dwell_secs: 60 },
            ...{ advance: 'manual', success_percent: 95, halt: { min_devices: 5, failure_percent: 10 } },
            ...{ percent: 5, started_at: new Date().toISOString() },
          },
          metadata: {
            schema: 1,
            $correlationId: randomUUID(),
            $causationId: randomUUID(),
            actor: { kind: 'system', id: 'spec' },
          },
        },
      ],
      0,
    )
    expectProblem(await activate(three!), 409, 'rollout_open')
    const back = await rollBack(fields)
    expect(back.body).to.include({ active_release_id: one, active_by: 'rollback', rollout_id: null })
    expect((await eventsOf(fields)).at(-1)!.data).to.include({ rollout_id, rollout_release_id: two })
    expect((await activate(three!)).status).to.equal(200)
  })

  describe('tell', () => {
    const list = async (query: string, api: Api = system.admin, headers = {}) =>
      (await made(api.get(`${path}/channels?${query}`, headers), 200)).items as any[]

    it('what was active at a facility then: its own before that for all', async () => {
      const device_model = newModel()
      const [own] = await releases(here(device_model), '1.5.0')
      const [all] = await releases({ device_model }, '1.0.0')
      const steps = [
        await activate(all!),
        await activate(own!),
        await system.admin.post(`${path}/${own}/deactivate`, { reason: 'lunch' }),
        await system.admin.post(`${path}/${all}/withdraw`, { reason: 'deaf' }),
      ]
      const positions = steps.map(({ headers }) => headers.get('Event-Position')!)
      const inEffect = async (facility_id: string, as_of?: string) => {
        const query = `device_model=${device_model}&facility_id=${facility_id}${as_of ? `&as_of=${encodeURIComponent(as_of)}` : ''}`
        const items = await list(query, system.admin, after(steps.at(-1)!))
        return items.filter(({ in_effect }) => in_effect).map(({ active_version }) => active_version)
      }
      const [globally, locally] = await Promise.all(
        [channelIdOf({ device_model }), channelIdOf(here(device_model))].map(async (id) =>
          (await system.store.read(`firmwareChannel-${id}`)).map(({ data }) => data),
        ),
      )
      const times = [
        globally![0]!['activated_at'],
        locally![0]!['activated_at'],
        locally![1]!['deactivated_at'],
        globally![1]!['barred_at'],
      ] as string[]
      const before = String(BigInt(positions[0]!) - 1n)
      expect(await inEffect(facility.id, before)).to.deep.equal([])
      const expected = [['1.0.0'], ['1.5.0'], ['1.0.0'], []]
      for (const [i, version] of expected.entries()) {
        expect(await inEffect(facility.id, times[i]), `at ${times[i]}`).to.deep.equal(version)
        // The withdrawal's own event comes after the one of the channel.
        expect(await inEffect(facility.id, positions[i]), `at ${positions[i]}`).to.deep.equal(version)
        expect(await inEffect(other.id, times[i]), 'elsewhere').to.deep.equal(i < 3 ? ['1.0.0'] : [])
      }
      expect(await inEffect(facility.id)).to.deep.equal([])
    })

    it('people of a facility of their own and those for all, and nothing of another facility', async () => {
      const device_model = newModel()
      const [own] = await releases(here(device_model), '1.5.0')
      const [all] = await releases({ device_model }, '1.0.0')
      const [theirs] = await releases({ device_model, facility_id: other.id }, '9.0.0')
      const answers = await Promise.all([own, all, theirs].map((id) => activate(id!)))
      const newest = answers
        .sort((a, b) => Number(a.headers.get('Event-Position')) - Number(b.headers.get('Event-Position')))
        .at(-1)!
      const seen = async (api: Api, query = '') =>
        (await list(`device_model=${device_model}${query}`, api, after(newest))).map(
          ({ active_version, in_effect }) => [active_version, in_effect],
        )
      expect(await seen(facility.user.api)).to.have.deep.members([
        ['1.5.0', true],
        ['1.0.0', false],
      ])
      expect(await seen(facility.user.api, `&facility_id=${other.id}`)).to.deep.equal([])
      expect(await seen(system.admin)).to.have.deep.members([
        ['1.5.0', null],
        ['1.0.0', null],
        ['9.0.0', null],
      ])
      expectProblem(
        await facility.user.api.get(`${path}/channels/${channelIdOf({ device_model, facility_id: other.id })}/history`),
        404,
        'not_found',
      )
    })

    it('who activated what, when and why, in their history and in that of the release', async () => {
      const fields = here()
      const [one, two] = await releases(fields, '1.0.0', '2.0.0')
      const { api, id: who } = facility.facilityAdmin
      await made(activate(one!), 200)
      await made(activate(two!, {}, api), 200)
      const last = await rollBack({ device_model: fields.device_model }, {}, api)
      const historyOf = async (at: string) =>
        (await made(facility.user.api.get(`${at}/history`, after(last)), 200)).items as any[]
      const channel = await historyOf(`${path}/channels/${channelIdOf(fields)}`)
      expect(channel.map(({ type }) => type)).to.deep.equal([
        'FirmwareActivated',
        'FirmwareActivated',
        'FirmwareRolledBack',
      ])
      expect(channel[2]).to.deep.include({ actor: { kind: 'user', id: who, name: 'facility_admin' } })
      expect([channel[2].at, channel[2].data.reason]).to.deep.equal([channel[2].data.rolled_back_at, 'deaf'])
      expect(channel[2].changes).to.deep.include({ field: 'active_version', before: '2.0.0', after: '1.0.0' })
      const fieldsOf = ({ changes }: any) => changes.map(({ field }: { field: string }) => field)
      expect(fieldsOf(channel[2]), 'nothing that clients do not see').to.have.members([
        ...['active_release_id', 'active_version', 'active_by', 'active_since'],
      ])
      const release = await historyOf(`${path}/${two}`)
      expect(release.map(({ type }) => type)).to.deep.equal([
        ...['FirmwareReleaseUploaded', 'FirmwareReleasePublished', 'FirmwareActivated', 'FirmwareRolledBack'],
      ])
      expect(release[3].changes).to.deep.equal([{ field: 'is_active', before: true, after: false }])
      expect(JSON.stringify(release)).not.to.include('object_key')
      const then = await facility.user.api.get(`${path}/${two}?as_of=${release[2].position}`)
      expect(then.body).to.include({ is_active: true, status: 'published' })
      expect((await facility.user.api.get(`${path}/${two}?as_of=${release[0].position}`)).body.status).to.equal('draft')
    })
  })
})
