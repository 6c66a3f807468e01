import { expect } from 'chai'
import { randomUUID } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { EventStoreDBClient } from '@eventstore/db-client'
import { load } from '../../commands/handle.ts'
import * as ApiKey from '../../domain/apiKey.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import { type Admission, followEndings } from '../../ops/server/admission.ts'
import { type Followed, followStreams } from '../../ops/server/followed.ts'
import { RunningStore, temporaryFolder } from '../embedded/eventstore/running.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

const at = '2026-11-26T09:00:00.000Z'
const issued = {
  ...{ name: 'k', facility_id: randomUUID(), scopes: ['upload'], secret_sha256: 'ab'.repeat(32), issued_at: at },
}

describe('what an instance hears of the log', function () {
  this.timeout(60_000)
  let server: RunningStore
  let store: EventStore
  let admission: Admission
  let followed: Followed
  let controller: AbortController
  before(async () => (server = await RunningStore.start()))
  after(() => server.remove())
  beforeEach(async () => {
    controller = new AbortController()
    const url = `esdb://127.0.0.1:${server.port}?tls=false`
    store = connectEventStore({ url, secret: 'of the spec, long enough to be one', personalFields: () => undefined })
    const common = { store, log: specLog, signal: controller.signal }
    admission = followEndings({ ...common, accessSecs: 900 })
    followed = followStreams({ ...common, deciders: [ApiKey] })
    await Promise.all([admission.ready, followed.ready])
    await areCurrent()
  })
  afterEach(async () => {
    controller.abort()
    await Promise.all([admission.done, followed.done])
    await store.close()
  })

  const append = (stream: string, type: string, data: object, last = -1) =>
    store.append(stream, [{ id: randomUUID(), type, data, metadata: { schema: 1 } }], last < 0 ? 'no_stream' : last)
  /** Events that nobody here wants. */
  const some = (count: number) =>
    Array.from({ length: count }, () => ({ id: randomUUID(), type: 'Happened', data: {}, metadata: { schema: 1 } }))
  const current = () => [admission.isCurrent(), followed.isCurrent()]
  const areCurrent = () => eventually(() => expect(current()).to.deep.equal([true, true]))
  const statusOf = async (id: string) => (await followed.state(ApiKey, id)).status
  const checked = (sid: string) => {
    try {
      admission.check({ sub: randomUUID(), sid, user_revision: 0 } as never)
      return 'let in'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const startAgain = async (dir: string) => {
    const { port } = server
    server = await RunningStore.start({ dir, args: ['--port', String(port)] })
  }

  it('is not relied on by one that was stopped for a while, until the store has answered once more', async () => {
    for (const until = Date.now() + 2100; Date.now() < until;);
    expect(current()).to.deep.equal([false, false])
    await areCurrent()
  })

  it('is all of another log, where the store comes back with one: a restored backup', async () => {
    const [key, session, lost] = [randomUUID(), randomUUID(), randomUUID()]
    await append(`apiKey-${key}`, 'ApiKeyIssued', issued)
    const { dir, port } = server
    await server.end()
    const backup = await temporaryFolder()
    cpSync(dir, backup, { recursive: true })
    await startAgain(dir)
    await eventually(() => append(`session-${lost}`, 'SessionEnded', { reason: 'logout', ended_at: at }))
    await append(`apiKey-${key}`, 'ApiKeyRevoked', { revoked_at: at }, 0)
    for (let i = 0; i < 20; i++) await append(`apiKey-${randomUUID()}`, 'ApiKeyIssued', issued)
    await areCurrent()
    await eventually(async () => expect(await statusOf(key)).to.equal('revoked'))
    expect((await load(store, ApiKey, key)).revision).to.equal(1)

    await server.end()
    await startAgain(backup)
    expect(server.port).to.equal(port)
    // A server that is back within a second is noticed to be another within the next.
    await eventually(async () => expect(await statusOf(key)).to.equal('active'))
    await areCurrent()
    expect((await load(store, ApiKey, key)).revision).to.equal(0)
    // Each of the two notices by itself.
    await eventually(() => expect(checked(lost)).to.equal('let in'))
    await append(`session-${session}`, 'SessionEnded', { reason: 'logout', ended_at: at })
    await append(`apiKey-${key}`, 'ApiKeyRevoked', { revoked_at: at }, 0)
    await eventually(async () =>
      expect([checked(session), await statusOf(key)]).to.deep.equal(['session_ended', 'revoked']),
    )
    rmSync(dir, { recursive: true })
  })

  it('goes on behind what it has heard nothing of: a long log is not looked through again', async () => {
    const froms: (bigint | undefined)[] = []
    const subscribe = EventStoreDBClient.prototype.subscribeToAll
    EventStoreDBClient.prototype.subscribeToAll = function (this: EventStoreDBClient, ...[options, ...rest]) {
      const from = options?.fromPosition
      froms.push(typeof from === 'object' ? from.commit : undefined)
      return subscribe.call(this, options, ...rest)
    } as typeof subscribe
    try {
      const stream = `upload-${randomUUID()}`
      const { position } = await store.append(stream, some(1000), 'no_stream')
      await store.append(stream, some(2000), 999)
      await eventually(async () => {
        froms.length = 0
        await server.end('SIGKILL')
        await startAgain(server.dir)
        await eventually(() => expect(froms).to.have.length.of.at.least(2))
        for (const from of froms) expect(from !== undefined && from >= position, String(from)).to.equal(true)
      })
    } finally {
      EventStoreDBClient.prototype.subscribeToAll = subscribe
    }
    await areCurrent()
    const session = randomUUID()
    await append(`session-${session}`, 'SessionEnded', { reason: 'logout', ended_at: at })
    await eventually(() => expect(checked(session)).to.equal('session_ended'))
  })
})
