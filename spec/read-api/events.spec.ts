import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { type Api, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { changeOf } from '../../read-api/eventChange.ts'
import { foldings } from '../../ops/roles/api.ts'
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

  it('are read both ways, from an event on, itself included, and on from there', async () => {
    const category = unique('ways').replace('-', '')
    const places: string[] = []
    for (let i = 0; i < 5; i++)
      places.push(String((await append(`${category}-${i}`, `Thing${i}Happened`, {})).position))
    const seen = async (query: Record<string, string | number>) =>
      (await all({ category, ...query })).map((one) => one['position'])
    for (const per_page of [1, 2, 100]) {
      const forwards = { direction: 'forwards', from: places[0]!, per_page }
      expect(await seen(forwards), 'forwards').to.deep.equal(places)
      expect(await seen({ ...forwards, from: places[3]! })).to.deep.equal(places.slice(3))
      expect(await seen({ from: places[2]!, per_page })).to.deep.equal(places.slice(0, 3).reverse())
    }
    const begun = await asked({ direction: 'forwards', per_page: 3 })
    const first = begun.items.map((one) => BigInt(one['position']))
    expect(first).to.deep.equal([...first].sort((a, b) => (a < b ? -1 : 1)))
    expect((await asked({ direction: 'forwards', per_page: 1, from: String(first[1]) })).items[0]).to.deep.equal(
      begun.items[1],
    )
    for (const from of ['9'.repeat(19), String(BigInt(places[4]!) - 1n)])
      expectProblem(await system.admin.get(`${path}?from=${from}`), 400, 'invalid_request')
  })

  it('are read of one stream alone, oldest first or newest first, from a revision on', async () => {
    const stream = `${unique('story').replace('-', '')}-of it/all`
    const of = (name: string) => `${path}/streams/${encodeURIComponent(name)}`
    const events = Array.from({ length: 7 }, (_, i) => ({
      ...{ id: randomUUID(), type: i % 2 ? 'BellRang' : 'BellFell', data: { i }, metadata: {} },
    }))
    await system.store.append(stream, events, 'no_stream')
    const revisions = async (query: Record<string, string | number>) => {
      const found: number[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const asked = new URLSearchParams({ ...query, ...(cursor && { cursor }) } as Record<string, string>)
        const { status, body }: Awaited<ReturnType<Api['get']>> = await system.admin.get(`${of(stream)}?${asked}`)
        expect(status, JSON.stringify(body)).to.equal(200)
        for (const one of body.items) {
          expect(one).to.include({ stream, type: events[one.revision]!.type, id: events[one.revision]!.id })
          found.push(one.revision)
        }
        cursor = body.next_cursor
      }
      return found
    }
    for (const per_page of [1, 3, 7, 100]) {
      expect(await revisions({ per_page })).to.deep.equal([0, 1, 2, 3, 4, 5, 6])
      expect(await revisions({ per_page, from: 5 })).to.deep.equal([5, 6])
      expect(await revisions({ per_page, direction: 'backwards' })).to.deep.equal([6, 5, 4, 3, 2, 1, 0])
      expect(await revisions({ per_page, direction: 'backwards', from: 1 })).to.deep.equal([1, 0])
      expect(await revisions({ per_page, type: 'BellR' })).to.deep.equal([1, 3, 5])
    }
    expect(await revisions({ from: 7 }), 'beyond its end').to.deep.equal([])
    expect(
      (await asked({ stream, direction: 'forwards', from: 2, per_page: 2 })).items.map((one) => one['revision']),
    ).to.deep.equal([2, 3])
    const ended = `${stream}, ended`
    await append(ended, 'BellFell', {})
    await system.store.tombstone(ended)
    for (const unknown of ['nothing-here', ended, '$all', '$streams', `upload-${randomUUID()}`, 'x'.repeat(301)])
      expectProblem(await system.admin.get(of(unknown)), 404, 'not_found')
    for (const query of ['from=-1', 'from=x', 'direction=up', 'cursor=x', 'type=%25', 'per_page=0'])
      expectProblem(await system.admin.get(`${of(stream)}?${query}`), 400, 'invalid_request')
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

  it('are read one at a time without the rest of their streams', async () => {
    const { id } = facility.device
    const rename = (n: number) => system.admin.patch(`/api/v1/devices/${id}`, { name: `Mic ${n}` })
    for (let n = 1; n <= 6; n++) await rename(n)
    const position = (await rename(7)).headers.get('Event-Position')!
    expect((await system.admin.get(`/api/v1/devices/${id}`, { 'Read-After': position })).status).to.equal(200)
    const stream = await system.store.read(`device-${id}`)
    let read = 0
    const counting: typeof system.store = {
      ...system.store,
      read: async (...asked) => {
        const found = await system.store.read(...asked)
        read += found.length
        return found
      },
    }
    const deps = { ...system, store: counting, foldingOf: foldings(system.store), freshness: undefined as never }
    const [third] = stream.filter(({ data }) => data['name'] === 'Mic 3')
    const { change } = await changeOf(deps, third!)
    const upToThird = third!.revision + 1
    expect([change?.before?.['name'], change?.after?.['name'], read]).to.deep.equal(['Mic 2', 'Mic 3', upToThird])
    read = 0
    expect(await changeOf(deps, { ...third!, revision: 2_001 })).to.deep.equal({
      change: null,
      unfolded: 'More than 2000 events of the same device come before it: too many to be folded here',
    })
    expect(read, 'of those that are too many').to.equal(0)
  })

  it('are for super_admins alone, and refused in words where they are asked for badly', async () => {
    for (const route of [path, `${path}/1`, `${path}/streams/facility-${facility.id}`]) {
      expectProblem(await system.as({}).get(route), 401, 'unauthenticated')
      for (const { api } of [facility.facilityAdmin, facility.user])
        expectProblem(await api.get(route), 403, 'forbidden')
      expectProblem(await facility.sensor.get(route), 403, 'forbidden')
    }
    for (const query of [
      ...['stream=$all', 'stream=', 'category=a-b', 'type=%25', 'per_page=101', 'per_page=0', 'cursor=x'],
      ...[`cursor=${'9'.repeat(19)}`, 'direction=sideways', 'from=x'],
    ])
      expectProblem(await system.admin.get(`${path}?${query}`), 400, 'invalid_request')
    for (const unknown of ['x', '9'.repeat(19), '0'])
      expectProblem(await system.admin.get(`${path}/${unknown}`), 404, 'not_found')
  })
})
