import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { recordRefusals } from '../../commands/refusals.ts'
import type * as Refusals from '../../domain/refusals.ts'
import { connectEventStore } from '../../ops/platform/eventStoreClient.ts'
import type { EventStore } from '../../ops/platform/eventStore.ts'
import { RunningStore } from '../embedded/eventstore/running.ts'
import { eventually } from '../eventually.ts'
import { specLog } from '../system.ts'

describe('refusals in the log', () => {
  let server: RunningStore
  let store: EventStore
  before(async () => {
    server = await RunningStore.start()
    const url = `esdb://127.0.0.1:${server.port}?tls=false`
    store = connectEventStore({ url, secret: 'of the spec, long enough to be one', personalFields: () => undefined })
  })
  after(async () => {
    await store.close()
    await server.remove()
  })

  const event = (i: number): Extract<Refusals.Event, { type: 'LoginRefused' }> => ({
    type: 'LoginRefused',
    data: { reason: 'unknown', account: `a${i}`, address: 'd', refused_at: '2026-11-24T09:00:00.000Z' },
  })
  const about = { actor: { kind: 'system' as const, id: 'anonymous' }, correlation_id: randomUUID() }
  const recorderOn = (day: string, limits?: { most: number; periodSecs: number }, of = store) =>
    recordRefusals({ store: of, now: () => `${day}T09:00:00.000Z`, log: specLog }, limits)

  it('are as many as there were, while they are few', async () => {
    const recorder = recorderOn('2026-11-01')
    for (let i = 0; i < 20; i++) recorder.record(event(i), about)
    await eventually(async () => expect(await store.read('refusal-2026-11-01')).to.have.length(20))
    await recorder.close()
    const accounts = (await store.read('refusal-2026-11-01')).map(({ data }) => data['account'] as string)
    expect(accounts.sort()).to.deep.equal(Array.from({ length: 20 }, (_, i) => `a${i}`).sort())
  })

  it('are a bounded number of a flood, and say how many were left out; another kind has its own', async () => {
    const recorder = recorderOn('2026-11-02', { most: 10, periodSecs: 60 })
    for (let i = 0; i < 5000; i++) recorder.record(event(i), about)
    const path = '/api/v1/facilities'
    const refused = {
      method: 'POST',
      path,
      permission: 'facility:create',
      address: 'd',
      refused_at: event(0).data.refused_at,
    }
    recorder.record({ type: 'AccessRefused', data: refused }, about)
    await eventually(async () => expect(await store.read('refusal-2026-11-02')).to.have.length(11))
    await recorder.close()
    const written = await store.read('refusal-2026-11-02')
    expect(written.map(({ type }) => type).sort()).to.deep.equal([
      'AccessRefused',
      ...Array.from({ length: 10 }, () => 'LoginRefused'),
      'RefusalsLeftOut',
    ])
    expect(written.at(-1)!.data).to.include({ refused: 'LoginRefused', count: 4990 })
  })

  it('of one facility leave out nothing of another', async () => {
    const recorder = recorderOn('2026-11-06', { most: 3, periodSecs: 60 })
    const [flooded, other] = [randomUUID(), randomUUID()]
    for (let i = 0; i < 50; i++) recorder.record(event(i), { ...about, facility_id: flooded })
    recorder.record(event(50), { ...about, facility_id: other })
    await eventually(async () => expect(await store.read('refusal-2026-11-06')).to.have.length(4))
    await recorder.close()
    const written = (await store.read('refusal-2026-11-06')).map(({ type, metadata }) => [
      type,
      metadata['facility_id'],
    ])
    expect(written.slice(0, 4)).to.deep.include(['LoginRefused', other])
    expect(written.at(-1)).to.deep.equal(['RefusalsLeftOut', flooded])
  })

  it('say what was left out when the period is over, unasked', async () => {
    const recorder = recorderOn('2026-11-03', { most: 1, periodSecs: 1 })
    for (let i = 0; i < 4; i++) recorder.record(event(i), about)
    await eventually(async () => expect((await store.read('refusal-2026-11-03')).at(-1)?.data).to.include({ count: 3 }))
    await recorder.close()
  })

  it('are kept for a while, and never more than so many', async () => {
    const recorder = recorderOn('2026-11-04')
    recorder.record(event(0), about)
    await eventually(async () => expect(await store.read('refusal-2026-11-04')).to.have.length(1))
    await recorder.close()
    const { metadata } = await server.client.getStreamMetadata('refusal-2026-11-04')
    expect(metadata).to.include({ maxCount: 50_000, maxAge: 90 * 24 * 3600 })
  })

  it('never fail who was refused, nor keep them waiting, when the log is away', async () => {
    const url = 'esdb://127.0.0.1:1?tls=false'
    const away = connectEventStore({
      url,
      secret: 'of the spec, long enough to be one',
      personalFields: () => undefined,
    })
    const recorder = recorderOn('2026-11-05', undefined, away)
    // A busy machine makes a call longer, never shorter: the shortest of a few tells.
    const times = [0, 1, 2, 3, 4].map((i) => {
      const began = performance.now()
      recorder.record(event(i), about)
      return performance.now() - began
    })
    expect(Math.min(...times)).to.be.lessThan(50)
    await recorder.close()
    await away.close()
  })
})
