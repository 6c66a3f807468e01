import { ANY, END } from '@eventstore/db-client'
import type { EventStoreDBClient } from '@eventstore/db-client'
import { interleaved, quantile } from '../measure.ts'
import type { Context } from './context.ts'
import { uploaded } from './payload.ts'

const APPENDS = 200

interface Latencies {
  seen: number[]
  acknowledged: number[]
}

/** One append after the other, each from the call until the subscriber has it and until it is acknowledged. */
async function follow(client: EventStoreDBClient): Promise<Latencies> {
  const subscription = client.subscribeToAll({ fromPosition: END })
  const waiting = new Map<string, () => void>()
  const broken = new Promise<never>((_, reject) => subscription.once('error', reject))
  broken.catch(() => {})
  subscription.on('data', ({ event }) => waiting.get(event!.id)?.())
  await Promise.race([new Promise<void>((resolve) => subscription.once('confirmation', () => resolve())), broken])
  const latencies: Latencies = { seen: [], acknowledged: [] }
  for (let i = 0; i < APPENDS; i++) {
    const event = uploaded(i)
    const start = performance.now()
    const seen = new Promise<void>((resolve) => waiting.set(event.id, resolve)).then(() => performance.now() - start)
    await client.appendToStream('live', event, { expectedRevision: ANY })
    latencies.acknowledged.push(performance.now() - start)
    latencies.seen.push(await Promise.race([seen, broken]))
    waiting.delete(event.id)
  }
  await subscription.unsubscribe()
  return latencies
}

export async function measureLive({ session, store }: Context): Promise<void> {
  session.progress.step('append to live subscriber', session.options.rounds)
  const { rounds } = await interleaved(session.options.rounds, { rounds: () => follow(store.client) })
  for (const [name, q] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const)
    session.report.add({
      id: `live.${name}`,
      what: `append to live subscriber: ${name}`,
      unit: 'ms',
      ours: rounds.map(({ seen }) => quantile(seen, q)),
      beside: { what: 'to its acknowledgement', values: rounds.map(({ acknowledged }) => quantile(acknowledged, q)) },
      targets: name === 'p50' ? [{ of: 'ours', most: 1.2 }] : [],
    })
}
