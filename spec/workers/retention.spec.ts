import { expect } from 'chai'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { removePurged, retain } from '../../workers/retention.ts'
import { after, expectProblem } from '../api.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem } from '../system.ts'

const dayMs = 86_400_000
const never = new AbortController().signal

describe('recordings that are old', () => {
  let system: System
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async function () {
    this.timeout(60_000)
    system = await theSystem()
    facility = await newFacility(system)
    await set('recording_retention_days', 30)
    await set('recording_purge_days', 2)
  })
  const set = (key: string, value: number) =>
    system.admin.put(`/api/v1/facilities/${facility.id}/settings/${key}`, { value })
  async function ready() {
    const sent = await facility.sensor.upload(sound('wav', { seconds: 0.2 }))
    const path = sent.headers.get('Location')!
    await eventually(async () => expect((await facility.user.api.get(path)).body.status).to.equal('ready'))
    return { path, id: sent.body.id as string }
  }
  /** As it would be so many days from now. */
  const retainIn = (days: number) =>
    retain({ ...system, environment: {}, now: () => new Date(Date.now() + days * dayMs).toISOString() }, never)
  const typesOf = async (id: string) => (await system.store.read(`upload-${id}`)).map(({ type }) => type)
  const lastOf = async (id: string) => (await system.store.read(`upload-${id}`)).at(-1)!
  async function keysOf(id: string) {
    const keys: string[] = []
    for await (const key of system.objects.keys(`uploads/${id}/`)) keys.push(key)
    return keys
  }
  /** Until the read models have all there is. */
  const followed = async () => {
    const position = String(await system.store.head())
    await system.admin.get('/api/v1/uploads?per_page=1', { 'Read-After': position })
  }

  it('are deleted by the system, which says why, and by nobody’s wish before', async () => {
    const { id, path } = await ready()
    await retainIn(29)
    expect(await typesOf(id)).to.not.include('UploadDeleted')
    await retainIn(31)
    const { type, data, metadata } = await lastOf(id)
    expect(type).to.equal('UploadDeleted')
    expect(data['reason']).to.equal('Recordings are kept here for 30 days')
    expect(metadata).to.deep.include({ facility_id: facility.id, actor: { kind: 'system', id: 'retention' } })
    await followed()
    expectProblem(await facility.user.api.get(path), 404, 'not_found')
    await retainIn(31)
    expect(
      (await typesOf(id)).filter((type) => type === 'UploadDeleted'),
      'once',
    ).to.have.length(1)
  })

  it('stay when somebody restored them since, and where their facility keeps everything', async () => {
    const { id, path } = await ready()
    const other = await newFacility(system)
    const elsewhere = (await other.sensor.upload(sound('wav', { seconds: 0.2 }))).body.id as string
    const deleted = await facility.facilityAdmin.api.delete(path)
    await facility.facilityAdmin.api.post(`${path}/restore`, {}, after(deleted))
    await followed()
    await retainIn(29.9)
    expect(await typesOf(id)).to.not.include.members(['UploadPurged'])
    expect((await typesOf(id)).at(-1)).to.equal('UploadRestored')
    await retainIn(4000)
    expect((await typesOf(id)).at(-1)).to.equal('UploadDeleted')
    expect(await typesOf(elsewhere)).to.not.include('UploadDeleted')
  })

  it('are purged when their time to be restored is over: their bytes go, their history stays', async () => {
    const { id, path } = await ready()
    expect(await keysOf(id)).to.have.length(4)
    await facility.facilityAdmin.api.delete(path)
    await followed()
    await retainIn(1.9)
    expect((await lastOf(id)).type).to.equal('UploadDeleted')
    await retainIn(2.1)
    expect((await lastOf(id)).type).to.equal('UploadPurged')
    await eventually(async () => expect(await keysOf(id)).to.deep.equal([]))
    expectProblem(await facility.facilityAdmin.api.post(`${path}/restore`), 409, 'upload_purged')
    await followed()
    const history = await facility.user.api.get(`${path}/history`)
    expect(history.body.items.at(-1)).to.deep.include({
      type: 'UploadPurged',
      actor: { kind: 'system', id: 'purge', name: 'purge' },
    })
    const restorable = await facility.facilityAdmin.api.get('/api/v1/uploads?status=deleted')
    expect(restorable.body.items.map((one: { id: string }) => one.id)).to.not.include(id)
  })

  it('lose all their bytes when a crash came between the word and the deed', async () => {
    const { id } = await ready()
    const removed: string[] = []
    const dying = {
      keys: system.objects.keys,
      remove: async (key: string) => {
        if (removed.push(key) > 2) throw new Error('killed')
        await system.objects.remove(key)
      },
    }
    const event = { stream: `upload-${id}` } as Recorded
    const crash = await removePurged(dying)
      .react(event, {} as never, never)
      .then(
        () => 'done',
        (error: Error) => error.message,
      )
    expect(crash).to.equal('killed')
    expect(await keysOf(id)).to.have.length(2)
    await removePurged(system.objects).react(event, {} as never, never)
    expect(await keysOf(id)).to.deep.equal([])
  })
})
