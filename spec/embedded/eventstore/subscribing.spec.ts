import { once } from 'node:events'
import { expect } from 'chai'
import { eventTypeFilter, jsonEvent, START } from '@eventstore/db-client'
import type { AllStreamResolvedEvent, Position } from '@eventstore/db-client'
import { ofType, until } from './conformance/store.ts'
import { anonymousMemory, collect, events, refusal, RunningStore } from './running.ts'

const done = () => jsonEvent({ type: 'Done', data: {} })
const isDone = ofType('Done')

/** What needs the process, or what the protocol leaves open. */
describe('Subscribing to the embedded event store', () => {
  let store: RunningStore
  beforeEach(async () => (store = await RunningStore.start()))
  afterEach(() => store.remove())

  it('is told by CANCELLED that the server stops, and goes on behind the last event after a restart', async () => {
    await store.client.appendToStream('restarted', events(5))
    const taken: AllStreamResolvedEvent[] = []
    const subscription = store.client.subscribeToAll({ fromPosition: START })
    subscription.on('data', (event) => taken.push(event))
    await once(subscription, 'caughtUp')
    const told = once(subscription, 'error') as Promise<[{ type: string }]>
    expect(await store.end()).to.equal(0)
    expect((await told)[0].type).to.equal('cancelled')
    store = await RunningStore.start({ dir: store.dir })
    const fromPosition = taken.at(-1)!.event!.position
    const rest = until(store.client.subscribeToAll({ fromPosition }), isDone)
    await store.client.appendToStream('restarted', [...events(2), done()])
    expect([...taken, ...(await rest)]).to.deep.equal(await store.readAll())
    expect(taken).to.have.length(5)
  })

  it('gives checkpoints at exact distances while a filter lets nothing through', async () => {
    await store.client.appendToStream('noise', events(100))
    const reached: Position[] = []
    const checkpointReached = (_: unknown, position: Position) => void reached.push(position)
    const options = { checkpointReached, maxSearchWindow: 10, checkpointInterval: 2 }
    const filter = eventTypeFilter({ prefixes: ['Done'], ...options })
    const subscription = store.client.subscribeToAll({ filter })
    await once(subscription, 'caughtUp')
    const finished = until(subscription, isDone)
    await store.client.appendToStream('noise', events(41))
    await store.client.appendToStream('noise', done())
    await finished
    const all = await store.readAll()
    const at = (count: number) => all[count - 1]!.event!.position
    expect(reached).to.deep.equal([20, 40, 60, 80, 100, 120, 140].map(at))
  })

  it('ends when the stream is tombstoned meanwhile', async () => {
    await store.client.appendToStream('ending', events(2))
    const subscription = store.client.subscribeToStream('ending')
    const ended = refusal(collect(subscription))
    await once(subscription, 'caughtUp')
    await store.client.tombstoneStream('ending')
    expect((await ended).type).to.equal('stream-deleted')
  })

  it('goes on when the stream is deleted meanwhile and written again', async () => {
    await store.client.appendToStream('deleted', events(2))
    const subscription = store.client.subscribeToStream('deleted')
    const taken = until(subscription, isDone)
    await once(subscription, 'caughtUp')
    await store.client.deleteStream('deleted')
    await store.client.appendToStream('deleted', done())
    expect((await taken).map(({ event }) => Number(event!.revision))).to.deep.equal([0, 1, 2])
  })

  it('holds little for a client that does not read, and gives it everything when it does', async () => {
    const padding = 'x'.repeat(1000)
    const bulky = () => Array.from({ length: 500 }, () => jsonEvent({ type: 'Bulky', data: padding }))
    const subscriptions = Array.from({ length: 16 }, () => store.client.subscribeToAll())
    await Promise.all(subscriptions.map((subscription) => once(subscription, 'confirmation')))
    const before = anonymousMemory(store.child.pid!)
    for (let i = 0; i < 20; i++) await store.client.appendToStream('bulky', bulky())
    await store.client.appendToStream('bulky', done())
    // 16 subscriptions times 11 MB would be 176 MB.
    expect(anonymousMemory(store.child.pid!) - before).to.be.lessThan(90)
    for (const taken of await Promise.all(subscriptions.slice(0, 2).map((each) => until(each, isDone))))
      expect(taken).to.have.length(10_001)
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()))
  })
})
