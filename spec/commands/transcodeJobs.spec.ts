import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { transcodeJobs } from '../../commands/transcodeJobs.ts'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as TranscodeJob from '../../domain/transcodeJob.ts'
import * as Upload from '../../domain/upload.ts'
import { Unavailable } from '../../ops/platform/eventStoreErrors.ts'
import { after, type Answered, expectProblem } from '../api.ts'
import { appendedDuring } from '../appended.ts'
import { eventually } from '../eventually.ts'
import { sound } from '../sounds.ts'
import { newFacility, type System, theSystem, unique } from '../system.ts'
import { ask } from './asking.ts'

const path = '/api/v1/transcode-jobs'

describe('transcode jobs', function () {
  this.timeout(60_000)
  let system: System
  let here: Awaited<ReturnType<typeof newFacility>>
  let elsewhere: Awaited<ReturnType<typeof newFacility>>
  let upload: string
  const wav = sound('wav')
  const at = '2026-11-24T09:00:00.000Z'

  before(async () => {
    system = await theSystem()
    here = await newFacility(system)
    elsewhere = await newFacility(system)
    upload = await ready()
  })
  async function ready(): Promise<string> {
    const { id } = (await here.sensor.upload(wav)).body
    await eventually(async () => {
      const { body } = await system.admin.get(`/api/v1/uploads/${id}`)
      expect(body.status, body.error).to.equal('ready')
    }, 30_000)
    return id
  }

  const api = () => here.facilityAdmin.api
  /** A job that has failed, without any worker having seen it. */
  async function failed(upload_id = upload, facility_id = here.id) {
    const id = randomUUID()
    const asked = { upload_id, facility_id, formats: ['opus-webm'] as const, bitrate: 64_000, requested_at: at }
    const events: TranscodeJob.Event[] = [
      { type: 'TranscodeRequested', data: asked },
      { type: 'TranscodeFailed', data: { upload_id, reason: 'bad luck', failed_at: at } },
    ]
    const { position } = await handle(system.store, TranscodeJob, id, () => events, {
      ...systemIntent('spec', id),
      facility_id,
    })
    await system.admin.get(`${path}/${id}`, { 'Read-After': String(position) })
    return id
  }
  /** One that some worker seems to have in hand. */
  async function running() {
    const id = randomUUID()
    const asked = { upload_id: randomUUID(), facility_id: here.id, formats: ['opus-webm'] as const, bitrate: 64_000 }
    const events: TranscodeJob.Event[] = [
      { type: 'TranscodeRequested', data: { ...asked, requested_at: at } },
      {
        type: 'TranscodeStarted',
        data: { upload_id: asked.upload_id, attempt: 1, worker: 'w', started_at: new Date().toISOString() },
      },
    ]
    await handle(system.store, TranscodeJob, id, () => events, { ...systemIntent('spec', id), facility_id: here.id })
    return id
  }
  const types = async (id: string) => (await system.store.read(`transcodeJob-${id}`)).map(({ type }) => type)
  const succeeded = (id: string) =>
    eventually(async () => {
      const { body } = await system.admin.get(`${path}/${id}`)
      expect(body.status, body.error).to.equal('succeeded')
      return body
    }, 30_000)
  const nothingAppended = async (act: () => Promise<void>) =>
    expect(await appendedDuring(system.store, act)).to.deep.equal([])
  /** As the read model shows it too, but for its place. */
  const sameAsRead = async (answer: Answered) => {
    const events = await system.store.read(`transcodeJob-${answer.body.id}`)
    const position = answer.headers.get('Event-Position')
    expect(events.map((event) => String(event.position))).to.include(position)
  }

  describe('may be retried', () => {
    it('once they have failed, and then succeed', async () => {
      const id = await failed()
      const answer = await api().post(`${path}/${id}/retry`)
      expect(answer.status).to.equal(202)
      expect(answer.body).to.deep.equal({
        ...{ id, upload_id: upload, facility_id: here.id, status: 'queued', formats: ['opus-webm'], bitrate: 64_000 },
        ...{ attempt: 0, error: null, position_in_queue: null, requested_at: at, started_at: null, finished_at: null },
      })
      await sameAsRead(answer)
      await succeeded(id)
    })
    it('under one Idempotency-Key once, and not at a revision that has moved on', async () => {
      const id = await failed()
      expectProblem(await api().post(`${path}/${id}/retry`, {}, { 'If-Match': '"0"' }), 412, 'revision_conflict')
      const key = { 'Idempotency-Key': unique('key'), 'If-Match': '"1"' }
      const [first, second] = [
        await api().post(`${path}/${id}/retry`, {}, key),
        await api().post(`${path}/${id}/retry`, {}, key),
      ]
      expect([second.status, second.body]).to.deep.equal([202, first.body])
      await succeeded(id)
      expect((await types(id)).filter((type) => type === 'TranscodeRetried')).to.have.length(1)
      await nothingAppended(async () => expectProblem(await api().post(`${path}/${id}/retry`), 409, 'job_over'))
    })
    it('by nobody else', async () => {
      const id = await failed()
      await nothingAppended(async () => {
        expectProblem(await elsewhere.facilityAdmin.api.post(`${path}/${id}/retry`), 404, 'not_found')
        expectProblem(await here.user.api.post(`${path}/${id}/retry`), 403, 'forbidden')
        expectProblem(await api().post(`${path}/${randomUUID()}/retry`), 404, 'not_found')
      })
    })
  })

  describe('may be cancelled', () => {
    it('while they are open, once, and not when they are over', async () => {
      const id = await running()
      expectProblem(await elsewhere.facilityAdmin.api.post(`${path}/${id}/cancel`), 404, 'not_found')
      const answer = await api().post(`${path}/${id}/cancel`)
      expect([answer.status, answer.body.status]).to.deep.equal([200, 'cancelled'])
      const { position_in_queue: _, ...shown } = (await api().get(`${path}/${id}`, after(answer))).body
      expect({ ...answer.body, position_in_queue: null }).to.deep.equal({ ...shown, position_in_queue: null })
      await nothingAppended(async () => {
        expect((await api().post(`${path}/${id}/cancel`)).headers.get('ETag')).to.equal(answer.headers.get('ETag'))
      })
      const over = await failed()
      await nothingAppended(async () => expectProblem(await api().post(`${path}/${over}/cancel`), 409, 'job_over'))
    })
  })

  describe('that have failed may be retried together', () => {
    it('by whoever knows how many they are', async () => {
      const another = await ready()
      const ids = [await failed(another), await failed(another)]
      const elses = await failed(upload, elsewhere.id)
      await nothingAppended(async () => {
        for (const count of [1, 3]) {
          const wrong = await api().post(`${path}/retry-failed`, { count, upload_id: another })
          expectProblem(wrong, 409, 'count_differs')
          expect(wrong.body.detail).to.equal(`2 failed jobs match, not ${count}; nothing was retried`)
        }
        for (const facility_id of [elsewhere.id, randomUUID()])
          expectProblem(await api().post(`${path}/retry-failed`, { count: 1, facility_id }), 404, 'not_found')
        for (const body of [{}, { count: 0 }, { count: 1001 }, { count: 1, status: 'queued' }])
          expectProblem(await api().post(`${path}/retry-failed`, body), 400, 'invalid_request')
      })
      const answer = await api().post(`${path}/retry-failed`, { count: 2, upload_id: another })
      expect([answer.status, answer.body.count, new Set(answer.body.ids)]).to.deep.equal([202, 2, new Set(ids)])
      for (const id of ids) await succeeded(id)
      expect(await types(elses)).to.deep.equal(['TranscodeRequested', 'TranscodeFailed'])
    })

    it('once under one Idempotency-Key, those that were chosen at first, whatever fails later', async () => {
      const another = await ready()
      const ids = [await failed(another), await failed(another)]
      const key = { 'Idempotency-Key': unique('key') }
      const retry = (count: number) => api().post(`${path}/retry-failed`, { count, upload_id: another }, key)
      const first = await retry(2)
      expect([first.status, new Set(first.body.ids)]).to.deep.equal([202, new Set(ids)])
      for (const id of ids) await succeeded(id)
      const late = await failed(another)
      await nothingAppended(async () => {
        const again = await retry(2)
        expect([again.status, again.body]).to.deep.equal([202, first.body])
        expect(again.headers.get('Event-Position')).to.equal(first.headers.get('Event-Position'))
        expectProblem(await retry(1), 409, 'idempotency_clash')
      })
      for (const id of ids) expect((await types(id)).filter((type) => type === 'TranscodeRetried')).to.have.length(1)
      expect(await types(late)).to.deep.equal(['TranscodeRequested', 'TranscodeFailed'])
    })

    it('all of them by the same command again, where it was cut off', async () => {
      const ids = [await failed(), await failed()]
      const cut: typeof system.store = {
        ...system.store,
        append: (stream, ...more) =>
          stream.endsWith(ids[1]!) ? Promise.reject(new Unavailable('away')) : system.store.append(stream, ...more),
      }
      const caller = { kind: 'user', id: 'boss', session_id: '', role: 'super_admin' } as const
      const intent = systemIntent('spec', unique('bulk'))
      const asked = (store = system.store, failedJobs: () => Promise<string[]> = async () => ids) =>
        ask(
          transcodeJobs({ ...system, store, now: () => at, fixed: {}, failedJobs }),
          ['POST', `${path}/retry-failed`],
          { body: { count: 2 }, intent },
          caller,
        )
      expect(await asked(cut)).to.equal('unavailable')
      const retries = async (id: string) => (await types(id)).filter((type) => type === 'TranscodeRetried').length
      expect(await Promise.all(ids.map(retries))).to.deep.equal([1, 0])
      expect(await asked(system.store, async () => [])).to.equal('202')
      expect(await Promise.all(ids.map(retries))).to.deep.equal([1, 1])
      for (const id of ids) await succeeded(id)
    })

    it('as their streams have it, whatever the read model says', async () => {
      const [open, over] = [await running(), await failed()]
      const candidates = async () => [open, over, randomUUID()]
      const routes = transcodeJobs({ ...system, now: () => at, fixed: {}, failedJobs: candidates })
      const caller = {
        kind: 'user',
        id: here.facilityAdmin.id,
        session_id: '',
        role: 'facility_admin',
        facility_id: here.id,
      } as const
      const asked = (count: number) => ask(routes, ['POST', `${path}/retry-failed`], { body: { count } }, caller)
      for (const count of [2, 3]) expect(await asked(count)).to.equal('count_differs')
      expect(await types(over)).to.have.length(2)
      expect(await asked(1)).to.equal('202')
      await succeeded(over)
      expect((await api().post(`${path}/${open}/cancel`)).status).to.equal(200)
    })
  })

  describe('may be asked for', () => {
    const transcode = (body: object, headers = {}, id = upload) =>
      api().post(`/api/v1/uploads/${id}/transcode`, body, headers)

    for (const [body, formats, bitrate] of [
      [{}, ['opus-webm', 'aac-mp4'], 96_000],
      [{ format: 'webm', bitrate: 32_000 }, ['opus-webm'], 32_000],
      [{ format: 'aac-mp4' }, ['aac-mp4'], 96_000],
    ] as const)
      it(`with ${JSON.stringify(body)}`, async () => {
        const answer = await transcode(body)
        expect(answer.status, answer.bytes.toString()).to.equal(202)
        expect(answer.body).to.deep.include({
          upload_id: upload,
          status: 'queued',
          formats,
          bitrate,
          facility_id: here.id,
        })
        expect(answer.headers.get('Location')).to.equal(`${path}/${answer.body.id}`)
        await succeeded(answer.body.id)
      })

    it('once under one Idempotency-Key, for what was kept and is their own', async () => {
      const key = { 'Idempotency-Key': unique('key') }
      const [first, second] = [await transcode({ format: 'mp4' }, key), await transcode({ format: 'mp4' }, key)]
      expect([second.status, second.body]).to.deep.equal([202, first.body])
      await succeeded(first.body.id)
      expect((await types(first.body.id)).filter((type) => type === 'TranscodeRequested')).to.have.length(1)
      const gone = randomUUID()
      const file = {
        object_key: `uploads/${gone}/x`,
        file_name: 'a',
        content_type: 'audio/wav',
        size_bytes: 1,
        sha256: 'ab',
      }
      const events: Upload.Event[] = [
        {
          type: 'UploadReceived',
          data: { facility_id: here.id, ...file, received_at: at },
        },
        { type: 'UploadDeleted', data: { deleted_at: at } },
      ]
      await handle(system.store, Upload, gone, () => events, {
        ...systemIntent('spec', gone),
        facility_id: here.id,
      })
      expectProblem(await transcode({}, {}, gone), 404, 'not_found')
      expectProblem(await transcode({}, {}, randomUUID()), 404, 'not_found')
      expectProblem(await transcode({}, { 'If-Match': '"77"' }), 412, 'revision_conflict')
      expectProblem(await transcode({ format: 'mp3' }), 400, 'invalid_request')
      expectProblem(await transcode({ bitrate: 7 }), 400, 'invalid_request')
      const theirs = await elsewhere.facilityAdmin.api.post(`/api/v1/uploads/${upload}/transcode`, {})
      expectProblem(theirs, 404, 'not_found')
    })
  })
})
