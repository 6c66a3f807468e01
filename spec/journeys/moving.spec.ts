import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportObjects, importObjects } from '../../ops/storage/copying.ts'
import { connectObjects, type Objects } from '../../ops/platform/objects.ts'
import { objectsIn } from '../../ops/roles/connections.ts'
import { after as readAfter, apiOf } from '../api.ts'
import { eventually } from '../eventually.ts'
import { runProcess, startProcess } from '../process.ts'
import { sound } from '../sounds.ts'
import { logIn, newFacility, startSystem, type System } from '../system.ts'
import { keysBelow } from '../tus.ts'

describe('an installation that moves', function () {
  this.timeout(90_000)
  const folder = mkdtempSync(join(tmpdir(), 'moving-'))
  const nobody = () => undefined
  let system: System
  let stop: () => Promise<void>
  let facility: Awaited<ReturnType<typeof newFacility>>
  before(async () => {
    const own = await startSystem()
    system = own.system
    stop = () => own.lifecycle.stop('over')
    facility = await newFacility(system)
  })
  after(async () => {
    await stop()
    for (const left of [folder, system.dataDir]) rmSync(left, { recursive: true, force: true })
  })

  const recording = sound('wav', { seconds: 0.3 })
  async function received(): Promise<string> {
    const { body } = await facility.sensor.upload(recording)
    await eventually(async () =>
      expect((await system.admin.get(`/api/v1/uploads/${body.id}`)).body.status).to.equal('ready'),
    )
    return body.id as string
  }
  const anotherBucket = async (name: string): Promise<Objects> => {
    const bucket = connectObjects({ ...objectsIn(system.config), bucket: name })
    await bucket.prepare()
    return bucket
  }
  async function bytesOf(objects: Objects, key: string): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of await objects.get(key)) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }

  it('takes its objects along, each once however often it is asked, and none that has become another', async () => {
    const to = join(folder, 'objects of one')
    const id = await received()
    const keys = await keysBelow(system.objects, `uploads/${id}/`)
    const first = await exportObjects(system.objects, to, nobody)
    expect(first.copied).to.equal(first.objects).and.to.be.at.least(keys.length)
    const later = await keysBelow(system.objects, `uploads/${await received()}/`)
    const second = await exportObjects(system.objects, to, nobody)
    expect([second.objects, second.copied]).to.deep.equal([first.objects + later.length, later.length])
    expect(execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: to }).toString()).not.to.include('FAILED')

    writeFileSync(join(to, keys[0]!), Buffer.alloc(readFileSync(join(to, keys[0]!)).length, 'x'))
    const bucket = await anotherBucket('moved')
    const why = await importObjects(bucket, to, nobody).catch((error: Error) => error.message)
    expect(why).to.include(keys[0]!).and.include('is not what was exported')
    expect(await bucket.size(keys[0]!)).to.equal(undefined)
    rmSync(join(to, keys[0]!))
    expect((await exportObjects(system.objects, to, nobody)).copied).to.equal(1)
    await importObjects(bucket, to, nobody)
    for (const key of [...keys, ...later])
      expect((await bytesOf(bucket, key)).equals(await bytesOf(system.objects, key)), key).to.equal(true)
    expect((await importObjects(bucket, to, nobody)).copied).to.equal(0)
    writeFileSync(join(to, 'SHA256SUMS'), `${'0'.repeat(64)}  ../../etc/passwd\n`)
    const astray = await importObjects(bucket, to, nobody).catch((error: Error) => error.message)
    expect(astray).to.include('leads out of')
  })

  it('takes along what is there, whatever is removed meanwhile, and goes on after a crash in the middle of a line', async () => {
    const to = join(folder, 'objects of a crash')
    const keys = await keysBelow(system.objects, `uploads/${await received()}/`)
    const list: Objects['list'] = async function* (prefix) {
      yield* system.objects.list(prefix)
      yield { key: 'uploads/removed/meanwhile', size_bytes: 3, modified_at: new Date() }
    }
    const found = await exportObjects({ ...system.objects, list }, to, nobody)
    expect(found.copied).to.equal(found.objects)
    const sums = join(to, 'SHA256SUMS')
    const whole = readFileSync(sums, 'utf8')
    writeFileSync(sums, whole.slice(0, -5))
    const again = await exportObjects(system.objects, to, nobody)
    expect([again.objects, again.copied]).to.deep.equal([found.objects, 1])
    expect(readFileSync(sums, 'utf8').split('\n').sort()).to.deep.equal(whole.split('\n').sort())
    const bucket = await anotherBucket('crashed')
    await importObjects(bucket, to, nobody)
    for (const key of keys) expect(await bucket.size(key)).to.equal(await system.objects.size(key))
  })

  it('is there again elsewhere, with its people, its recordings and nothing missing', async () => {
    const id = await received()
    const here = { DATA_DIR: system.dataDir }
    const [log, objects] = [join(folder, 'log.ndjson.gz'), join(folder, 'objects')]
    for (const command of [
      ['events:export', log],
      ['storage:export', '--to', objects],
    ])
      expect((await runProcess(command, here)).code, command[0]).to.equal(0)

    const there = { DATA_DIR: join(folder, 'there'), DATA_ENCRYPTION_KEY: system.config.DATA_ENCRYPTION_KEY }
    for (const command of [
      ['events:import', log],
      ['storage:import', '--from', objects],
    ]) {
      const { code, output } = await runProcess(command, there)
      expect(code, output).to.equal(0)
    }
    const { url, stop: stopThere } = await startProcess(there.DATA_DIR, { env: there })
    try {
      const { email, password } = facility.user
      const person = await logIn(url, email, password)
      const shown = await eventually(async () => {
        const answer = await person.get(`/api/v1/uploads/${id}`)
        expect(answer.status).to.equal(200)
        return answer.body
      })
      const before = await facility.user.api.get(`/api/v1/uploads/${id}`)
      expect(shown).to.deep.equal(before.body)
      const download = await person.get(`/api/v1/uploads/${id}/download`)
      expect(download.bytes.equals(recording)).to.equal(true)
      const sent = await apiOf(url, { 'X-API-Key': facility.key.api_key }).upload(recording, {
        metadata: '{"moved":1}',
      })
      expect(sent.status).to.equal(201)
      expect((await person.get('/api/v1/uploads', readAfter(sent))).body.total).to.be.greaterThan(1)
      const { code, output } = await runProcess(['storage:check'], there)
      expect(output).to.match(/^missing {2}0$/m)
      expect(code).to.equal(0)
    } finally {
      await stopThere()
    }
  })
})
