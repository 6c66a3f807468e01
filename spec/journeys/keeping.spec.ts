import { expect } from 'chai'
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backUpAll } from '../../ops/keeping/backingUp.ts'
import { restoreAll } from '../../ops/keeping/restoring.ts'
import { keptSecrets } from '../../ops/platform/secrets.ts'
import { attachedConfig } from '../../ops/roles/environment.ts'
import { bucketOf, importObjects } from '../../ops/storage/copying.ts'
import { type Api, after as readAfter } from '../api.ts'
import { eventually } from '../eventually.ts'
import { adminCredentials, runProcess } from '../process.ts'
import { blocksOf, placeToOperate } from '../runbooks.ts'
import { sound } from '../sounds.ts'
import { logIn, unique } from '../system.ts'
import { keysBelow } from '../tus.ts'

describe('an installation that is backed up', function () {
  this.timeout(90_000)
  const place = placeToOperate()
  const { folder, dataDir } = place
  const backup = join(folder, 'backup')
  const recording = sound('wav', { seconds: 0.3 })
  let api: Api
  let plant: string
  before(async () => {
    await place.run('npm start')
    await logInAgain()
    plant = (await register('Plant')).body.id as string
  })
  after(() => place.remove())

  async function logInAgain() {
    const { email, password } = await adminCredentials(dataDir)
    api = await logIn(place.url(), email, password)
  }
  const register = (name: string) => api.post('/api/v1/facilities', { name, code: unique('plant') })
  const backUp = async (...options: string[]) => {
    const { code, output } = await runProcess(['backup', backup, ...options], { DATA_DIR: dataDir })
    expect(code, output).to.equal(0)
    return output
  }

  it('under load has, restored, all that was acknowledged before, and every object of it', async () => {
    await backUp()
    const acknowledged = { facilities: new Map<string, string>(), uploads: [] as string[] }
    let writing = true
    const registers = async () => {
      while (writing) {
        const name = unique('plant')
        acknowledged.facilities.set((await register(name)).body.id as string, name)
      }
    }
    const uploads = async () => {
      while (writing) acknowledged.uploads.push((await api.upload(recording, { facility_id: plant })).body.id as string)
    }
    const load = [registers(), uploads()]
    await eventually(() => expect(acknowledged.uploads.length).to.be.at.least(5))
    const [facilities, ids] = [[...acknowledged.facilities], [...acknowledged.uploads]]
    const [toBackUp, ...toRestore] = blocksOf('everything-lost')
    expect(await place.run(toBackUp!)).to.include('Keep the DATA_ENCRYPTION_KEY elsewhere')
    writing = false
    await Promise.all(load)
    await place.run(blocksOf('postgres-lost')[0]!)
    for (const block of toRestore) await place.run(block)
    await logInAgain()
    const written = await register('Later')
    const found = facilities.map(async ([id]) => [
      id,
      (await api.get(`/api/v1/facilities/${id}`, readAfter(written))).body.name as string,
    ])
    expect(await Promise.all(found)).to.deep.equal(facilities)
    for (const id of ids) {
      const { status, bytes } = await api.get(`/api/v1/uploads/${id}/download`)
      expect([status, bytes.equals(recording)], id).to.deep.equal([200, true])
    }
  })

  it('has what its log names also where that comes or goes while it is made', async () => {
    const sent = async () => (await api.upload(recording, { facility_id: plant })).body.id as string
    const config = attachedConfig({ DATA_DIR: dataDir })!
    const bucket = await bucketOf(config)
    const keyOf = async (id: string) => (await keysBelow(bucket, `uploads/${id}/`))[0]!
    const purged = await keyOf(await sent())
    let came: string | undefined
    await backUpAll(config, join(dataDir, 'eventstore'), backup, {
      withKey: false,
      parts: async (what, act) => {
        const result = await act(() => undefined)
        if (what === 'copying objects') came = await keyOf(await sent())
        if (what === 'copying the log') await bucket.remove(purged)
        return result
      },
    })
    for (const key of [purged, came!])
      expect(readFileSync(join(backup, 'objects', key)).equals(recording), key).to.equal(true)
    await importObjects(bucket, join(backup, 'objects'), () => undefined)
  })

  it('keeps of the objects what its log names, and the key only where it is asked to', async () => {
    await backUp()
    const objects = join(backup, 'objects')
    const sums = join(objects, 'SHA256SUMS')
    const [line, key] = /^\S+ {2}(uploads\/.*)\n/m.exec(readFileSync(sums, 'utf8'))!
    mkdirSync(join(objects, 'uploads/purged'))
    cpSync(join(objects, key!), join(objects, 'uploads/purged/one'))
    appendFileSync(sums, line.replace(key!, 'uploads/purged/one'))
    // As a crash has left it: nothing names it.
    cpSync(join(objects, key!), join(objects, 'uploads/purged/two'))
    expect(existsSync(join(backup, 'secrets.json'))).to.equal(false)
    await backUp('--with-key')
    for (const one of ['one', 'two']) expect(existsSync(join(objects, 'uploads/purged', one)), one).to.equal(false)
    expect(readFileSync(sums, 'utf8')).not.to.include('purged')
    expect(Object.keys(keptSecrets(backup))).to.deep.equal(['DATA_ENCRYPTION_KEY'])
    await backUp()
    expect(existsSync(join(backup, 'secrets.json')), 'it stays no longer than it is asked for').to.equal(false)
    const config = {
      ...attachedConfig({ DATA_DIR: dataDir })!,
      DATA_ENCRYPTION_KEY: 'another, of at least 32 characters',
    }
    const parts = () => Promise.reject(new Error('it began'))
    const refused = backUpAll(config, join(dataDir, 'eventstore'), backup, { withKey: false, parts })
    expect(await refused.catch((error: Error) => error.message)).to.match(/^DATA_ENCRYPTION_KEY is not the key/)
  })

  it('is restored into an empty folder alone, with the right key, and only where nothing has become another', async () => {
    const to = join(folder, 'elsewhere')
    const configured = { S3_BUCKET: 'xylolabs', S3_REGION: 'us-east-1' }
    const refused = (from: string, key?: string) =>
      restoreAll(from, to, {
        configured: { ...configured, ...(key !== undefined && { DATA_ENCRYPTION_KEY: key }) },
        parts: (_, act) => act(() => undefined),
      }).then(
        () => expect.fail('restored'),
        (error: Error) => {
          expect(existsSync(to) ? readdirSync(to) : [], 'nothing is written').to.deep.equal([])
          return error.message
        },
      )
    expect(await refused(folder)).to.include('is no finished backup')
    rmSync(join(backup, 'secrets.json'), { force: true })
    expect(await refused(backup)).to.include('put the secrets.json of then into')
    expect(await refused(backup, 'another key, of at least 32 characters')).to.include('is not the one')
    const copied = join(folder, 'copied')
    const damaged = (path: string) => {
      rmSync(copied, { recursive: true, force: true })
      cpSync(backup, copied, { recursive: true })
      cpSync(join(dataDir, 'secrets.json'), join(copied, 'secrets.json'))
      appendFileSync(join(copied, path), 'x')
      return refused(copied)
    }
    const log = readdirSync(backup).find((name) => name.startsWith('log-'))!
    const [, object] = /^\S+ {2}(uploads\/.*)$/m.exec(readFileSync(join(backup, 'objects/SHA256SUMS'), 'utf8'))!
    expect(await damaged(join(log, 'events.log')))
      .to.include('events.log')
      .and.include('not what was backed up')
    expect(await damaged(join(log, 'objects.sha256'))).to.include('not what was backed up')
    expect(await damaged(join('objects', object!)))
      .to.include(object!)
      .and.include('not what was exported')

    const full = await runProcess(['restore', backup], { DATA_DIR: dataDir })
    expect(full.output).to.include('is not empty')
    expect(full.code).to.equal(1)
    mkdirSync(to)
    appendFileSync(join(to, 'restoring'), '')
    for (const command of [['restore', backup], ['up']]) {
      const { code, output } = await runProcess(command, { DATA_DIR: to })
      expect(output, command[0]).to.include('was broken off')
      expect(code).to.equal(1)
    }
  })
})
