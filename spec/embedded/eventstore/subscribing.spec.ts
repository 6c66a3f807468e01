import { once } from 'node:events'
import fs from 'node:fs'
import { expect } from 'chai'
import { END, eventTypeFilter, excludeSystemEvents, jsonEvent, START, streamNameFilter } from '@eventstore/db-client'
import type { AllStreamResolvedEvent, Filter, Position } from '@eventstore/db-client'
import { collect, events, RunningStore } from './running.ts'

/** Takes events until one of type `last`, which is taken too. */
async function until<E extends { event?: { type: string } }>(items: AsyncIterable<E>, last: string): Promise<E[]> {
  const taken: E[] = []
  for await (const item of items) {
    taken.push(item)
    if (item.event?.type === last) return taken
  }
  throw new Error('The subscription ended')
}
const done = (type = 'Done') => jsonEvent({ type, data: {} })

describe('Subscribing to the embedded event store', function () {
  this.timeout(20_000)
  let store: RunningStore
  beforeEach(async () => (store = await RunningStore.start()))
  afterEach(() => store.remove())

  it('goes from what is stored over into what is being written without a gap, a double or a swap', async () => {
    const writing = async (rounds: number) => {
      for (let i = 0; i < rounds; i++) await store.client.appendToStream(`live-${i % 3}`, events(1 + (i % 3)))
    }
    await writing(100)
    const all = Array.from({ length: 8 }, () => until(store.client.subscribeToAll({ fromPosition: START }), 'Done'))
    const one = until(store.client.subscribeToStream('live-1', { fromRevision: 10n }), 'Done')
    await Promise.all([writing(200), writing(200)])
    await store.client.appendToStream('live-1', done())
    const stored = await store.readAll()
    for (const taken of await Promise.all(all)) expect(taken).to.deep.equal(stored)
    const ofOne = await collect(store.client.readStream('live-1', { fromRevision: 11n }))
    expect((await one).map(({ event }) => event!.id)).to.deep.equal(ofOne.map(({ event }) => event!.id))
  })

  it('confirms, says when it has caught up, and only then waits', async () => {
    await store.client.appendToStream('quiet', events(3))
    const heard: string[] = []
    const subscription = store.client.subscribeToStream('quiet')
    for (const name of ['confirmation', 'caughtUp'] as const) subscription.on(name, () => heard.push(name))
    subscription.on('data', ({ event }) => heard.push(String(event!.revision)))
    await once(subscription, 'caughtUp')
    await Promise.all([once(subscription, 'data'), store.client.appendToStream('quiet', events(1))])
    expect(heard).to.deep.equal(['confirmation', '0', '1', '2', 'caughtUp', '3'])
    await subscription.unsubscribe()
  })

  it('begins at the end, or at a stream that does not exist yet', async () => {
    await store.client.appendToStream('end', events(3))
    const subscriptions = [
      store.client.subscribeToAll({ fromPosition: END }),
      store.client.subscribeToStream('end', { fromRevision: END }),
      store.client.subscribeToStream('not yet'),
    ]
    const confirmed = subscriptions.map((subscription) => once(subscription, 'confirmation'))
    const taken = subscriptions.map((subscription) => until(subscription, 'Done'))
    await Promise.all(confirmed)
    await store.client.appendToStream('not yet', done('First'))
    await store.client.appendToStream('end', done())
    await store.client.appendToStream('not yet', done())
    const types = (await Promise.all(taken)).map((list) => list.map(({ event }) => event!.type))
    expect(types).to.deep.equal([['First', 'Done'], ['Done'], ['First', 'Done']])
  })

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
    const rest = until(store.client.subscribeToAll({ fromPosition }), 'Done')
    await store.client.appendToStream('restarted', [...events(2), done()])
    expect([...taken, ...(await rest)]).to.deep.equal(await store.readAll())
    expect(taken).to.have.length(5)
  })

  const written: [stream: string, type: string][] = [
    ['order-1', 'OrderPlaced'],
    ['invoice-1', 'InvoiceSent'],
    ['order-2', 'OrderPlaced'],
    ['$system', '$Happened'],
    ['order-10', 'OrderClosed'],
    ['orders', 'Other'],
  ]
  const filters: [string, Filter, number[]][] = [
    ['stream name, prefixes', streamNameFilter({ prefixes: ['order-', '$sys'] }), [0, 2, 3, 4]],
    ['stream name, regex', streamNameFilter({ regex: '^order-\\d$' }), [0, 2]],
    ['event type, prefixes', eventTypeFilter({ prefixes: ['Order'] }), [0, 2, 4]],
    ['event type, regex', eventTypeFilter({ regex: 'Placed$|Sent$' }), [0, 1, 2]],
    ['system events excluded', excludeSystemEvents(), [0, 1, 2, 4, 5]],
  ]
  it('takes only what the filter lets through, stored or live', async () => {
    const write = async () => {
      for (const [stream, type] of written) await store.client.appendToStream(stream, done(type))
    }
    await write()
    const running = filters.map(([name, filter, wanted]) => ({ name, wanted, taken: [] as string[], filter }))
    const finished = running.map(async ({ filter, taken, wanted }) => {
      for await (const { event } of store.client.subscribeToAll({ filter })) {
        taken.push(`${event!.streamId} ${event!.type}`)
        if (taken.length === wanted.length * 2) return
      }
    })
    await write()
    await Promise.all(finished)
    for (const { name, taken, wanted } of running) {
      const once = wanted.map((i) => written[i]!.join(' '))
      expect(taken, name).to.deep.equal([...once, ...once])
    }
  })

  it('gives checkpoints while a filter lets nothing through', async () => {
    await store.client.appendToStream('noise', events(100))
    const reached: Position[] = []
    const checkpointReached = (_: unknown, position: Position) => void reached.push(position)
    const options = { checkpointReached, maxSearchWindow: 10, checkpointInterval: 2 }
    const filter = eventTypeFilter({ prefixes: ['Done'], ...options })
    const subscription = store.client.subscribeToAll({ filter })
    await once(subscription, 'caughtUp')
    const finished = until(subscription, 'Done')
    await store.client.appendToStream('noise', events(41))
    await store.client.appendToStream('noise', done())
    await finished
    const all = await store.readAll()
    const at = (count: number) => all[count - 1]!.event!.position
    expect(reached).to.deep.equal([20, 40, 60, 80, 100, 120, 140].map(at))
  })

  it('holds little for a client that does not read, and gives it everything when it does', async () => {
    const padding = 'x'.repeat(1000)
    const bulky = () => Array.from({ length: 500 }, () => jsonEvent({ type: 'Bulky', data: padding }))
    const subscriptions = Array.from({ length: 16 }, () => store.client.subscribeToAll())
    await Promise.all(subscriptions.map((subscription) => once(subscription, 'confirmation')))
    const before = memory(store.child.pid!)
    for (let i = 0; i < 20; i++) await store.client.appendToStream('bulky', bulky())
    await store.client.appendToStream('bulky', done())
    // 16 subscriptions times 11 MB would be 176 MB.
    expect(memory(store.child.pid!) - before).to.be.lessThan(90)
    for (const taken of await Promise.all(subscriptions.slice(0, 2).map((each) => until(each, 'Done'))))
      expect(taken).to.have.length(10_001)
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()))
  })
})

/** The anonymous resident memory of a process, in MB: mapped files do not count. */
function memory(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kilobytes) / 1024
}
