import { expect } from 'chai'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { handle } from '../../commands/handle.ts'
import { systemIntent } from '../../commands/http.ts'
import { ownerOf } from '../../commands/reserve.ts'
import { erasedBy, personalFields } from '../../domain/events.ts'
import * as GpuServer from '../../domain/gpuServer.ts'
import { backUpAll } from '../../ops/keeping/backingUp.ts'
import { makeAdmin } from '../../ops/admins/making.ts'
import { refuseAnotherThanServed } from '../../ops/keeping/logKey.ts'
import { rewrapKeys } from '../../ops/keeping/rewrapping.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { fingerprintOf } from '../../ops/platform/sealing.ts'
import { createLifecycle } from '../../ops/platform/lifecycle.ts'
import { openConnections } from '../../ops/roles/connections.ts'
import { specLog, theSystem } from '../system.ts'
import { RunningStore } from '../embedded/eventstore/running.ts'

describe('another DATA_ENCRYPTION_KEY', function () {
  this.timeout(60_000)
  const [first, second, third] = Array.from({ length: 3 }, () => randomBytes(32).toString('hex')) as [
    string,
    string,
    string,
  ]
  const stores: EventStore[] = []
  let running: RunningStore
  let url: string
  const config = (secret: string, previous?: string) => ({
    EVENTSTORE_URL: url,
    DATA_ENCRYPTION_KEY: secret,
    DATA_ENCRYPTION_KEY_PREVIOUS: previous,
  })
  function opened(secret: string, previousSecret?: string): EventStore {
    const store = connectEventStore({ url, secret, previousSecret, personalFields, erasedBy })
    stores.push(store)
    return store
  }
  const admin = (email: string, secret = config(first)) =>
    makeAdmin(secret, { email, name: 'Ada', mustChangePassword: false })
  const failed = (act: Promise<unknown>) =>
    act.then(
      () => 'it did not fail',
      (error: Error) => error.message,
    )

  let ada: string
  let former: string
  const gpu = randomUUID()
  const place = `gpuServer-${gpu}`
  before(async () => {
    running = await RunningStore.start()
    url = `esdb://127.0.0.1:${running.port}?tls=false`
    await admin('ada@example.test')
    await admin('bo@example.test')
    const store = opened(first)
    ada = (await ownerOf(store, 'userEmail', 'ada@example.test'))!
    former = (await store.read(`userKey-${ada}`))[0]!.data['wrapped'] as string
    const registered = GpuServer.register({
      ...{ name: 'triton', url: 'http://10.0.0.9:8000', max_concurrency: 1 },
      ...{ sealed_token: store.sealing.sealSecret(place, 'a token'), registered_at: new Date().toISOString() },
    })
    await handle(store, GpuServer, gpu, registered, systemIntent('spec', gpu))
    // One who is erased before, and whose key may still be in the files.
    await store.tombstone(`userKey-${(await ownerOf(store, 'userEmail', 'bo@example.test'))!}`)
  })
  after(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await running.remove()
  })

  const emailOf = async (store: EventStore) => (await store.read(`user-${ada}`))[0]!.data['email'] as string
  async function tokenOf(store: EventStore) {
    const events = await store.read(place)
    return store.sealing.openSecret(place, events.at(-1)!.data['sealed_token'] as string)
  }
  const files = () => {
    const folder = readdirSync(running.dir, { recursive: true, withFileTypes: true })
    return Buffer.concat(
      folder.filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name))),
    )
  }

  it('beside the one of before opens all that is sealed, and seals what is new', async () => {
    const both = opened(second, first)
    expect(await emailOf(both)).to.equal('ada@example.test')
    expect(await tokenOf(both)).to.equal('a token')
    expect(await ownerOf(both, 'userEmail', 'ADA@example.test')).to.equal(ada)
    await admin('new@example.test', config(second, first))
    expect(await failed(admin('ada@example.test', config(second, first)))).to.match(/^Another user has/)
    expect(await failed(emailOf(opened(second)))).to.match(/cannot be unsealed|unable to authenticate/)
  })

  it('takes the place of the one of before, once all is put under it, which is gone from the files then', async () => {
    expect(files().includes(former)).to.equal(true)
    expect(await failed(rewrapKeys(config(third), () => undefined))).to.match(
      /^What userKey-.* holds is sealed under neither/,
    )
    const other = randomUUID()
    const sealed = opened(third).sealing.sealSecret(`gpuServer-${other}`, 'a token')
    const about = { name: 'other', url: 'http://10.0.0.8:8000', max_concurrency: 1, sealed_token: sealed }
    const at = new Date().toISOString()
    const both = opened(second, first)
    const registered = GpuServer.register({ ...about, registered_at: at })
    await handle(both, GpuServer, other, registered, systemIntent('spec', other))
    expect(await failed(rewrapKeys(config(second, first), () => undefined))).to.match(
      new RegExp(`^What gpuServer-${other} holds is sealed under neither`),
    )
    expect(await emailOf(opened(first)), 'nothing was changed').to.equal('ada@example.test')
    await handle(both, GpuServer, other, GpuServer.remove({ removed_at: at }), systemIntent('spec', 'remove', other))
    // Ada's and that of names: the newest is under it already, and the erased have none.
    expect(await rewrapKeys(config(second, first), () => undefined)).to.deep.equal({ keys: 2, tokens: 1 })
    const alone = opened(second)
    expect(await emailOf(alone)).to.equal('ada@example.test')
    expect(await tokenOf(alone)).to.equal('a token')
    expect(await ownerOf(alone, 'userEmail', 'ada@example.test')).to.equal(ada)
    expect(await failed(emailOf(opened(first)))).to.match(/cannot be unsealed|unable to authenticate/)
    expect(files().includes(former)).to.equal(false)
    expect(await rewrapKeys(config(second), () => undefined)).to.deep.equal({ keys: 0, tokens: 0 })
  })

  it('that is not the one of the log serves nobody, and says so; nor is anything backed up that needs two', async () => {
    const { config } = await theSystem()
    const lifecycle = createLifecycle({ log: specLog })
    expect(await failed(openConnections({ ...config, DATA_ENCRYPTION_KEY: third }, specLog, lifecycle))).to.match(
      /^DATA_ENCRYPTION_KEY is not the key that this log is sealed under/,
    )
    const both = { ...config, DATA_ENCRYPTION_KEY: third, DATA_ENCRYPTION_KEY_PREVIOUS: config.DATA_ENCRYPTION_KEY }
    await openConnections(both, specLog, lifecycle)
    await lifecycle.stop('looked at')
    const folder = join(running.dir, 'served')
    mkdirSync(folder)
    const served = (key: string) =>
      writeFileSync(join(folder, 'server.json'), JSON.stringify({ pid: process.pid, key: fingerprintOf(key) }))
    const refusing = () => refuseAnotherThanServed({ ...config, DATA_DIR: folder })
    served(third)
    expect(refusing).to.throw(/has another DATA_ENCRYPTION_KEY/)
    served(config.DATA_ENCRYPTION_KEY)
    expect(refusing).not.to.throw()
    const to = join(running.dir, 'backup')
    const parts = () => Promise.reject(new Error('it began'))
    expect(await failed(backUpAll(both, running.dir, to, { withKey: false, parts }))).to.match(
      /^DATA_ENCRYPTION_KEY is/,
    )
  })

  it('can be changed again, and is dropped where that was broken off before it was', async () => {
    const store = opened(third, second)
    const stream = `userKey-${(await ownerOf(store, 'userEmail', 'new@example.test'))!}`
    const [key] = await store.read(stream)
    const wrapped = key!.data['wrapped'] as string
    const anew = store.sealing.rewrapped(wrapped)!
    const metadata = { schema: 1, actor: { kind: 'system', id: 'spec' } }
    const data = { wrapped: anew, rewrapped_at: new Date().toISOString() }
    // As if it had been killed between the two.
    await store.append(stream, [{ id: randomUUID(), type: 'UserKeyRewrapped', data, metadata }], key!.revision)
    expect((await rewrapKeys(config(third, second), () => undefined)).tokens).to.equal(1)
    expect(files().includes(wrapped)).to.equal(false)
    expect(await emailOf(opened(third))).to.equal('ada@example.test')
  })
})
