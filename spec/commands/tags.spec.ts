import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { derivedId } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { ownerOf, reserve } from '../../commands/reserve.ts'
import { reservedName, settleTagName } from '../../commands/tagNames.ts'
import { after, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/tags'

describe('tags', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  let other: typeof facility
  let upload: string
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    other = await newFacility(system)
    upload = (await facility.sensor.upload(sound('wav', { seconds: 0.2 }))).body.id as string
  })
  const api = () => facility.facilityAdmin.api
  const create = (name: string, at = facility) => at.facilityAdmin.api.post(path, { facility_id: at.id, name })
  const made = async (name = unique('tag')) => (await create(name)).body as { id: string; name: string }
  const setTags = (...tag_ids: string[]) => api().put(`/api/v1/uploads/${upload}/tags`, { tag_ids })

  it('have a name of their own in their facility, whatever its case, also when many ask at once', async () => {
    const name = unique('Wind')
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(name)))
    expect(answers.filter(({ status }) => status === 201)).to.have.length(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) expectProblem(answer, 409, 'tag_taken')
    expectProblem(await create(name.toUpperCase()), 409, 'tag_taken')
    expect((await create(name, other)).status, 'elsewhere').to.equal(201)
    const { id } = answers.find(({ status }) => status === 201)!.body as { id: string }
    expect((await facility.user.api.get(`${path}/${id}`, after(answers[0]!))).body).to.include({ id, name })
  })

  it('are renamed to what is free, and give their old name back', async () => {
    const [one, two] = [await made(), await made()]
    expectProblem(await api().patch(`${path}/${one.id}`, { name: two.name }), 409, 'tag_taken')
    const [old, name] = [one.name, unique('tag')]
    expectProblem(await api().patch(`${path}/${one.id}`, { name }, { 'If-Match': '"7"' }), 412, 'revision_conflict')
    expect((await create(name)).status, 'nothing was reserved').to.equal(201)
    const renamed = await api().patch(`${path}/${one.id}`, { name: `${name} 2` }, { 'If-Match': '"0"' })
    expect(renamed.body).to.include({ id: one.id, name: `${name} 2` })
    expect((await create(old)).status, 'the old name').to.equal(201)
    expect((await api().patch(`${path}/${one.id}`, { name: `${name} 2`.toUpperCase() })).status).to.equal(200)
  })

  it('are listed for their facility by name', async () => {
    const word = unique('listed')
    for (const name of ['b', 'a']) await create(`${word} ${name}`)
    const last = await create(`${word} c`)
    const { body } = await facility.user.api.get(`${path}?q=${word}&sort=name`, after(last))
    expect(body.items.map(({ name }: { name: string }) => name.at(-1))).to.deep.equal(['a', 'b', 'c'])
    expect((await other.user.api.get(`${path}?q=${word}`, after(last))).body.total).to.equal(0)
  })

  it('mark recordings, which are found by them', async () => {
    const [one, two] = [await made(), await made()]
    const answer = await setTags(one.id, two.id, one.id)
    expect([...answer.body.tags].sort()).to.deep.equal([one.id, two.id].sort())
    const found = async (tag: string) =>
      (await facility.user.api.get(`/api/v1/uploads?tag=${tag}`, after(answer))).body.items.map(
        ({ id }: { id: string }) => id,
      )
    expect(await found(one.id)).to.deep.equal([upload])
    const fewer = await setTags(two.id)
    expect((await facility.user.api.get(`/api/v1/uploads/${upload}`, after(fewer))).body.tags).to.deep.equal([two.id])
    expect(await found(one.id)).to.deep.equal([])
  })

  it('are seen nowhere once they are deleted, and their name is free', async () => {
    const [gone, stays] = [await made(), await made()]
    await setTags(gone.id, stays.id)
    expectProblem(await api().delete(`${path}/${gone.id}`, { 'If-Match': '"3"' }), 412, 'revision_conflict')
    const deleted = await api().delete(`${path}/${gone.id}`)
    expect(deleted.status).to.equal(204)
    expect((await api().delete(`${path}/${gone.id}`)).status, 'again').to.equal(204)
    const { user } = facility
    expectProblem(await user.api.get(`${path}/${gone.id}`, after(deleted)), 404, 'not_found')
    expect((await user.api.get(`/api/v1/uploads/${upload}`)).body.tags).to.deep.equal([stays.id])
    const list = (await user.api.get(`/api/v1/uploads?tag=${stays.id}`)).body
    expect(list.items[0].tags).to.deep.equal([stays.id])
    expect((await user.api.get(`/api/v1/uploads?tag=${gone.id}`)).body.total).to.equal(0)
    expectProblem(await setTags(gone.id), 404, 'not_found')
    expectProblem(await api().patch(`${path}/${gone.id}`, { name: 'x' }), 404, 'not_found')
    expect((await create(gone.name)).status).to.equal(201)
  })

  it('of another facility are as unknown as none, and nothing is appended', async () => {
    const { id } = (await create(unique('there'), other)).body as { id: string }
    const mine = await made()
    const appended = await appendedDuring(system.store, async () => {
      for (const tag of [id, randomUUID()]) expectProblem(await setTags(mine.id, tag), 404, 'not_found')
      expectProblem(await setTags('x'), 400, 'invalid_request')
      expectProblem(await setTags(...Array.from({ length: 51 }, () => randomUUID())), 400, 'invalid_request')
      expectProblem(await api().patch(`${path}/${id}`, { name: 'x' }), 404, 'not_found')
      expectProblem(await api().delete(`${path}/${id}`), 404, 'not_found')
      expectProblem(await api().post(path, { facility_id: other.id, name: 'x' }), 404, 'not_found')
      expectProblem(await facility.user.api.post(path, { facility_id: facility.id, name: 'x' }), 403, 'forbidden')
      for (const name of ['', ' ', 'x'.repeat(61), 'a\u0000', 7, null])
        expectProblem(await api().post(path, { facility_id: facility.id, name }), 400, 'invalid_request')
    })
    expect(appended.filter((one) => !one.includes('transcodeJob') && !one.includes('UploadProbed'))).to.deep.equal([])
  })

  it('give back what was reserved for a change that never came', async () => {
    const { id } = await made()
    const { store } = system
    const name = reservedName({ facility_id: facility.id, name: unique('never') })
    const at = new Date().toISOString()
    await reserve(store, { kind: 'tagName', name, owner_id: id, at }, systemIntent('spec', derivedId('tag', name)))
    expect(await ownerOf(store, 'tagName', name)).to.equal(id)
    await settleTagName({ store, now: () => at }, id, name)
    expect(await ownerOf(store, 'tagName', name)).to.equal(undefined)
  })
})
