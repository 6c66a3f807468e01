import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { derivedId, handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import * as Upload from '../../domain/upload.ts'
import { balance } from '../../workers/orphans.ts'
import { after, type Answered, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'

const path = '/api/v1/inference-jobs'
const at = '2026-11-26T09:00:00.000Z'

describe('inference jobs', function () {
  this.timeout(60_000)
  let system: System
  let here: Awaited<ReturnType<typeof newFacility>>
  let elsewhere: Awaited<ReturnType<typeof newFacility>>
  let upload: string
  const wav = sound('wav', { seconds: 2 })

  before(async () => {
    system = await theSystem()
    here = await newFacility(system)
    elsewhere = await newFacility(system)
    upload = (await here.sensor.upload(wav)).body.id as string
    await eventually(async () => expect((await api().get(`/api/v1/uploads/${upload}`)).body.status).to.equal('ready'))
  })

  const api = () => here.facilityAdmin.api
  const ask = (more: object = {}, headers = {}) => api().post(path, { upload_id: upload, ...more }, headers)
  const levels = { model: 'sound-levels' }
  /** Nothing here has it: its jobs wait. */
  const vad = { model: 'silero-vad' }
  const accepted = async (asking: Promise<Answered>) => {
    const answer = await asking
    expect(answer.status, answer.bytes.toString()).to.equal(202)
    return answer
  }
  const get = (id: string, headers = {}) => api().get(`${path}/${id}`, headers)
  const succeeded = (id: string) =>
    eventually(async () => {
      const { body } = await get(id)
      expect(body.status, body.error).to.equal('succeeded')
      return body
    }, 30_000)
  const types = async (id: string) => (await system.store.read(`inferenceJob-${id}`)).map(({ type }) => type)
  const cancel = async (id: string) => expect((await api().post(`${path}/${id}/cancel`)).status).to.equal(200)
  const nothingAppended = async (act: () => Promise<void>) =>
    // What becomes of the recordings meanwhile is another matter.
    expect((await appendedDuring(system.store, act)).filter((one) => one.includes('inferenceJob'))).to.deep.equal([])
  /** Writes these events, of a job of another number each time, and waits until reads have them. */
  async function written(id: string, ...events: InferenceJob.Event[]) {
    const about = { ...systemIntent('spec', id), facility_id: here.id }
    const { position } = await handle(system.store, InferenceJob, id, () => events, about)
    await get(id, { 'Read-After': String(position) })
    return id
  }
  const requestedBy = (more: object = {}): InferenceJob.Event => ({
    type: 'InferenceRequested',
    data: { upload_id: upload, facility_id: here.id, ...vad, priority: 'normal', requested_at: at, ...more },
  })
  const completed = (found: object, model_version = '6'): InferenceJob.Event => ({
    type: 'InferenceCompleted',
    data: {
      ...{ upload_id: upload, attempt: 1, model_version, ...found, completed_at: at },
      lineage: { input_sha256: 'ab', ffmpeg: [], output_sha256: unique('sha') },
    },
  })

  it('are done, and what was found is shown with the job and with the recording', async () => {
    const answer = await accepted(ask(levels))
    const { id } = answer.body as { id: string }
    expect(answer.headers.get('Location')).to.equal(`${path}/${id}`)
    expect(answer.body).to.deep.include({ upload_id: upload, facility_id: here.id, status: 'queued', ...levels })
    const job = await succeeded(id)
    expect(job).to.deep.include({ model_version: '1', server_id: null, attempt: 1, diff: null, waiting_for: null })
    expect(job.result.duration_secs).to.be.closeTo(2, 0.01)
    expect(job.lineage.input_sha256).to.equal((await api().get(`/api/v1/uploads/${upload}`)).body.sha256)
    const { items } = (await here.user.api.get(`/api/v1/uploads/${upload}/inference`)).body
    expect(items).to.have.length(1)
    expect(items[0]).to.deep.include(levels)
    expect(items[0].results[0]).to.deep.include({ job_id: id, result: job.result, path: `${path}/${id}/result` })
    const result = await here.user.api.get(`${path}/${id}/result`)
    expect(result.body).to.deep.equal(job.result)
    const known = { 'If-None-Match': result.headers.get('ETag')! }
    expect((await here.user.api.get(`${path}/${id}/result`, known)).status).to.equal(304)
    const history = (await api().get(`/api/v1/uploads/${upload}/history`)).body.items as { type: string }[]
    expect(history.map(({ type }) => type)).to.include.members(['InferenceRequested', 'InferenceCompleted'])
    const lineage = (await here.user.api.get(`/api/v1/uploads/${upload}/lineage`)).body
    expect(lineage.jobs).to.have.length(1)
    expect(lineage.inferences).to.have.length(1)
    expect(lineage.inferences[0]).to.deep.include({
      id,
      ...levels,
      model_version: '1',
      attempts: 1,
      status: 'succeeded',
    })
    expect(lineage.inferences[0]).to.deep.include({ made: job.lineage, because_of: null, server_id: null })
    const own = (await api().get(`${path}/${id}/history`)).body.items as { type: string }[]
    expect(own.map(({ type }) => type)).to.deep.equal(['InferenceRequested', 'InferenceStarted', 'InferenceCompleted'])
  })

  it('are the same for all who ask for the same while it is open, also at once', async () => {
    const first = await accepted(ask({ ...vad, params: { threshold: 0.4, min_speech_ms: 300 } }))
    const again = { ...vad, params: { min_speech_ms: 300, threshold: 0.4 }, priority: 'high' }
    const ids = (await Promise.all([again, again, again].map((more) => accepted(ask(more))))).map(({ body }) => body.id)
    expect(new Set([...ids, first.body.id])).to.have.property('size', 1)
    const others = await Promise.all([{}, { model_version: '6' }, {}].map((more) => accepted(ask({ ...vad, ...more }))))
    const [any, six, same] = others.map(({ body }) => body.id as string)
    expect([any === same, any === six, any === ids[0]]).to.deep.equal([true, false, false])
    for (const id of [ids[0], any, six]) await cancel(id as string)
    const later = await accepted(ask(vad))
    expect(later.body.id).not.to.equal(any)
    await cancel(later.body.id as string)
  })

  it('are asked for once under one Idempotency-Key, whatever has become of them since', async () => {
    const key = { 'Idempotency-Key': unique('key') }
    const first = await accepted(ask(vad, key))
    await cancel(first.body.id as string)
    const second = await accepted(ask(vad, key))
    expect([second.body, second.headers.get('ETag')]).to.deep.equal([first.body, first.headers.get('ETag')])
    expectProblem(await ask({ ...vad, priority: 'low' }, key), 409, 'idempotency_clash')
    expect(await types(first.body.id as string)).to.deep.equal(['InferenceRequested', 'InferenceCancelled'])
  })

  it('say where they wait, and that no server has their model', async () => {
    const ids: string[] = []
    for (const [i, priority] of (['low', 'normal', 'high'] as const).entries())
      ids.push((await accepted(ask({ ...vad, priority, params: { speech_pad_ms: i } }))).body.id as string)
    const theirs = (
      await here.user.api.get(`${path}?upload_id=${upload}&status=queued&model=silero-vad`, {
        'Read-After': String((await system.store.head())!),
      })
    ).body.items as Record<string, any>[]
    const [low, normal, high] = ids.map((id) => theirs.find((one) => one['id'] === id)!)
    for (const one of [low, normal, high]) expect(one).to.deep.include({ waiting_for: 'server' })
    expect(high!['position_in_queue']).to.be.lessThan(normal!['position_in_queue'])
    expect(normal!['position_in_queue']).to.be.lessThan(low!['position_in_queue'])
    expect(low).not.to.have.any.keys('result', 'lineage')
    for (const id of ids) await cancel(id)
  })

  it('are not taken where nothing could come of them, in words for a person', async () => {
    const gone = await recording({ type: 'UploadDeleted', data: { deleted_at: at } })
    const noise = await recording({ type: 'UploadRejected', data: { reason: 'no sound', rejected_at: at } })
    await nothingAppended(async () => {
      const unknown = await ask({ model: 'nose' })
      expectProblem(unknown, 400, 'invalid_request')
      expect(unknown.body.errors).to.deep.equal([
        { path: 'body.model', message: 'Invalid option: expected one of "silero-vad"|"sound-levels"' },
      ])
      for (const more of [
        {},
        { ...vad, params: { threshold: 7 } },
        { ...levels, params: { volume: 11 } },
        { ...levels, model_version: '2' },
        { ...vad, model_version: '../6' },
        { ...vad, priority: 'urgent' },
        { ...vad, upload_id: 'x' },
      ])
        expectProblem(await ask(more), 400, 'invalid_request')
      for (const upload_id of [gone, randomUUID()]) expectProblem(await ask({ ...vad, upload_id }), 404, 'not_found')
      expectProblem(await ask({ ...vad, upload_id: noise }), 409, 'upload_rejected')
      const foreign = elsewhere.facilityAdmin.api.post(path, { upload_id: upload, ...vad })
      expectProblem(await foreign, 404, 'not_found')
      expectProblem(await here.user.api.post(path, { upload_id: upload, ...vad }), 403, 'forbidden')
    })
  })
  async function recording(then: Upload.Event) {
    const id = randomUUID()
    const file = {
      object_key: `uploads/${id}/x`,
      file_name: 'a',
      content_type: 'audio/wav',
      size_bytes: 1,
      sha256: 'a',
    }
    const data = { facility_id: here.id, ...file, received_at: at }
    const about = { ...systemIntent('spec', id), facility_id: here.id }
    const events: Upload.Event[] = [{ type: 'UploadReceived', data }, then]
    await handle(system.store, Upload, id, () => events, about)
    return id
  }

  it('are cancelled, retried, and retried together, by whoever may', async () => {
    const { id } = (await accepted(ask(vad))).body as { id: string }
    for (const verb of ['cancel', 'retry'])
      expectProblem(await elsewhere.facilityAdmin.api.post(`${path}/${id}/${verb}`), 404, 'not_found')
    await cancel(id)
    expect((await accepted(api().post(`${path}/${id}/retry`))).body.status).to.equal('queued')
    await cancel(id)
    const failed: InferenceJob.Event = {
      type: 'InferenceFailed',
      data: { upload_id: upload, reason: 'bad luck', failed_at: at },
    }
    const ids = [randomUUID(), randomUUID()]
    for (const one of ids) await written(one, requestedBy(), failed)
    await written(randomUUID(), requestedBy({ model: 'other' }), failed)
    const all = (count: number) => api().post(`${path}/retry-failed`, { count, upload_id: upload, ...vad })
    expectProblem(await all(3), 409, 'count_differs')
    expect(new Set((await accepted(all(2))).body.ids)).to.deep.equal(new Set(ids))
    for (const one of ids) await cancel(one)
  })

  it('are found, and tried again, by the server that had them last', async () => {
    const [mine, other] = [randomUUID(), randomUUID()]
    const failedAt = async (server_id: string) =>
      written(
        randomUUID(),
        requestedBy(),
        {
          type: 'InferenceStarted',
          data: { upload_id: upload, attempt: 1, worker: 'spec', started_at: at, server_id },
        },
        { type: 'InferenceFailed', data: { upload_id: upload, reason: 'bad luck', failed_at: at } },
      )
    const ids = [await failedAt(mine), await failedAt(mine)]
    await failedAt(other)
    const { body } = await api().get(`${path}?server_id=${mine}&status=failed`)
    expect(body.items.map(({ id }: { id: string }) => id)).to.have.members(ids)
    expectProblem(await api().get(`${path}?server_id=nowhere`), 400, 'invalid_request')
    const retried = await accepted(api().post(`${path}/retry-failed`, { count: 2, server_id: mine }))
    expect(retried.body.ids).to.have.members(ids)
    for (const id of ids) await cancel(id)
  })

  it('run again with another version, and say what is different then', async () => {
    const rerun = (more: object = {}, upload_id = upload) =>
      api().post(`/api/v1/uploads/${upload_id}/inference/rerun`, { ...vad, model_version: '7', ...more })
    expectProblem(await rerun({ model: 'nose' }), 400, 'invalid_request')
    expectProblem(await rerun({}, randomUUID()), 404, 'not_found')
    const fresh = (await here.sensor.upload(sound('wav', { seconds: 0.3 }))).body.id as string
    expectProblem(await rerun({}, fresh), 409, 'nothing_to_compare')
    // What the first version has found, in the place where its jobs are looked for.
    const before = derivedId(...InferenceJob.slots.automatic({ upload_id: upload, ...vad }))
    const segment = (start_secs: number, confidence = 0.9) => ({ start_secs, end_secs: start_secs + 1, confidence })
    const old = { segments: [segment(0), segment(2), segment(4)] }
    await written(before, requestedBy({ params: { threshold: 0.4 } }), completed({ result: old }))
    const answer = await accepted(rerun())
    const { id } = answer.body as { id: string }
    expect(answer.body).to.deep.include({ rerun_of: before, model_version: '7', params: { threshold: 0.4 } })
    expect((await get(id, after(answer))).body.diff, 'not yet').to.equal(null)
    expect((await accepted(rerun())).body.id).to.equal(id)
    const found = { segments: [segment(0), segment(1.5), segment(2), segment(4, 0.8)] }
    await written(id, completed({ result: found }, '7'))
    expect((await get(id)).body.diff).to.deep.equal({
      ...{ rerun_of: before, model_versions: { before: '6', after: '7' }, is_same: false, total: 5 },
      changes: [
        { path: 'segments.1', before: segment(2) },
        { path: 'segments.2', before: segment(4) },
        { path: 'segments.1', after: segment(1.5) },
        { path: 'segments.2', after: segment(2) },
        { path: 'segments.3', after: segment(4, 0.8) },
      ],
    })
    const [results] = (await api().get(`/api/v1/uploads/${upload}/inference`)).body.items
    expect(results.results.map(({ job_id }: { job_id: string }) => job_id)).to.include.members([before, id])
  })

  it('have large results read from the store, which the sweeper leaves there', async () => {
    const id = randomUUID()
    const object_key = `uploads/${upload}/${id}/1/result.json`
    const found = { segments: Array.from({ length: 5000 }, (_, i) => ({ start_secs: i })) }
    async function* bytes() {
      yield Buffer.from(JSON.stringify(found))
    }
    const stored = await system.objects.put(object_key, bytes(), 'application/json')
    await written(id, requestedBy({ model: 'large' }), completed({ stored_result: { object_key, ...stored } }))
    const { body } = await get(id)
    expect(body).to.deep.include({ result: null, path: `${path}/${id}/result` })
    expect(JSON.stringify(body)).not.to.include(object_key)
    const read = await api().get(body.path as string)
    expect([read.status, read.body, read.headers.get('ETag')]).to.deep.equal([200, found, `"${stored.sha256}"`])
    expectProblem(await elsewhere.user.api.get(body.path as string), 404, 'not_found')
    const orphans: string[] = []
    const { store, objects } = system
    const now = () => new Date(Date.now() + 86_400_000).toISOString()
    const looking = { store, objects, graceMs: 1, now, signal: new AbortController().signal, mostNamed: 10_000 }
    await balance(looking, async ({ key }) => void orphans.push(key))
    expect(orphans).not.to.include(object_key)
    await system.objects.remove(object_key)
    expect((await balance(looking)).missing).to.include(object_key)
    expectProblem(await api().get(body.path as string), 503, 'object_missing')
    await system.objects.put(object_key, bytes(), 'application/json')
  })

  it('are asked for by themselves, by the settings as they were when the recording came', async () => {
    const setting = `/api/v1/facilities/${elsewhere.id}/settings/automatic_inference`
    const admin = elsewhere.facilityAdmin.api
    await admin.put(setting, { value: { enabled: true, ...levels } })
    const { id } = (await elsewhere.sensor.upload(wav)).body as { id: string }
    await admin.put(setting, { value: { enabled: false } })
    const job = derivedId(...InferenceJob.slots.automatic({ upload_id: id, ...levels }))
    await eventually(async () => {
      const { items } = (await elsewhere.user.api.get(`/api/v1/uploads/${id}/inference`)).body
      expect(items[0]?.results[0]).to.deep.include({ job_id: job })
    }, 30_000)
    const quiet = (await elsewhere.sensor.upload(sound('wav', { seconds: 0.4 }))).body.id as string
    await eventually(async () => expect((await admin.get(`/api/v1/uploads/${quiet}`)).body.status).to.equal('ready'))
    const jobsOf = async (of: string) => (await admin.get(`${path}?upload_id=${of}`)).body.items
    await admin.put(setting, { value: { enabled: true, ...levels } })
    const later = (await elsewhere.sensor.upload(sound('wav', { seconds: 0.6 }))).body.id as string
    await eventually(async () => expect(await jobsOf(later)).to.have.length(1), 30_000)
    expect(await jobsOf(quiet), 'by what reacted to that one before').to.deep.equal([])
  })

  it('are asked for by themselves of every model that the setting names, each for itself', async () => {
    const setting = `/api/v1/facilities/${elsewhere.id}/settings/automatic_inference`
    const admin = elsewhere.facilityAdmin.api
    const value = { enabled: true, models: ['a-model-of-nobody', 'sound-levels'] }
    expect((await admin.put(setting, { value })).body.value).to.deep.equal(value)
    const { id } = (await elsewhere.sensor.upload(sound('wav', { seconds: 0.7 }))).body as { id: string }
    await eventually(async () => {
      const { items } = (await admin.get(`${path}?upload_id=${id}`)).body
      const found = items.map(({ model, status }: { model: string; status: string }) => `${model} ${status}`)
      expect(found).to.have.members(['a-model-of-nobody failed', 'sound-levels succeeded'])
    }, 30_000)
  })
})
