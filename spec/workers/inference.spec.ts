import { createHash, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import * as InferenceJob from '../../domain/inferenceJob.ts'
import * as Upload from '../../domain/upload.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { type Connections, openConnections } from '../../ops/roles/connections.ts'
import { NotYet } from '../../workers/runner.ts'
import { eventually } from '../eventually.ts'
import { now } from '../gpuServers.ts'
import { inferringIn } from '../inferring.ts'
import { sound } from '../sounds.ts'
import { specLog, startServers, temporaryDataDir, unique } from '../system.ts'

describe('inference, where no worker but ours runs', function () {
  this.timeout(60_000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const wav = sound('wav', { seconds: 0.25 })
  const never = new AbortController().signal
  let connections: Connections
  let inferring: Awaited<ReturnType<typeof inferringIn>>
  let upload: string

  before(async () => {
    const { stack, config } = await startServers(dataDir)
    lifecycle.onStop('stack', () => stack.stop())
    connections = await openConnections(config, specLog, lifecycle)
    inferring = await inferringIn(connections, dataDir)
    upload = (await inferring.recordings.received(wav)).id
  })
  after(async () => {
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })
  const open: { stop?: () => unknown; close?: () => unknown }[] = []
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await (one.stop ?? one.close)!()
  })
  const opened = <T extends (typeof open)[number]>(one: T): T => (open.push(one), one)
  const serving = async (...asked: Parameters<typeof inferring.serving>) => opened(await inferring.serving(...asked))
  const working = (...asked: Parameters<typeof inferring.worker>) => opened(inferring.worker(...asked))
  const cancelled = (id: string) =>
    handle(connections.store, InferenceJob, id, InferenceJob.cancel({ cancelled_at: now() }), systemIntent(unique('c')))
  const stated = (id: string, decision: Parameters<typeof handle<Upload.State, Upload.Event>>[3]) =>
    handle(connections.store, Upload, id, decision, systemIntent(unique('u')))
  const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

  it('asks a server what it hears, and says what of, how and where', async () => {
    const server = await serving()
    working()
    const id = await inferring.requested(upload)
    const { type, data } = await inferring.over(id)
    expect(type, JSON.stringify(data)).to.equal('Completed')
    expect(data).to.deep.include({ upload_id: upload, attempt: 1, model_version: '7', result: { heard: [4000] } })
    const { lineage } = data as { lineage: InferenceJob.Lineage }
    expect(lineage).to.deep.include({ input_sha256: sha256(wav), output_sha256: sha256('{"heard":[4000]}') })
    expect(lineage.ffmpeg).to.include.members(['-f', 'wav', '16000']).and.not.include(dataDir)
    expect((await inferring.events(id))[1]!.data).to.deep.include({ server_id: server.id })
  })

  it('hears by itself where the model needs no server', async () => {
    working()
    const id = await inferring.requested(upload, { model: 'sum' })
    expect((await inferring.over(id)).data).to.deep.include({ model_version: '3', result: { heard: 2000 } })
    expect((await inferring.events(id))[1]!.data).not.to.have.property('server_id')
  })

  it('keeps a large result in the store', async () => {
    await serving()
    working()
    const id = await inferring.requested(upload, { params: { results: 20_000 } })
    const { data } = await inferring.over(id)
    expect(data).not.to.have.property('result')
    const { object_key, size_bytes, sha256: of } = data['stored_result'] as InferenceJob.StoredResult
    expect(object_key).to.equal(`uploads/${upload}/${id}/1/result.json`)
    const found = await text(await connections.objects.get(object_key))
    expect([found.length, sha256(found), sha256(found)]).to.deep.equal([size_bytes, of, data['lineage'].output_sha256])
    expect(JSON.parse(found).heard).to.have.length(20_000)
  })

  it('waits for a server, with no attempt used up, and is done once there is one', async () => {
    const { task } = working({ slots: 0 })
    const id = await inferring.requested(upload)
    const outcome = await task.begin(id, never).catch((error: unknown) => error)
    expect(outcome).to.be.instanceOf(NotYet)
    working()
    const other = await inferring.requested(upload, { model: 'sum' })
    await inferring.over(other)
    expect(await inferring.types(id)).to.deep.equal(['Requested'])
    await serving({}, { max_concurrency: 1 })
    expect((await inferring.over(id)).type).to.equal('Completed')
    expect(await inferring.types(id)).to.deep.equal(['Requested', 'Started', 'Completed'])
  })

  it('asks another server within a second where one fails, and that one last from then on', async () => {
    const bad = await serving({ infer: (_, response) => void response.writeHead(500).end('{"error":"out of memory"}') })
    working({ slots: 1 })
    const id = await inferring.requested(upload)
    await eventually(async () => expect(await inferring.types(id)).to.include('AttemptFailed'))
    const good = await serving()
    expect((await inferring.over(id)).type).to.equal('Completed')
    const second = await inferring.requested(upload)
    await inferring.over(second)
    const told = await inferring.events(id)
    const failed = told.find(({ type }) => type === 'InferenceAttemptFailed')!.data
    expect(failed).to.deep.include({ cause: 'server', reason: 'It answered 500: out of memory' })
    expect(told.findLast(({ type }) => type === 'InferenceStarted')!.data).to.deep.include({ server_id: good.id })
    expect(bad.asked.filter((one) => one.includes('infer'))).to.have.length.lessThan(4)
  })

  it('tries it soon where another server is there already', async () => {
    const bad = await serving({ infer: (_, response) => void response.writeHead(500).end() })
    const good = await serving()
    working({ slots: 1 })
    const ids = [await inferring.requested(upload), await inferring.requested(upload)]
    for (const id of ids) expect((await inferring.over(id)).type).to.equal('Completed')
    const told = (await Promise.all(ids.map(inferring.events))).find((events) => events.length > 3)!
    const at = (i: number, field: string) => Date.parse(told[i]!.data[field] as string)
    expect(told.map(({ data }) => data['server_id']).filter(Boolean)).to.deep.equal([bad.id, good.id])
    expect(at(3, 'started_at') - at(2, 'failed_at')).to.be.lessThan(1000)
  })

  it('ends at once, in words for a person, what no server and no attempt can do', async () => {
    const server = await serving({
      infer: (_, response) => void response.writeHead(400).end('{"error":"no such input"}'),
    })
    const { task } = working()
    const [gone, none, text] = await Promise.all(
      [wav, wav, Buffer.from('no sound')].map((bytes) => inferring.recordings.received(bytes)),
    )
    await stated(gone!.id, Upload.remove({ deleted_at: now() }))
    await stated(none!.id, Upload.reject({ reason: 'it is noise', rejected_at: now() }))
    const missing = await inferring.recordings.received(wav)
    await connections.objects.remove(missing.object_key)
    const found: Record<string, string> = {}
    for (const [what, upload_id, more] of [
      ['refused', upload, {}],
      ['deleted', gone!.id, {}],
      ['rejected', none!.id, {}],
      ['no sound', text!.id, { model: 'sum' }],
      ['missing', missing.id, { model: 'sum' }],
      ['unknown', upload, { model: 'nose' }],
      ['params', upload, { params: { results: 'many' } }],
    ] as const) {
      const id = await inferring.requested(upload_id, more)
      const { type, data } = await inferring.over(id)
      expect(type, what).to.equal('Failed')
      found[what] = data['reason']
      expect((await inferring.types(id)).filter((type) => type === 'AttemptFailed')).to.deep.equal([])
    }
    const { 'no sound': unreadable, ...others } = found
    expect(others).to.deep.equal({
      refused: 'The server refused the request (400): no such input',
      deleted: 'The upload was deleted',
      rejected: 'The recording was rejected: it is noise',
      missing: 'The stored recording is missing',
      unknown: 'No model is called nose here',
      params: 'ears cannot be asked with these parameters',
    })
    expect(unreadable)
      .to.match(/cannot be|Invalid|could not/i)
      .and.not.include(dataDir)
    delete server.manner.infer
    const id = await inferring.requested(upload)
    expect((await inferring.over(id)).type, 'the server was not at fault').to.equal('Completed')
    expect(await task.begin(id, never), 'nothing is left to do').to.equal(undefined)
  })

  it('stops asking once it is cancelled, and gives back the slot', async () => {
    let closed = 0
    const hangs = await serving(
      { infer: (_, response) => void response.on('close', () => closed++) },
      { max_concurrency: 1 },
    )
    const { fleet } = working({ slots: 1 })
    const id = await inferring.requested(upload)
    await eventually(() => expect(hangs.asked.at(-1)).to.include('infer'))
    expect(fleet.pick({ model: 'ears', avoid: [] })).to.equal(undefined)
    await cancelled(id)
    await eventually(() => expect(closed).to.equal(1))
    await eventually(() => {
      const held = fleet.pick({ model: 'ears', avoid: [] })
      held?.release('ok')
      expect(held?.id).to.equal(hangs.id)
    })
    expect(await inferring.types(id)).to.deep.equal(['Requested', 'Started', 'Cancelled'])
  })

  it('counts an attempt that takes too long as one that failed', async () => {
    await serving({ infer: () => undefined })
    const { task, fleet } = working({ slots: 0, limitMs: 300 })
    await fleet.ready
    const id = await inferring.requested(upload)
    const job = (await task.begin(id, never))!
    const error = await task.perform(job, never).catch(({ message }: Error) => message)
    expect(error).to.equal('The inference took longer than 0 s')
  })

  it('lets an attempt that another worker has taken over complete nothing', async () => {
    await serving()
    const [slow, quick] = [working({ slots: 0 }), working({ slots: 0 })]
    await Promise.all([slow.fleet.ready, quick.fleet.ready])
    const id = await inferring.requested(upload)
    const first = (await slow.task.begin(id, never))!
    const second = (await quick.task.begin(id, never))!
    const refused = (act: Promise<unknown>) =>
      act.then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
    expect(await refused(slow.task.perform(first, never))).to.equal('attempt-superseded')
    expect(await refused(quick.task.perform(second, never))).to.equal('done')
    expect(await inferring.types(id)).to.deep.equal(['Requested', 'Started', 'TimedOut', 'Started', 'Completed'])
    const silent = await inferring.requested(randomUUID())
    const job = (await slow.task.begin(silent, never))!
    await quick.task.timeOut(silent, job.attempt)
    job.held!.release('ok')
    expect(await inferring.types(silent)).to.deep.equal(['Requested', 'Started', 'TimedOut'])
    await cancelled(silent)
  })

  it('ends every job once, and well, while servers are killed and come back', async function () {
    const jobs = process.env['SPEC_LONG'] ? 500 : 40
    this.timeout(jobs * 2000)
    const servers = await Promise.all([0, 1, 2].map(() => serving({}, { max_concurrency: 2 })))
    const { jobs: open } = working({ slots: 4, watchMs: 300 })
    const ids: string[] = []
    for (let i = 0; i < jobs; i++) ids.push(await inferring.requested(upload, { facility_id: `f${i % 3}` }))
    const isDone = (count: number) =>
      eventually(() => expect(open.isCaughtUp() && jobs - open.jobs.size).to.be.greaterThanOrEqual(count), 60_000)
    let killed = 0
    for (let done = 3; done < jobs * 0.8; done += 10) {
      await isDone(done)
      const back = await servers[killed++ % 3]!.die()
      await isDone(done + 4)
      await back()
    }
    let failed = 0
    for (const id of ids) {
      await inferring.over(id, 60_000)
      const types = await inferring.types(id)
      const ends = types.filter((type) => /^(Completed|Failed|Cancelled)$/.test(type))
      expect(ends, types.join(' ')).to.deep.equal(['Completed'])
      failed += types.filter((type) => type === 'AttemptFailed').length
    }
    this.test!.title += ` (${jobs} jobs, ${killed} kills, ${failed} attempts that failed)`
    expect(failed, 'attempts that a killed server has failed').not.to.equal(0)
  })
})
