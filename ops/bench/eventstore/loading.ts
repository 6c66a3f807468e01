import type { EventStoreDBClient } from '@eventstore/db-client'
import { interleaved, pace } from '../measure.ts'
import type { Context, Filled } from './context.ts'

const LOADS = 200
const LENGTH = 50
/** Coprime to the number of streams: neighbours in the log are not loaded one after the other. */
const STRIDE = 37

async function load(client: EventStoreDBClient, stream: string): Promise<void> {
  let found = 0
  for await (const { event } of client.readStream(stream)) if (event) found++
  if (found !== LENGTH) throw new Error(`${stream} has ${found} events, not ${LENGTH}`)
}

/** Loads of whole streams, as a command does before it decides. */
export async function measureLoads({ session, store, ceiling }: Context, { streams }: Filled): Promise<void> {
  const { rounds, report, progress } = { ...session, rounds: session.options.rounds }
  const step = progress.step('stream loads', 2)
  for (const [done, at] of [1, 8].entries()) {
    const loads = (client: EventStoreDBClient) => () =>
      pace(at, { calls: LOADS }, (_, call) => load(client, streams[(call * STRIDE) % streams.length]!))
    const measured = await interleaved(rounds, { ours: loads(store.client), client: loads(ceiling.client) })
    step.at(done + 1)
    const what = `loads of ${LENGTH}-event streams, ${at === 1 ? 'one after the other' : `${at} at once`}`
    for (const [value, unit] of [
      ['perSecond', '/s'],
      ['p50', 'ms'],
    ] as const)
      report.add({
        id: value === 'p50' ? `loads.${at}.p50` : `loads.${at}`,
        what: value === 'p50' ? `${what}: p50` : what,
        unit,
        ours: measured.ours.map((pace) => pace[value]),
        beside: { what: 'client alone', values: measured.client.map((pace) => pace[value]) },
      })
  }
  step.end()
}
