import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs/promises'
import { credentials, status } from '@grpc/grpc-js'
import type { ServiceError } from '@grpc/grpc-js'
import { BACKWARDS, binaryEvent, END, START } from '@eventstore/db-client'
import { OperationsClient } from '@eventstore/db-client/generated/operations_grpc_pb.js'
import operations from '@eventstore/db-client/generated/operations_pb.js'
import { expect } from 'chai'
import { scavenge } from '../../../ops/platform/scavenge.ts'
import { until } from './conformance/store.ts'
import { collect, events, refusal, RunningStore } from './running.ts'

const { STARTED, STOPPED } = operations.ScavengeResp.ScavengeResult
/** Every segment is rewritten and synced: so many of them keep a scavenge busy for far longer than a call takes. */
const ARGS = ['--segment-size', '16384']
const ROUNDS = 150
const back = { direction: BACKWARDS, fromRevision: END } as const

const large = () => binaryEvent({ type: 'Large', data: randomBytes(9_000) })

describe('Starting and stopping a scavenge of the embedded event store', function () {
  this.timeout(30_000)
  let store: RunningStore
  let client: OperationsClient
  const open = async (args: readonly string[], dir?: string) => {
    store = await RunningStore.start(dir === undefined ? { args } : { args, dir })
    client = new OperationsClient(`127.0.0.1:${store.port}`, credentials.createInsecure())
  }
  beforeEach(() => open(ARGS))
  afterEach(async () => {
    client.close()
    await store.remove()
  })

  type Answer = (error: ServiceError | null, answer: operations.ScavengeResp) => void
  const answerTo = (ask: (answer: Answer) => void) =>
    new Promise<operations.ScavengeResp>((resolve, reject) =>
      ask((error, answer) => (error ? reject(error) : resolve(answer))),
    )
  const start = () => {
    const request = new operations.StartScavengeReq()
    request.setOptions(new operations.StartScavengeReq.Options())
    return answerTo((answer) => client.startScavenge(request, answer))
  }
  const stop = (id: string) => {
    const options = new operations.StopScavengeReq.Options()
    options.setScavengeId(id)
    const request = new operations.StopScavengeReq()
    request.setOptions(options)
    return answerTo((answer) => client.stopScavenge(request, answer))
  }
  /** The exception is what the official clients tell refusals by. */
  const refused = async (call: Promise<unknown>) => {
    const error = (await refusal(call)) as ServiceError
    const trailer = (name: string) => error.metadata.get(name)[0]
    return { code: error.code, exception: trailer('exception'), id: trailer('scavenge-id') }
  }
  /** How the scavenge says that it ended. */
  async function endOf(id: string): Promise<Record<string, unknown>> {
    const subscription = store.client.subscribeToStream(`$scavenges-${id}`, { fromRevision: START })
    const notes = await until(subscription, ({ event }) => event!.type === '$scavengeCompleted')
    return notes.at(-1)!.event!.data as Record<string, unknown>
  }

  async function fill(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++)
      await Promise.all(['plain', 'counted', 'cut'].map((stream) => store.client.appendToStream(stream, large())))
    await store.client.setStreamMetadata('counted', { maxCount: 5 })
    await store.client.setStreamMetadata('cut', { truncateBefore: ROUNDS - 10 })
  }
  /** What each stream shows, both ways. */
  async function shown(): Promise<string[][]> {
    const ids: string[][] = []
    for (const stream of ['plain', 'counted', 'cut', '$$cut'])
      for (const options of [{}, back])
        ids.push((await collect(store.client.readStream(stream, options))).map(({ event }) => event!.id))
    return ids
  }
  const inAll = async (direction: 'forwards' | 'backwards') =>
    (await store.readAll({ direction, fromPosition: direction === 'forwards' ? START : END }))
      .map(({ event }) => event!)
      .filter(({ streamId }) => !streamId.startsWith('$scavenges'))
      .map(({ id }) => id)

  it('refuses a second one while one is running, and takes it afterwards', async () => {
    await fill()
    const first = await start()
    expect(first.getScavengeResult()).to.equal(STARTED)
    const id = first.getScavengeId()
    expect(await refused(start())).to.deep.equal({
      code: status.FAILED_PRECONDITION,
      exception: 'scavenge-in-progress',
      id,
    })
    expect((await refusal(scavenge(`esdb://127.0.0.1:${store.port}?tls=false`))).message).to.include('still running')
    expect(await endOf(id)).to.deep.include({ result: 'Success', error: '' })
    const second = await start()
    expect(second.getScavengeId()).to.not.equal(id)
    expect(await endOf(second.getScavengeId())).to.deep.include({ result: 'Success' })
    // Those that were refused wrote nothing down.
    expect(await store.revisions('$scavenges')).to.deep.equal([0, 1, 2, 3])
  })

  it('stops the one that is running, which leaves everything readable, and lets the next one finish', async () => {
    await fill()
    const shownBefore = await shown()
    const before = await inAll('forwards')
    const id = (await start()).getScavengeId()
    const stopped = await stop(id)
    expect(stopped.getScavengeResult()).to.equal(STOPPED)
    expect(stopped.getScavengeId()).to.equal(id)
    expect(await endOf(id)).to.deep.include({ scavengeId: id, result: 'Stopped', spaceSaved: 0 })
    expect((await fs.readdir(store.dir)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([])

    for (const state of ['at once', 'after a kill']) {
      expect(await shown(), state).to.deep.equal(shownBefore)
      const after = new Set(await inAll('forwards'))
      // In their order, and not all of what can go is gone: it was stopped before its end.
      expect([...after], state).to.deep.equal(before.filter((each) => after.has(each)))
      expect(after.size, state).to.be.greaterThan(ROUNDS + 5 + 10 + 2)
      expect(await inAll('backwards'), state).to.deep.equal([...after].reverse())
      if (state === 'after a kill') break
      await store.end('SIGKILL')
      client.close()
      await open(ARGS, store.dir)
    }
    await store.client.appendToStream('plain', events(1))
    await scavenge(`esdb://127.0.0.1:${store.port}?tls=false`)
    expect(await inAll('forwards')).to.have.length(ROUNDS + 1 + 5 + 10 + 2)
    expect(await store.revisions('plain')).to.have.length(ROUNDS + 1)
  })

  it('stops it in the middle of a segment, which stays as it was', async () => {
    client.close()
    await store.end()
    await open([], store.dir) // One segment of very many runs.
    for (let round = 0; round < 25; round++)
      for (const stream of ['plain', 'cut'])
        await store.client.appendToStream(
          stream,
          Array.from({ length: 10 }, () => binaryEvent({ type: 'Huge', data: randomBytes(50_000) })),
        )
    await store.client.setStreamMetadata('cut', { truncateBefore: 200 })
    const before = await inAll('forwards')
    const id = (await start()).getScavengeId()
    await stop(id)
    expect(await endOf(id)).to.deep.include({ result: 'Stopped', spaceSaved: 0 })
    const names = await fs.readdir(store.dir)
    expect(names.filter((name) => name.endsWith('.tmp'))).to.deep.equal([])
    expect(names.filter((name) => name.endsWith('.log'))).to.have.length(2)
    for (const state of ['at once', 'after a restart']) {
      expect(await inAll('forwards'), state).to.deep.equal(before)
      expect(await inAll('backwards'), state).to.deep.equal(before.toReversed())
      expect(await store.revisions('cut'), state).to.have.length(50)
      if (state === 'after a restart') break
      client.close()
      await store.end()
      await open([], store.dir)
    }
    const again = (await start()).getScavengeId()
    const { result, spaceSaved } = await endOf(again)
    expect(result).to.equal('Success')
    expect(spaceSaved).to.be.within(200 * 50_000, 210 * 50_000)
  })

  it('does not know one that is not running', async () => {
    const unknown = { code: status.NOT_FOUND, exception: 'scavenge-not-found', id: undefined }
    expect(await refused(stop(randomUUID()))).to.deep.equal(unknown)
    const id = (await start()).getScavengeId()
    await endOf(id)
    expect(await refused(stop(id))).to.deep.equal(unknown)
    await fill()
    const running = (await start()).getScavengeId()
    expect(await refused(stop(id))).to.deep.equal(unknown)
    expect((await stop(running)).getScavengeResult()).to.equal(STOPPED)
  })
})
