import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { type Api, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/events'

describe('the events of the log', function () {
  this.timeout(60_000)
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    system = await theSystem()
    facility = await newFacility(system)
  })
  const asked = async (query: Record<string, string | number>, api: Api = system.admin) => {
    const answer = await api.get(`${path}?${new URLSearchParams(query as Record<string, string>)}`)
    expect(answer.status, answer.bytes.toString()).to.equal(200)
    return answer.body as { items: Record<string, any>[]; next_cursor: string | null }
  }
  /** In full, once the read models have come so far. */
  const inFull = async (position: string) => {
    const answer = await system.admin.get(`${path}/${position}`, { 'Read-After': position })
    expect(answer.status, answer.bytes.toString()).to.equal(200)
    return answer.body as Record<string, any>
  }
  const append = (stream: string, type: string, data: object, metadata: object = {}) =>
    system.store.append(stream, [{ id: randomUUID(), type, data, metadata }], 'no_stream')
  /** All that a filter finds, by as many pages as it takes. */
  async function all(query: Record<string, string | number>) {
    const found: Record<string, any>[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { items, next_cursor }: Awaited<ReturnType<typeof asked>> = await asked({
        ...query,
        ...(cursor && { cursor }),
      })
      found.push(...items)
      cursor = next_cursor
    }
    return found
  }

  it('are told newest first: where, when, what, who and of which facility', async () => {
    const changed = await system.admin.patch(`/api/v1/facilities/${facility.id}`, { address: 'Pier 9' })
    const position = changed.headers.get('Event-Position')
    const { items } = await asked({ per_page: 100 })
    const found = items.find((one) => one['position'] === position)!
    const { id: admin, name } = (await system.admin.get('/api/auth/me')).body
    const { id, at, correlation_id, ...rest } = found
    expect(rest).to.deep.equal({
      position,
      stream: `facility-${facility.id}`,
      revision: 1,
      type: 'FacilityDetailsChanged',
      actor: { kind: 'user', id: admin, name },
      facility_id: facility.id,
    })
    for (const one of [id, correlation_id]) expect(one).to.match(/^[0-9a-f-]{36}$/)
    expect(Date.now() - Date.parse(at)).to.be.within(-5000, 60_000)
    const positions = items.map((one) => BigInt(one['position']))
    expect(positions).to.deep.equal([...positions].sort((a, b) => (a < b ? 1 : -1)))
  })

  it('are read by cursor, each exactly once, whatever is written meanwhile', async () => {
    const stream = `upload-${facility.device.id}`
    const category = unique('noted').replace('-', '')
    for (let i = 0; i < 7; i++) await append(`${category}-${i}`, `Thing${i}Happened`, { i })
    const first = await asked({ category, per_page: 3 })
    await append(`${category}-late`, 'LateThingHappened', {})
    const second = await asked({ category, per_page: 3, cursor: first.next_cursor! })
    expect([...first.items, ...second.items].map((one) => one['type'])).to.deep.equal(
      [6, 5, 4, 3, 2, 1].map((i) => `Thing${i}Happened`),
    )
    expect((await all({ stream, per_page: 2 })).map((one) => one['revision'])).to.deep.equal([])
    const user = `user-${facility.facilityAdmin.id}`
    const own = await all({ stream: user, per_page: 1 })
    expect(own.map((one) => one['revision'])).to.deep.equal(own.map((_, i) => own.length - 1 - i))
    expect(own.at(-1)).to.include({ stream: user, type: 'UserRegistered' })
    expect(own.length).to.be.greaterThan(1)
  })

  it('are chosen by the beginning of their type and the kind of their stream', async () => {
    const category = unique('sorted').replace('-', '')
    await append(`${category}-a`, 'BellRang', {})
    await append(`${category}-b`, 'BellFell', {})
    await append(`${category}More-c`, 'BellRang', {})
    const types = async (query: Record<string, string>) => (await all(query)).map((one) => one['type'])
    expect(await types({ category })).to.deep.equal(['BellFell', 'BellRang'])
    expect(await types({ category, type: 'BellR' })).to.deep.equal(['BellRang'])
    expect(await types({ category, type: 'Rang' })).to.deep.equal([])
    expect(await types({ stream: `${category}-b`, type: 'Bell' })).to.deep.equal(['BellFell'])
  })

  it('are looked at in a bounded number: what was found is answered, with where to go on', async () => {
    const category = unique('crowd').replace('-', '')
    await append(`${category}-first`, 'NeedleFell', {})
    const hay = Array.from({ length: 2100 }, () => ({ id: randomUUID(), type: 'HayFell', data: {}, metadata: {} }))
    await system.store.append(`${category}-hay`, hay, 'no_stream')
    // Whoever hears of ended sessions has to have heard all of that before anybody is let in.
    const letIn = async () => expect((await system.admin.get('/api/auth/me')).status).to.equal(200)
    await eventually(letIn, 20_000)
    const first = await asked({ category, type: 'Needle' })
    expect(first.items).to.deep.equal([])
    expect(first.next_cursor, 'where to go on').to.match(/^\d+$/)
    const { items } = await asked({ category, type: 'Needle', cursor: first.next_cursor! })
    expect(items.map(({ type }) => type)).to.deep.equal(['NeedleFell'])
  })

  it('are shown with what they did, personal data masked and secrets left out', async () => {
    const { user } = facility
    const [registered] = (await all({ stream: `user-${user.id}`, type: 'UserRegistered' })) as [Record<string, any>]
    const full = await inFull(registered['position'])
    expect(full).to.deep.include(registered)
    expect(full['data']).to.deep.include({ email: '[masked]', name: '[masked]', role: 'user' })
    expect(full).to.include({ schema: 1, unfolded: null })
    const email = full['changes'].find((one: any) => one.field === 'email')
    expect(email).to.deep.equal({ field: 'email', before: null, after: '[masked]' })
    expect(full['changes'].find((one: any) => one.field === 'role')).to.include({ before: null, after: 'user' })
    const text = JSON.stringify(full)
    for (const secret of [user.email, 'password_hash', 'sealed":"v1']) expect(text).not.to.include(secret)
    const [issued] = (await all({ category: 'apiKey', type: 'ApiKeyIssued' })) as [Record<string, any>]
    const key = JSON.stringify(await inFull(issued['position']))
    expect(key).to.include('scopes').and.not.include('secret_sha256')
    const own = (await all({ stream: `userKey-${user.id}` })) as [Record<string, any>]
    expect(JSON.stringify(await inFull(own[0]['position']))).not.to.include('wrapped')
  })

  it('show what is before and after, also of what no read model has or can hold', async () => {
    const changed = await system.admin.patch(`/api/v1/devices/${facility.device.id}`, { name: 'Other mic' })
    const { changes } = await inFull(changed.headers.get('Event-Position')!)
    expect(changes).to.deep.equal([{ field: 'name', before: 'Mic', after: 'Other mic' }])
    const category = unique('foreign').replace('-', '')
    const { position } = await append(`${category}-x`, 'SomethingForeign', { wrapped: 'no', a: 1 }, { actor: 'me' })
    expect(await inFull(String(position))).to.deep.include({
      ...{ data: { a: 1 }, changes: null, unfolded: `No read model shows a ${category} by itself` },
      ...{ actor: { kind: null, id: null, name: null }, at: null, facility_id: null, schema: null },
    })
  })

  it('are for super_admins alone, and refused in words where they are asked for badly', async () => {
    for (const route of [path, `${path}/1`]) {
      expectProblem(await system.as({}).get(route), 401, 'unauthenticated')
      for (const { api } of [facility.facilityAdmin, facility.user])
        expectProblem(await api.get(route), 403, 'forbidden')
      expectProblem(await facility.sensor.get(route), 403, 'forbidden')
    }
    for (const query of [
      ...['stream=$all', 'stream=', 'category=a-b', 'type=%25', 'per_page=101', 'per_page=0', 'cursor=x'],
      `cursor=${'9'.repeat(19)}`,
    ])
      expectProblem(await system.admin.get(`${path}?${query}`), 400, 'invalid_request')
    for (const unknown of ['x', '9'.repeat(19), '0'])
      expectProblem(await system.admin.get(`${path}/${unknown}`), 404, 'not_found')
  })
})
