import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { after, type Answered, expectProblem } from '../api.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/audit'

describe('the audit', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let last: Answered
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    last = await system.admin.patch(`/api/v1/facilities/${facility.id}`, { address: 'Pier 9' })
  })
  const asked = async (query: Record<string, string>, api = system.admin) => {
    const answer = await api.get(`${path}?${new URLSearchParams(query)}`, after(last))
    expect(answer.status, answer.bytes.toString()).to.equal(200)
    return answer.body
  }

  it('says who did what to what, newest first', async () => {
    const { items, total } = await asked({ resource: `facility-${facility.id}` })
    expect(items.map(({ action }: any) => action)).to.deep.equal(['FacilityDetailsChanged', 'FacilityRegistered'])
    expect(total).to.equal(2)
    const [{ at, position, id, correlation_id, actor, ...rest }] = items
    expect(rest).to.deep.equal({
      action: 'FacilityDetailsChanged',
      facility_id: facility.id,
      resource: 'facility',
      resource_id: facility.id,
      revision: 1,
      data: { address: 'Pier 9', changed_at: at },
    })
    const { id: admin, name } = (await system.admin.get('/api/auth/me')).body
    expect(actor).to.deep.equal({ kind: 'user', id: admin, name })
    expect(position).to.equal(last.headers.get('Event-Position'))
    for (const one of [id, correlation_id]) expect(one).to.match(/^[0-9a-f-]{36}$/)
  })

  it('opens what is sealed for who reads it, keeps it sealed in Postgres, and leaves secrets out', async () => {
    const { user } = facility
    const { items } = await asked({ resource: `user-${user.id}` })
    expect(items.at(-1).data).to.deep.include({ email: user.email, name: 'user', role: 'user' })
    expect(JSON.stringify(items)).to.not.include('password_hash')
    const { rows } = await system.database.query<{ data: string }>(
      `select data from audit where resource_id = $1 order by position`,
      [user.id],
    )
    expect(rows[0]!.data).to.include('"sealed":"v1"').and.not.include(user.email)
    const keys = await asked({ action: 'ApiKeyIssued', facility_id: facility.id })
    expect(keys.items[0].data).to.have.property('scopes')
    expect(keys.items[0].data).to.not.have.property('secret_sha256')
    expect((await asked({ resource: 'userKey' })).total).to.equal(0)
  })

  it('shows `[erased]` for who was erased, as one who did things and as one to whom they were done', async () => {
    const boss = await system.admin.post('/api/v1/users', {
      email: `${unique('boss')}@example.test`,
      name: 'Gone Tomorrow',
      role: 'user',
      facility_id: facility.id,
      password: 'correct horse battery',
    })
    const { id } = boss.body
    await system.store.append(
      `facility-${randomUUID()}`,
      [
        {
          id: randomUUID(),
          type: 'FacilityRegistered',
          data: { name: 'By one who is gone', code: unique('gone'), registered_at: new Date().toISOString() },
          metadata: { schema: 1, actor: { kind: 'user', id } },
        },
      ],
      'no_stream',
    )
    last = await system.admin.patch(`/api/v1/facilities/${facility.id}`, { address: 'Pier 10' })
    expect((await asked({ actor: id })).items[0].actor).to.deep.equal({ kind: 'user', id, name: 'Gone Tomorrow' })
    const { revision } = await system.store.append(
      `user-${id}`,
      [
        {
          id: randomUUID(),
          type: 'UserErased',
          data: { erased_at: new Date().toISOString() },
          metadata: { schema: 1, actor: { kind: 'system', id: 'spec' } },
        },
      ],
      0,
    )
    expect(revision).to.equal(1)
    last = await system.admin.patch(`/api/v1/facilities/${facility.id}`, { address: 'Pier 11' })
    expect((await asked({ actor: id })).items[0].actor.name).to.equal('[erased]')
  })

  it('is filtered by actor, action, resource, facility and time, each by itself and all together', async () => {
    const everything = { facility_id: facility.id, per_page: '100' }
    const all = (await asked(everything)).items as any[]
    const sample = all.find(({ action }) => action === 'DeviceRegistered')
    const { actor, action, resource, at } = sample
    const later = new Date(Date.parse(at) + 1).toISOString()
    for (const [filter, matches] of [
      [{ actor: actor.id }, (one: any) => one.actor.id === actor.id],
      [{ action }, (one: any) => one.action === action],
      [{ resource }, (one: any) => one.resource === resource],
      [{ from: at }, (one: any) => one.at >= at],
      [{ to: at }, (one: any) => one.at < at],
      [{ actor: actor.id, action, resource, from: at, to: later }, (one: any) => one.id === sample.id],
    ] as [Record<string, string>, (one: any) => boolean][]) {
      const expected = all.filter(matches)
      expect(expected, JSON.stringify(filter)).to.not.have.lengthOf(0).and.not.have.lengthOf(all.length)
      expect((await asked({ ...everything, ...filter })).items, JSON.stringify(filter)).to.deep.equal(expected)
    }
  })

  it('is read in pages and by cursor, each event exactly once', async () => {
    const query = { facility_id: facility.id, per_page: '4' }
    const found: string[] = []
    let total = 0
    for (let cursor: string | null = ''; cursor !== null;) {
      const body = await asked({ ...query, ...(cursor && { cursor }) })
      found.push(...body.items.map(({ position }: any) => position))
      ;[cursor, total] = [body.next_cursor, body.total]
    }
    expect(found).to.have.length(total).and.to.have.lengthOf.above(4)
    expect(found).to.deep.equal([...new Set(found)].sort((a, b) => Number(BigInt(b) - BigInt(a))))
    const second = await asked({ ...query, page: '2' })
    expect(second.items.map(({ position }: any) => position)).to.deep.equal(found.slice(4, 8))
  })

  it('shows a facility_admin their own facility and nobody else’s, and a user nothing', async () => {
    const other = await newFacility(system)
    last = await system.admin.patch(`/api/v1/facilities/${other.id}`, { address: 'Elsewhere' })
    const { api } = facility.facilityAdmin
    const own = await asked({ per_page: '100' }, api)
    expect(own.items).to.not.have.lengthOf(0)
    for (const { facility_id } of own.items) expect(facility_id).to.equal(facility.id)
    expect(own.total).to.equal((await asked({ facility_id: facility.id })).total)
    for (const query of [{ facility_id: other.id }, { resource: `facility-${other.id}` }, { actor: other.user.id }])
      expect((await asked(query, api)).total, JSON.stringify(query)).to.equal(0)
    for (const format of ['csv', 'ndjson']) {
      const exported = await api.get(`${path}.${format}`, after(last))
      expect([exported.status, exported.bytes.includes(facility.id)]).to.deep.equal([200, true])
      expect(exported.bytes.includes(other.id)).to.equal(false)
    }
    for (const route of [path, `${path}.csv`, `${path}.ndjson`]) {
      expectProblem(await facility.user.api.get(route), 403, 'forbidden')
      expectProblem(await facility.sensor.get(route), 403, 'forbidden')
      expectProblem(await system.as({}).get(route), 401, 'unauthenticated')
    }
  })

  it('refuses what is no filter of its own, and finds nothing by what is made to do harm', async () => {
    for (const query of [
      'from=yesterday',
      'to=2026-13-01T00:00:00Z',
      'facility_id=1',
      'actor=%00',
      'action=',
      `resource=${'x'.repeat(301)}`,
      'actor=a&actor=b',
      'unknown=1',
      'sort=data',
      'cursor=bm90aGluZw',
      `cursor=${Buffer.from('["1; drop table audit_v1", "x"]').toString('base64url')}`,
      'per_page=101',
    ])
      expectProblem(await system.admin.get(`${path}?${query}`), 400, 'invalid_request')
    for (const query of ['from=yesterday', 'unknown=1', 'actor=%00', 'page=1', 'sort=-position'])
      expectProblem(await system.admin.get(`${path}.csv?${query}`), 400, 'invalid_request')
    for (const hostile of ["' or 1=1 --", '%', '_', '\\', '${1}', '../..', '__proto__', 'toString', '-', '"; drop'])
      for (const name of ['actor', 'action', 'resource'])
        expect((await asked({ [name]: hostile })).total, `${name} ${hostile}`).to.equal(0)
  })

  it('is exported as CSV that no spreadsheet takes for formulas, and as NDJSON: all that the list has', async () => {
    const place = await newFacility(system)
    const named = '=HYPERLINK("https://example.test","click")'
    const odd = await system.admin.post('/api/v1/users', {
      email: `${unique('odd')}@example.test`,
      name: named,
      role: 'facility_admin',
      facility_id: place.id,
      password: 'correct horse battery',
    })
    expect(odd.status).to.equal(201)
    await system.store.append(
      `facility-${randomUUID()}`,
      [
        {
          id: randomUUID(),
          type: 'FacilityRegistered',
          data: { name: 'a, "b"\r\nc', code: unique('odd'), registered_at: new Date().toISOString() },
          metadata: { schema: 1, actor: { kind: 'user', id: odd.body.id }, facility_id: place.id },
        },
      ],
      'no_stream',
    )
    last = await system.admin.patch(`/api/v1/facilities/${place.id}`, { address: 'Pier 12' })
    const { items } = await asked({ facility_id: place.id, per_page: '100' })

    const lines = await system.admin.get(`${path}.ndjson?facility_id=${place.id}`, after(last))
    expect(lines.headers.get('Content-Type')).to.equal('application/x-ndjson')
    const entries = lines.bytes.toString().trimEnd().split('\n')
    expect(entries.map((line) => JSON.parse(line))).to.deep.equal(items)

    const table = await system.admin.get(`${path}.csv?facility_id=${place.id}`, after(last))
    expect(table.headers.get('Content-Type')).to.equal('text/csv; charset=utf-8')
    expect(table.headers.get('Content-Disposition')).to.equal('attachment; filename="audit.csv"')
    const text = table.bytes.toString()
    expect(text.split('\r\n')[0]).to.match(/^position,at,action,actor_kind,actor_id,actor_name,/)
    expect(text).to.include(`"'=HYPERLINK(""https://example.test"",""click"")"`)
    expect(text).to.not.match(/(^|,|\n)"?[=+@\t\r-]/)
    expect(text.trimEnd().split('\r\n')).to.have.length(items.length + 1)
  })
})
