import { expect } from 'chai'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventsOfUpload } from '../../ops/bench/scaling.ts'
import { type Api, apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { firmwarePath, imageOf, made, published } from '../firmware.ts'
import { adminCredentials } from '../process.ts'
import { blocksOf, placeToOperate } from '../runbooks.ts'
import { sound } from '../sounds.ts'
import { logIn, unique } from '../system.ts'

describe('a drill: what is lost comes back by the commands of its runbook', function () {
  this.timeout(90_000)
  const place = placeToOperate()
  const recording = sound('wav', { seconds: 0.3 })
  const image = imageOf(100_000)
  const kept = join(place.dataDir, 'firmware-images')
  let operator: Api
  let plant: string
  let api_key: string
  let imageUrl: string

  before(async () => {
    await place.run('npm start')
    await logInAgain()
    plant = (await made(operator.post('/api/v1/facilities', { name: 'Plant', code: unique('plant') }))).id
    const model = unique('xs')
    const sensor = { facility_id: plant, name: 'Mic', serial: unique('S'), model }
    const device_id = (await made(operator.post('/api/v1/devices', sensor))).id
    const scopes = ['upload', 'firmware', 'heartbeat']
    const key = { name: 'k', facility_id: plant, device_id, scopes }
    api_key = (await made(operator.post('/api/v1/api-keys', key))).api_key
    const release = { device_model: model, version: '2.0.0', facility_id: plant }
    const { id } = await published(operator, release, image)
    await made(operator.post(`${firmwarePath}/${id}/activate`), 200)
    imageUrl = (await eventually(() => made(asSensor().get(`${firmwarePath}/check?current_version=1.0.0`), 200)))
      .image_url
    await received()
    await fetched()
  })
  after(() => place.remove())

  const asSensor = () => apiOf(place.url(), { 'X-API-Key': api_key })
  async function logInAgain() {
    const { email, password } = await adminCredentials(place.dataDir)
    operator = await logIn(place.url(), email, password)
  }
  const sent = async () => (await made(asSensor().upload(recording))).id as string
  const isReady = (id: string) =>
    eventually(async () => expect((await operator.get(`/api/v1/uploads/${id}`)).body.status).to.equal('ready'), 30_000)
  async function received(): Promise<string> {
    const id = await sent()
    await isReady(id)
    return id
  }
  async function fetched() {
    const { status, bytes } = await asSensor().get(imageUrl)
    expect([status, bytes.equals(image)]).to.deep.equal([200, true])
  }
  /** All that people see of what was written, and that it can be heard. */
  async function everything() {
    const found: Record<string, { id: string }[]> = {}
    for (const list of ['facilities', 'users', 'uploads', 'transcode-jobs', 'firmware'])
      found[list] = (await made(operator.get(`/api/v1/${list}?per_page=100`), 200)).items
    for (const { id } of found['uploads']!) {
      const { status, bytes } = await operator.get(`/api/v1/uploads/${id}/download`)
      expect([status, bytes.equals(recording)], id).to.deep.equal([200, true])
    }
    return found
  }
  const kill = (server: string, signal: NodeJS.Signals = 'SIGKILL') =>
    process.kill(Number(readFileSync(join(place.dataDir, `${server}.pid`), 'utf8').split('\n')[0]), signal)
  const lose = (path: string) =>
    rmSync(join(place.dataDir, path), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  function damage(path: string) {
    const file = join(place.dataDir, path)
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(file, bytes)
  }

  it('Postgres', async () => {
    const before = await everything()
    lose('postgres/global/pg_control')
    kill('postgres')
    await eventually(async () => expect((await operator.get('/api/v1/uploads')).status).to.equal(503))
    await place.follow('postgres-lost')
    await logInAgain()
    await eventually(async () => expect(await everything()).to.deep.equal(before), 30_000)
  })

  it('JetStream, with a job that nobody has begun', async () => {
    kill('nats', 'SIGSTOP')
    const id = await sent()
    lose('nats')
    writeFileSync(join(place.dataDir, 'nats'), 'no folder')
    kill('nats')
    await place.follow('jetstream-lost')
    await logInAgain()
    await isReady(id)
    const { items } = (await operator.get(`/api/v1/uploads/${id}/history`)).body as { items: { type: string }[] }
    expect(items.filter(({ type }) => type === 'TranscodeCompleted')).to.have.length(1)
    expect(items, 'what a recording costs').to.have.length(eventsOfUpload)
  })

  it('the objects, and the images kept beside the API', async () => {
    const before = await everything()
    await place.run(blocksOf('everything-lost')[0]!)
    kill('s3')
    lose('s3')
    expect(readdirSync(kept)).to.have.length(1)
    const { id } = before['uploads']![0] as { id: string }
    await eventually(async () => expect((await operator.get(`/api/v1/uploads/${id}/download`)).status).to.equal(503))
    await place.follow('objects-lost')
    expect(readdirSync(place.dataDir)).not.to.include('firmware-images')
    await eventually(fetched)
    expect(readdirSync(kept)).to.have.length(1)
    expect(await everything()).to.deep.equal(before)
  })

  it('the log: what was acknowledged before the backup is there, what came later is gone', async () => {
    const before = await everything()
    await place.run(blocksOf('everything-lost')[0]!)
    const later = await received()
    damage('eventstore/events.log')
    kill('eventstore')
    await place.follow('events-lost')
    await logInAgain()
    await eventually(async () => expect(await everything()).to.deep.equal(before), 60_000)
    expect((await operator.get(`/api/v1/uploads/${later}`)).status).to.equal(404)
    await received()
  })
})
