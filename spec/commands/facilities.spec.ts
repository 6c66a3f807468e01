import { expect } from 'chai'
import { after, expectProblem } from '../api.ts'
import { connectAlone } from '../../ops/platform/database.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

describe('facilities', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
  })

  it('are created once, and readable right after', async () => {
    const code = unique('plant')
    const created = await system.admin.post('/api/v1/facilities', { name: 'Plant', code, timezone: 'Asia/Seoul' })
    expect(created.status).to.equal(201)
    expect(created.headers.get('ETag')).to.equal('"0"')
    const read = await system.admin.get(created.headers.get('Location')!, after(created))
    expect(read.body).to.deep.equal(created.body)
    expectProblem(
      await system.admin.post('/api/v1/facilities', { name: 'Other', code: code.toUpperCase() }),
      409,
      'code_taken',
    )
  })

  it('are readable with Read-After no sooner than they are there', async () => {
    const lock = await connectAlone(system.config.DATABASE_URL, () => undefined)
    await lock.query('begin')
    await lock.query('lock table projection_groups in access exclusive mode')
    const created = await system.admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') })
    const path = created.headers.get('Location')!
    const reading = system.admin.get(path, after(created))
    const meanwhile = await system.admin.get(path)
    await lock.end()
    expectProblem(meanwhile, 404, 'not_found')
    expect((await reading).body).to.deep.equal(created.body)
  })

  it('take only one of twenty that ask for the same code at once', async () => {
    const code = unique('plant')
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => system.admin.post('/api/v1/facilities', { name: `Plant ${i}`, code })),
    )
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1)
    expect(answers.filter(({ body }) => body.code === 'code_taken')).to.have.length(19)
  })

  it('answer a repeated Idempotency-Key as the first time, and write once', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const body = { name: 'Plant', code: unique('plant') }
    const first = await system.admin.post('/api/v1/facilities', body, key)
    await system.admin.patch(first.headers.get('Location')!, { name: 'Renamed since' })
    const second = await system.admin.post('/api/v1/facilities', body, key)
    expect(second.body).to.deep.equal(first.body)
    expect(second.status).to.equal(201)
    for (const header of ['ETag', 'Event-Position', 'Location'])
      expect(second.headers.get(header)).to.equal(first.headers.get(header))
    const events = await system.store.read(`facility-${first.body.id}`)
    expect(events.map(({ type }) => type)).to.deep.equal(['FacilityRegistered', 'FacilityRenamed'])
  })

  it('refuse a repeated Idempotency-Key with another body, and reserve nothing for it', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    await system.admin.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') }, key)
    const other = { name: 'Plant', code: unique('plant') }
    expectProblem(await system.admin.post('/api/v1/facilities', other, key), 409, 'idempotency_clash')
    expect((await system.admin.post('/api/v1/facilities', other)).status, 'the other code is still free').to.equal(201)
  })

  it('write once when the same request comes ten times at once', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const body = { name: 'Plant', code: unique('plant') }
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => system.admin.post('/api/v1/facilities', body, key)),
    )
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.id)).size).to.equal(1)
    expect(await system.store.read(`facility-${answers[0]!.body.id}`)).to.have.length(1)
  })

  it('are changed at the revision the caller names, and only there', async () => {
    const path = `/api/v1/facilities/${facility.id}`
    const changed = await system.admin.patch(path, { address: 'Pier 9' }, { 'If-Match': '"0"' })
    expect([changed.status, changed.headers.get('ETag'), changed.body.address]).to.deep.equal([200, '"1"', 'Pier 9'])
    expectProblem(
      await system.admin.patch(path, { address: 'Pier 10' }, { 'If-Match': '"0"' }),
      412,
      'revision_conflict',
    )
    expectProblem(
      await system.admin.patch(path, { address: 'Pier 10' }, { 'If-Match': 'zero' }),
      400,
      'invalid_request',
    )
    expect(await system.store.read(`facility-${facility.id}`)).to.have.length(2)
  })

  it('add nothing when nothing changes, and still say where the stream ends', async () => {
    const path = `/api/v1/facilities/${facility.id}`
    const first = await system.admin.patch(path, { name: 'Same' })
    const again = await system.admin.patch(path, { name: 'Same' })
    expect(again.headers.get('Event-Position')).to.equal(first.headers.get('Event-Position'))
    expect(again.headers.get('ETag')).to.equal(first.headers.get('ETag'))
  })

  it('keep out what is added to them once deactivated, and let their people in no more', async () => {
    const closing = await newFacility(system)
    expect((await closing.user.api.get('/api/auth/me')).status).to.equal(200)
    await system.admin.post(`/api/v1/facilities/${closing.id}/deactivate`)
    const device = { facility_id: closing.id, name: 'Mic', serial: unique('S'), model: 'xs-1' }
    expectProblem(await system.admin.post('/api/v1/devices', device), 409, 'facility_inactive')
    expectProblem(await closing.sensor.upload(Buffer.from('x')), 401, 'unauthenticated')
    expectProblem(
      await system.admin.post('/api/auth/login', { email: closing.user.email, password: closing.user.password }),
      401,
      'invalid_credentials',
    )
  })

  it('say who changed what in their history', async () => {
    const created = await system.admin.post('/api/v1/facilities', { name: 'Before', code: unique('plant') })
    const path = created.headers.get('Location')!
    const renamed = await system.admin.patch(path, { name: 'After' })
    const { body } = await system.admin.get(`${path}/history`, after(renamed))
    expect(body.items.map(({ type }: { type: string }) => type)).to.deep.equal([
      'FacilityRegistered',
      'FacilityRenamed',
    ])
    expect(body.items[1].changes).to.deep.equal([{ field: 'name', before: 'Before', after: 'After' }])
    expect(body.items[1].actor).to.deep.include({ kind: 'user', name: 'Admin' })
  })

  it('are listed in pages and by cursor, each exactly once', async () => {
    for (let i = 0; i < 3; i++)
      await system.admin.post('/api/v1/facilities', { name: unique('Listed'), code: unique('listed') })
    const last = await system.admin.post('/api/v1/facilities', { name: unique('Listed'), code: unique('listed') })
    const query = '/api/v1/facilities?q=listed&per_page=3'
    const first = (await system.admin.get(query, after(last))).body
    expect([first.total, first.pages, first.items.length]).to.deep.equal([4, 2, 3])
    const byPage = (await system.admin.get(`${query}&page=2`)).body
    const byCursor = (await system.admin.get(`${query}&cursor=${first.next_cursor}`)).body
    expect(byCursor.items).to.deep.equal(byPage.items)
    expect(byCursor.next_cursor).to.equal(null)
    expect(new Set([...first.items, ...byPage.items].map(({ id }: { id: string }) => id)).size).to.equal(4)
  })

  it('are listed each exactly once also where what they are sorted by is the same', async () => {
    const name = unique('Same')
    let last = await system.admin.post('/api/v1/facilities', { name, code: unique('same') })
    for (let i = 0; i < 3; i++) last = await system.admin.post('/api/v1/facilities', { name, code: unique('same') })
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = `/api/v1/facilities?q=${name}&sort=name&per_page=1${cursor && `&cursor=${cursor}`}`
      const { body } = await system.admin.get(query, after(last))
      ids.push(...body.items.map(({ id }: { id: string }) => id))
      cursor = body.next_cursor as string | null
    }
    expect(ids)
      .to.have.length(4)
      .and.to.deep.equal([...new Set(ids)].sort())
  })

  it('are searched for by words, in which no character means another', async () => {
    const name = `${unique('Half')} 50% \\ a_b`
    const created = await system.admin.post('/api/v1/facilities', { name, code: unique('half') })
    const found = async (text: string) =>
      (await system.admin.get(`/api/v1/facilities?q=${encodeURIComponent(text)}`, after(created))).body.total as number
    expect(await found(name.toUpperCase())).to.equal(1)
    for (const text of [name.replace('50', '%'), name.replace('a_b', 'a__')]) expect(await found(text)).to.equal(0)
  })
})
