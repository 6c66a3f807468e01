import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { splitStream } from '../../domain/decider.ts'
import { personalFields } from '../../domain/events.ts'
import type { Recorded } from '../../ops/platform/eventStore.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { Config } from '../../ops/platform/config.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { checkStorage } from '../../ops/storage/checking.ts'
import { inferences, transcodes } from '../../workers/openJobs.ts'
import { type Api, apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { launch, type Launched, outsideServers, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { newAdmin, newFacility, specLog, startServers, temporaryDataDir, unique } from '../system.ts'

/** The large numbers in `npm run test:long`. */
const [uploads, kills] = process.env['SPEC_LONG'] ? [200, 30] : [12, 2]
/** Whether JetStream is lost after many were killed, or before any: it takes longer to find what both have lost. */
const losing = kills >> 2
/** Each recording is transcoded, and listened to by a model that needs no server. */
const jobs = 2 * uploads
const kinds = [transcodes, inferences]
const ends = new Set(kinds.flatMap((kind) => [...kind.ends]))

describe(`${uploads} uploads at once, while workers are killed ${kills} times and JetStream loses everything`, function () {
  this.timeout(60_000 + uploads * 3000)
  const dataDir = temporaryDataDir()
  const lifecycle = createLifecycle({ log: specLog })
  const workers: Launched[] = []
  /** All of the recordings and their jobs, by stream. */
  const log = new Map<string, Recorded[]>()
  let config: Config
  let loseJetStream: () => Promise<void>
  let admin: Api
  let sensor: Api
  let startWorker: () => void

  before(async () => {
    const { stack, ...started } = await startServers(dataDir)
    config = started.config
    lifecycle.onStop('stack', () => stack.stop())
    loseJetStream = async () => {
      const pid = stack.pids()['nats']!
      process.kill(pid, 'SIGSTOP')
      rmSync(join(dataDir, 'nats'), { recursive: true })
      process.kill(pid, 'SIGKILL')
      await eventually(() => expect(stack.pids()['nats']).to.be.a('number').and.not.equal(pid))
    }

    let folders = 0
    const folder = () => {
      const DATA_DIR = join(dataDir, `process-${folders++}`)
      mkdirSync(DATA_DIR)
      return DATA_DIR
    }
    const env = {
      ...outsideServers(config),
      ...{ RATE_LIMIT_PER_MINUTE: '0', TRANSCODE_CONCURRENCY: '1', INFERENCE_WORKER_CONCURRENCY: '1' },
    }
    startWorker = () => void workers.push(launch(['workers'], { ...env, DATA_DIR: folder() }))
    lifecycle.onStop('projections', launch(['projections'], { ...env, DATA_DIR: folder() }).stop)
    const api = await startProcess(folder(), { args: ['api'], env })
    lifecycle.onStop('api', api.stop)
    admin = await newAdmin(config, api.url)
    sensor = (await newFacility({ admin, url: api.url, as: (headers) => apiOf(api.url, headers) })).sensor
    const listened = { value: { enabled: true, model: 'sound-levels' } }
    expect((await admin.put('/api/v1/system/settings/automatic_inference', listened)).status).to.equal(200)

    const store = connectEventStore({ url: config.EVENTSTORE_URL, secret: config.DATA_ENCRYPTION_KEY, personalFields })
    const following = (async () => {
      const prefixes = ['upload-', ...kinds.map(({ category }) => `${category}-`)]
      for await (const events of store.follow({ after: undefined, prefixes, signal: lifecycle.stopping }))
        for (const event of events) log.set(event.stream, [...(log.get(event.stream) ?? []), event])
    })()
    lifecycle.onStop('following', () => following.finally(() => store.close()))
    startWorker()
    startWorker()
  })
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await lifecycle.stop('over')
    rmSync(dataDir, { recursive: true, force: true })
  })

  const typesOf = (category: string) =>
    [...log]
      .filter(([stream]) => splitStream(stream)[0] === category)
      .map(([, events]) => events.map(({ type }) => type))
  const isOver = (events: readonly Recorded[]) => events.some(({ type }) => ends.has(type))
  const over = () => [...log.values()].filter(isOver).length

  /** A worker that has an attempt in hand, as far as the log goes. */
  function busy(): Launched {
    const running = [...log.values()].flatMap((events) => (events.at(-1)!.data['worker'] as string | undefined) ?? [])
    const found = workers.find(({ pid }) => running.some((worker) => worker.includes(`-${pid}-`)))
    if (!found) throw new Error(`nobody is at work: ${workers.map(({ output }) => output()).join('\n')}`)
    return found
  }

  it('makes each of them ready once, ends each job once, and loses no object', async function () {
    const began = performance.now()
    const wav = sound('wav', { seconds: 2 })
    let refused = 0
    // As a device does: refused because a server is away, or slow, it asks again under the same key.
    const send = async (key: string) => {
      const { status, body, bytes } = await sensor.upload(wav, {}, { 'Idempotency-Key': key })
      if (status === 503) refused++
      expect(status, bytes.toString()).to.equal(201)
      return body.id as string
    }
    const sending = Array.from({ length: uploads }, () => {
      const key = unique('key')
      return eventually(() => send(key), uploads * 1000)
    })
    for (let step = 0; step <= kills; step++) {
      await eventually(() => expect(over()).to.be.at.least((jobs * (step + 1)) / (kills + 2)), 60_000)
      if (step === losing) {
        await loseJetStream()
        continue
      }
      const victim = await eventually(busy, 60_000)
      await victim.kill()
      workers.splice(workers.indexOf(victim), 1)
      startWorker()
    }
    const ids = await Promise.all(sending)
    expect(new Set(ids).size).to.equal(uploads)
    await eventually(() => expect(over()).to.equal(jobs), 60_000 + uploads * 500)

    const total = async (query = '') => (await admin.get(`/api/v1/uploads?per_page=1${query}`)).body.total as number
    await eventually(async () => expect(await total('&status=ready')).to.equal(uploads))
    expect(await total()).to.equal(uploads)
    for (const types of typesOf('upload')) expect(types).to.deep.equal(['UploadReceived', 'UploadProbed'])
    for (const { category } of kinds) {
      const all = typesOf(category)
      expect(all, category).to.have.length(uploads)
      for (const types of all)
        expect(
          types.filter((type) => ends.has(type)),
          types.join(' '),
        )
          .to.have.length(1)
          .and.match(/Completed$/)
    }
    const lost = [...log.values()].flat().filter(({ type }) => /TimedOut$/.test(type))
    expect(lost, 'what a killed worker had in hand').not.to.have.length(0)

    const check = (sweep: boolean) => checkStorage({ ...config, ORPHAN_GRACE_SECS: 0 }, sweep, () => undefined)
    const { removed } = await check(true)
    const secs = Math.round((performance.now() - began) / 1000)
    this.test!.title += ` (${lost.length} attempts lost, ${removed} objects of theirs swept, ${refused} × 503, ${secs} s)`
    const { objects, ...found } = await check(false)
    const nothing = { orphans: 0, pending: 0, unknown: 0, missing: [], missingCount: 0 }
    expect(found).to.deep.include({ ...nothing, named: objects })
  })
})
