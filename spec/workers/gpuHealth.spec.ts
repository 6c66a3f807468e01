import { expect } from 'chai'
import * as GpuServer from '../../domain/gpuServer.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { watchGpuServers } from '../../workers/gpuHealth.ts'
import { lookTwice } from '../../workers/gpuProbe.ts'
import { eventually } from '../eventually.ts'
import { now, ownLog, serversIn } from '../gpuServers.ts'
import { answering, badTimes, type InferenceServer, inferenceServer, type Manner } from '../inferenceServer.ts'
import { specLog } from '../system.ts'

const [recovered, wentDown, observed] = ['GpuServerRecovered', 'GpuServerWentDown', 'GpuServerModelsObserved']

describe('the health of GPU servers', function () {
  this.timeout(30_000)
  let store: EventStore
  let close: () => Promise<void>
  let servers: ReturnType<typeof serversIn>
  before(async () => {
    ;({ store, close } = await ownLog())
    servers = serversIn(store)
  })
  after(() => close())

  const ending: (() => Promise<unknown>)[] = []
  afterEach(() => Promise.all(ending.splice(0).map((end) => end())))

  /** Until the end of the spec. */
  function watching(more: { everyMs?: number; soonMs?: number } = {}) {
    const stop = new AbortController()
    let fault: (id: string) => void = () => undefined
    const done = watchGpuServers({
      ...{ store, models: ['vad', 'noise'], timeoutMs: 2000, everyMs: 60_000, soonMs: 20, ...more },
      ...{ now, log: specLog, signal: stop.signal },
      onFaults: (listener) => (fault = listener),
    })
    ending.push(() => (stop.abort(), done))
    return { fault: (id: string) => fault(id) }
  }
  async function spoken(manner: Partial<Manner> = {}): Promise<InferenceServer> {
    const server = await inferenceServer({ models: { vad: ['6'] }, ...manner })
    ending.push(() => server.close())
    return server
  }
  const looks = ({ asked }: InferenceServer) => asked.filter((one) => one === 'GET /v2/health/live').length
  const looked = (server: InferenceServer, more: number) => {
    const before = looks(server)
    return eventually(() => expect(looks(server)).to.be.at.least(before + more))
  }
  const happened = (id: string, ...types: string[]) =>
    eventually(async () => expect(await servers.types(id)).to.deep.equal(types))
  /** In a row, and what was seen of it is recorded. */
  const upAndUnchanged = (id: string) => happened(id, recovered!, observed!)

  it('is looked at when one is registered: whether it is up, and which models it has ready in which versions', async () => {
    watching()
    const models = { vad: ['1', '2', '10'], noise: [], other: ['1'] }
    const server = await spoken({ models, unready: new Set(['vad 2']) })
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    expect((await servers.state(id)).models).to.deep.equal([
      { name: 'noise' },
      { name: 'vad', version: '1' },
      { name: 'vad', version: '10' },
    ])
  })

  it('is looked at when the watch begins, of those that were there before', async () => {
    const server = await spoken()
    const id = await servers.register(server.url)
    watching()
    await upAndUnchanged(id)
  })

  it('is recorded when it changes, however often it is looked at', async () => {
    watching({ everyMs: 20 })
    const server = await spoken()
    const id = await servers.register(server.url)
    await looked(server, 10)
    expect(await servers.types(id)).to.deep.equal([recovered, observed])
    await servers.decide(id, GpuServer.remove({ removed_at: now() }))
  })

  it('is bad, and says why, of one that was never up', async () => {
    watching()
    const gone = await answering(() => undefined)
    await gone.close()
    const id = await servers.register(gone.url)
    await happened(id, wentDown!)
    expect(await servers.state(id)).to.include({ health: 'down', reason: 'Nothing listens there (ECONNREFUSED)' })
    const html = await answering((_, response) => response.end('<html>'))
    ending.push(() => html.close())
    const other = await servers.register(html.url)
    await happened(other, wentDown!)
    expect(await servers.state(other)).to.include({ reason: 'What it answered is no JSON' })
  })

  it('is bad after two looks in a row, and good after one', async () => {
    watching({ everyMs: 50 })
    const server = await spoken()
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    badTimes(server.manner, 1)
    await looked(server, 4)
    expect(await servers.types(id), 'after one bad look').to.deep.equal([recovered, observed])
    badTimes(server.manner, 2)
    await happened(id, recovered!, observed!, wentDown!, recovered!, observed!)
    const [, , , down] = await store.read(`gpuServer-${id}`)
    expect(down!.data).to.include({ reason: 'It says that it is not live' })
  })

  it('comes back when the server does', async () => {
    watching({ everyMs: 200 })
    const server = await spoken()
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    await server.close()
    await happened(id, recovered!, observed!, wentDown!)
    const again = await inferenceServer(server.manner, server.port)
    ending.push(() => again.close())
    await happened(id, recovered!, observed!, wentDown!, recovered!, observed!)
  })

  it('is trusted more slowly each time that it was lost', async () => {
    watching({ everyMs: 50 })
    const server = await spoken()
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    const good: number[] = []
    for (let times = 1; times <= 3; times++) {
      server.manner.ready = false
      await eventually(async () => expect((await servers.state(id)).health).to.equal('down'))
      server.asked.length = 0
      server.manner.ready = true
      await eventually(async () => expect((await servers.state(id)).health).to.equal('up'))
      const { length } = await store.read(`gpuServer-${id}`)
      expect(length).to.equal(3 + 3 * times)
      good.push(looks(server))
    }
    expect(good[1]).to.be.at.least(2)
    expect(good[2]).to.be.at.least(3)
  })

  it('keeps a model that one look has missed, and not one that two have', async () => {
    watching({ everyMs: 100 })
    const server = await spoken({ models: { vad: ['6'], noise: ['1'] } })
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    let misses = 1
    server.manner.unready = { has: (name) => name === 'noise' && misses-- > 0 }
    await looked(server, 4)
    expect(await servers.types(id), 'missed once').to.deep.equal([recovered, observed])
    // From the beginning of a look on, which asks for both in turn: one that is under way finds it ready as before.
    let isGone = false
    server.manner.unready = { has: (name) => (isGone ||= name === 'vad') && name === 'noise' }
    await happened(id, recovered!, observed!, observed!)
    expect((await servers.state(id)).models).to.deep.equal([{ name: 'vad', version: '6' }])
  })

  it('is looked at at once when a server has failed somebody, has moved or is enabled', async () => {
    const { fault } = watching()
    const server = await spoken()
    const id = await servers.register(server.url)
    await upAndUnchanged(id)
    server.manner.ready = false
    fault(id)
    await happened(id, recovered!, observed!, wentDown!)
    const other = await spoken({ models: {} })
    await servers.decide(id, GpuServer.change({ url: other.url, changed_at: now() }))
    await happened(id, recovered!, observed!, wentDown!, 'GpuServerChanged', recovered!)
    await servers.decide(id, GpuServer.disable({ disabled_at: now() }))
    other.manner.models = { vad: ['1'] }
    await servers.decide(id, GpuServer.enable({ enabled_at: now() }))
    await eventually(async () => expect((await servers.state(id)).models).to.have.length(1))
  })

  it('is not looked at any more once a server is removed', async () => {
    watching({ everyMs: 20 })
    const [server, other] = [await spoken(), await spoken()]
    const [id, otherId] = [await servers.register(server.url), await servers.register(other.url)]
    await upAndUnchanged(id)
    await upAndUnchanged(otherId)
    await servers.decide(id, GpuServer.remove({ removed_at: now() }))
    await looked(other, 3)
    const before = looks(server)
    await looked(other, 5)
    expect(looks(server)).to.equal(before)
  })

  it('shows the token, and says so where there is none that can be opened', async () => {
    watching()
    const server = await spoken({ token: 'sesame' })
    await upAndUnchanged(await servers.register(server.url, { token: 'sesame' }))
    const id = await servers.register(server.url, { token: 'other' })
    await happened(id, wentDown!)
    expect((await servers.state(id)).reason).to.match(/does not let us in/)
    await servers.decide(id, GpuServer.change({ sealed_token: 'no box', changed_at: now() }))
    const look = lookTwice({ store, models: [], timeoutMs: 500 })
    const { found } = await look(id, await servers.state(id), new AbortController().signal)
    expect(found)
      .to.include({ health: 'down' })
      .and.property('reason')
      .match(/token cannot be opened/)
  })
})
