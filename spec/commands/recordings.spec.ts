import { expect } from 'chai'
import { after, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'

describe('recordings', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let path: string
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    path = (await facility.sensor.upload(sound('wav', { seconds: 0.2 }))).headers.get('Location')!
    await eventually(async () => expect((await system.admin.get(path)).body.status).to.equal('ready'))
  })
  const api = () => facility.facilityAdmin.api
  const see = async () => (await facility.user.api.get(path)).body

  it('are given a title, notes and metadata, which can be taken back', async () => {
    const details = { title: 'Night', notes: 'wind\nand rain', metadata: { gain: 3, mics: ['a'] } }
    const changed = await api().patch(path, details)
    expect(changed.body).to.deep.include(details)
    expect((await facility.user.api.get(path, after(changed))).body).to.deep.include({ ...details, status: 'ready' })
    const found = async (q: string) => (await facility.user.api.get(`/api/v1/uploads?q=${q}`)).body.total as number
    expect([await found('night'), await found('and%20rain'), await found('storm')]).to.deep.equal([1, 1, 0])
    const revision = changed.headers.get('ETag')!
    expectProblem(await api().patch(path, { title: 'Day' }, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    const taken = await api().patch(path, { title: null, notes: '', metadata: {} }, { 'If-Match': revision })
    expect(taken.body).to.deep.include({ title: null, notes: null, metadata: {} })
    const body = (await facility.user.api.get(path, after(taken))).body
    expect(body).to.deep.include({ title: null, notes: null, metadata: {} })
  })

  it('refuse what is no title, no notes, no metadata, and append nothing', async () => {
    let deep: object = {}
    for (let i = 0; i < 9; i++) deep = { deep }
    const appended = await appendedDuring(system.store, async () => {
      for (const body of [
        ...['', ' ', 'x'.repeat(201), 'a\nb', 'half \ud800', 7].map((title) => ({ title })),
        ...['x'.repeat(10_001), 'a\u0000', 7].map((notes) => ({ notes })),
        ...[deep, [], 'x', null, { x: 'y'.repeat(20_000) }, { 'a\u0000': 1 }].map((metadata) => ({ metadata })),
        { colour: 'red' },
      ])
        expectProblem(await api().patch(path, body), 400, 'invalid_request')
      expectProblem(await facility.user.api.patch(path, { title: 'x' }), 403, 'forbidden')
    })
    expect(appended).to.deep.equal([])
  })

  it('are hidden once they are deleted, and come back as they were', async () => {
    const sent = await facility.sensor.upload(sound('wav', { seconds: 0.2 }), { metadata: '{"a":1}' })
    const one = sent.headers.get('Location')!
    const { user } = facility
    await eventually(async () => expect((await user.api.get(one)).body.status).to.equal('ready'))
    const before = (await user.api.get(one)).body
    expectProblem(await user.api.delete(one), 403, 'forbidden')
    expectProblem(await api().delete(one, { 'If-Match': '"0"' }), 412, 'revision_conflict')
    const deleted = await api().delete(one)
    expect(deleted.status).to.equal(204)
    for (const what of ['', '/stream', '/download', '/peaks'])
      expectProblem(await user.api.get(one + what, after(deleted)), 404, 'not_found')
    const ids = async (from: typeof user.api, query: string) =>
      (await from.get(`/api/v1/uploads?facility_id=${facility.id}&${query}`)).body.items.map(
        ({ id }: { id: string }) => id,
      ) as string[]
    expect(await ids(user.api, '')).to.not.include(before.id)
    expect(await ids(user.api, 'status=deleted')).to.deep.equal([])
    expect(await ids(api(), 'status=deleted')).to.deep.equal([before.id])
    expect((await api().delete(one)).status, 'again').to.equal(204)
    for (const refused of [api().patch(one, { title: 'x' }), api().put(`${one}/tags`, { tag_ids: [] })])
      expectProblem(await refused, 404, 'not_found')
    expectProblem(await user.api.post(`${one}/restore`), 403, 'forbidden')
    const restored = await api().post(`${one}/restore`)
    expect(restored.status).to.equal(200)
    expect((await user.api.get(one, after(restored))).body).to.deep.equal(before)
    expect((await user.api.get(`${one}/stream`)).status).to.equal(200)
    const { items } = (await user.api.get(`${one}/history`)).body
    expect(items.map(({ type }: { type: string }) => type).slice(-2)).to.deep.equal(['UploadDeleted', 'UploadRestored'])
  })

  it('of another facility are as unknown as none, and nothing is appended', async () => {
    const other = (await newFacility(system)).facilityAdmin.api
    const appended = await appendedDuring(system.store, async () => {
      expectProblem(await other.patch(path, { title: 'x' }), 404, 'not_found')
      expectProblem(await other.delete(path), 404, 'not_found')
      expectProblem(await other.post(`${path}/restore`), 404, 'not_found')
      expectProblem(await other.put(`${path}/tags`, { tag_ids: [] }), 404, 'not_found')
    })
    expect(appended).to.deep.equal([])
    expect((await see()).status).to.equal('ready')
  })
})
