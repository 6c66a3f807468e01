import fs from 'node:fs/promises'
import path from 'node:path'
import {
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from '@eventstore/db-client'
import type { StreamMetadata } from '@eventstore/db-client'
import { expect } from 'chai'
import { ensureCertificate } from '../../../ops/embedded/certificate.ts'
import { letGo } from '../../../ops/platform/eventStoreStreams.ts'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { collect, refusal, refusedStart, RunningStore, temporaryFolder } from './running.ts'

const USERS = [
  { name: 'ann', password: 'a', groups: ['team'] },
  { name: 'bob', password: 'b' },
  { name: 'oscar', password: 'o', groups: ['$ops'] },
]

const ROLES = {
  readRoles: ['team', 'bob'],
  writeRoles: ['ann'],
  deleteRoles: ['$admins'],
  metaReadRoles: ['bob'],
  metaWriteRoles: [],
}

describe('The rights on streams of the embedded event store', function () {
  this.timeout(20_000)
  let store: RunningStore
  let folder: string
  const clients: EventStoreDBClient[] = []
  let admin: EventStoreDBClient
  let ann: EventStoreDBClient
  let bob: EventStoreDBClient
  let oscar: EventStoreDBClient
  let urlOf: (login: string) => string

  before(async () => {
    folder = await temporaryFolder()
    const [cert, key, users] = ['cert', 'key', 'users.json'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    await ensureCertificate(cert, key)
    await fs.writeFile(users, JSON.stringify(USERS))
    store = await RunningStore.start({
      args: ['--cert', cert, '--key', key, '--user', 'admin', '--password', 'x', '--users', users],
    })
    urlOf = (login) => `esdb://${login}@localhost:${store.port}?tls=true&tlsCAFile=${encodeURIComponent(cert)}`
    const connect = (login: string) => {
      const client = EventStoreDBClient.connectionString(urlOf(login))
      clients.push(client)
      return client
    }
    admin = connect('admin:x')
    ann = connect('ann:a')
    bob = connect('bob:b')
    oscar = connect('oscar:o')
    await admin.setStreamMetadata('theirs', { acl: ROLES })
    await admin.appendToStream('theirs', event())
    await admin.appendToStream('open', event())
    await admin.appendToStream('$system', event())
  })
  after(async () => {
    for (const client of clients) await client.dispose()
    await store.remove()
    await fs.rm(folder, { recursive: true })
  })

  const event = () => jsonEvent({ type: 'Happened', data: {} })
  type Act = (client: EventStoreDBClient) => Promise<unknown>
  const classic = (login: [string, string]) => ({ credentials: { username: login[0], password: login[1] } })
  const read =
    (stream: string): Act =>
    (client) =>
      collect(client.readStream(stream))
  const write =
    (stream: string): Act =>
    (client) =>
      client.appendToStream(stream, event())
  const readMeta =
    (stream: string): Act =>
    (client) =>
      client.getStreamMetadata(stream)
  const writeMeta =
    (stream: string, metadata: StreamMetadata = { maxCount: 100 }): Act =>
    (client) =>
      client.setStreamMetadata(stream, metadata)
  const subscribe =
    (stream: string): Act =>
    async (client) => {
      const subscription = client.subscribeToStream(stream, { fromRevision: START })
      try {
        for await (const _ of subscription.iterator({ destroyOnReturn: false })) return
      } finally {
        await letGo(subscription, () => subscription.unsubscribe())
      }
    }

  for (const [what, act, allowed] of [
    ['reading a stream with roles', read('theirs'), ['ann', 'bob', 'admin']],
    ['subscribing to a stream with roles', subscribe('theirs'), ['ann', 'bob', 'admin']],
    ['writing to a stream with roles', write('theirs'), ['ann', 'admin']],
    ['reading the metadata of a stream with roles', readMeta('theirs'), ['bob', 'admin']],
    ['setting the metadata of a stream with roles', writeMeta('theirs', { acl: ROLES }), ['admin']],
    ['reading a stream without roles', read('open'), ['ann', 'bob', 'oscar', 'admin']],
    ['writing to a stream without roles', write('open'), ['ann', 'bob', 'oscar', 'admin']],
    ['setting the metadata of a stream without roles', writeMeta('open'), ['ann', 'bob', 'oscar', 'admin']],
    ['reading a system stream', read('$system'), ['admin']],
    ['writing to a system stream', write('$system'), ['admin']],
    ['reading the metadata of a stream without roles', readMeta('open'), ['ann', 'bob', 'oscar', 'admin']],
    ['reading the metadata of a system stream', readMeta('$system'), ['admin']],
    ['setting the metadata of a system stream', writeMeta('$system'), ['admin']],
    ['reading the metadata of metadata', readMeta('$$open'), ['admin']],
    ['setting the metadata of metadata', writeMeta('$$open'), ['admin']],
    ['reading $all', (client) => collect(client.readAll({ maxCount: 1 })), ['admin']],
    ['deleting a stream with roles', (client) => client.deleteStream('theirs', { expectedRevision: 999n }), ['admin']],
    [
      'tombstoning a stream with roles',
      (client) => client.tombstoneStream('theirs', { expectedRevision: 999n }),
      ['admin'],
    ],
    ['listing persistent subscriptions', (client) => client.listAllPersistentSubscriptions(), ['oscar', 'admin']],
  ] as [string, Act, string[]][])
    for (const name of ['ann', 'bob', 'oscar', 'admin'])
      it(`${what}: ${name} ${allowed.includes(name) ? 'may' : 'may not'}`, async () => {
        const client = { ann, bob, oscar, admin }[name]!
        const type = await act(client).then(
          () => 'done',
          (error: { type?: string; message: string }) => error.type ?? error.message,
        )
        // The admin got as far as the revision.
        const expected = allowed.includes(name)
          ? /delet|tomb/.test(what)
            ? 'wrong-expected-version'
            : 'done'
          : 'access-denied'
        expect(type).to.equal(expected)
      })

  it('are those of the credentials of one call, where it has its own', async () => {
    await bob.appendToStream('theirs', event(), classic(['ann', 'a']))
    const error = await refusal(ann.appendToStream('theirs', event(), classic(['bob', 'b'])))
    expect(error.type).to.equal('access-denied')
    const wrong = await refusal(ann.appendToStream('theirs', event(), classic(['ann', 'wrong'])))
    expect(wrong.message).to.include('UNAUTHENTICATED')
  })

  it('are not got around by a link', async () => {
    await admin.setStreamMetadata('secret', { acl: { readRoles: ['$admins'], metaReadRoles: ['$admins'] } })
    await admin.appendToStream('secret', event())
    for (const target of ['0@secret', '0@$$secret'])
      await ann.appendToStream('links', binaryEvent({ type: '$>', data: Buffer.from(target) }))
    const given = async (client: EventStoreDBClient) =>
      (await collect(client.readStream('links', { resolveLinkTos: true }))).map(({ event }) => event?.streamId)
    expect(await given(admin)).to.deep.equal(['secret', '$$secret'])
    expect(await given(ann)).to.deep.equal([undefined, undefined])
  })

  it('let nobody but operators run a scavenge', async () => {
    expect((await refusal(scavenge(urlOf('ann:a')))).message).to.include('PERMISSION_DENIED')
    expect(await scavenge(urlOf('admin:x'))).to.be.a('number')
  })

  it('let a consumer read a persistent subscription to what it may read', async () => {
    await admin.createPersistentSubscriptionToStream('theirs', 'group', {
      ...persistentSubscriptionToStreamSettingsFromDefaults(),
      startFrom: START,
    })
    const received = async (client: EventStoreDBClient) => {
      const subscription = client.subscribeToPersistentSubscriptionToStream('theirs', 'group')
      try {
        for await (const _ of subscription.iterator({ destroyOnReturn: false })) return 'an event'
        return 'nothing'
      } catch (error) {
        return (error as { type: string }).type
      } finally {
        await letGo(subscription, () => subscription.unsubscribe())
      }
    }
    expect(await received(oscar)).to.equal('access-denied')
    expect(await received(ann)).to.equal('an event')
  })

  it('cannot be given by a file that is none of users', async () => {
    const users = path.join(folder, 'bad.json')
    await fs.writeFile(users, '[{"name":"ann"}]')
    const { code, said } = await refusedStart(path.join(folder, 'store'), ['--users', users])
    expect(code).to.equal(1)
    expect(said).to.include('bad.json').and.to.include('password')
  })
})
