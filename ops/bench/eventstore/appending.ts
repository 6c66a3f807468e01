import { randomUUID } from 'node:crypto'
import { NO_STREAM } from '@eventstore/db-client'
import type { EventStoreDBClient } from '@eventstore/db-client'
import { fdatasyncMs } from '../disk.ts'
import type { Target } from '../figure.ts'
import { interleaved, pace } from '../measure.ts'
import type { Pace } from '../measure.ts'
import type { Context } from './context.ts'
import { uploaded } from './payload.ts'

const ROUND_MS = 500
const STREAM_LENGTH = 50
/** The targets are for disks of 0.2 ms; on a slower one they say nothing about the store. */
const QUICK_DISK_MS = 0.25

/** Appends of one event at its exact revision, by workers with a stream each, for half a second. */
export function appending(client: EventStoreDBClient, writers: number): Promise<Pace> {
  const streams = Array.from({ length: writers }, () => ({ name: '', next: STREAM_LENGTH }))
  return pace(writers, { ms: ROUND_MS }, async (worker, call) => {
    const stream = streams[worker]!
    if (stream.next === STREAM_LENGTH) Object.assign(stream, { name: `appended-${randomUUID()}`, next: 0 })
    const expectedRevision = stream.next === 0 ? NO_STREAM : BigInt(stream.next - 1)
    stream.next++
    await client.appendToStream(stream.name, uploaded(call), { expectedRevision })
  })
}

const targetsOf = (writers: number, disk: number): Target[] => {
  const least = writers === 1 ? 1000 : writers === 64 ? 10_000 : undefined
  return least !== undefined && disk <= QUICK_DISK_MS ? [{ of: 'ours', least }] : []
}

const writersInWords = (writers: number) => `${writers} writer${writers === 1 ? '' : 's'}`

export async function measureAppends({ session, folder, store, ceiling, writers }: Context): Promise<void> {
  const { report, progress, options } = session
  const step = progress.step('append', writers.length)
  for (const [done, count] of writers.entries()) {
    const rounds = await interleaved(options.rounds, {
      ours: () => appending(store.client, count),
      disk: async () => fdatasyncMs(folder),
      client: () => appending(ceiling.client, count),
    })
    step.at(done + 1)
    const what = `append, ${writersInWords(count)}`
    const disk = rounds.disk.toSorted((a, b) => a - b)[Math.floor(rounds.disk.length / 2)]!
    if (done === 0)
      report.add({ id: 'disk', what: 'append 512 B + fdatasync, plain file', unit: 'ms', ours: rounds.disk })
    report.add({
      id: `append.${count}`,
      what,
      unit: '/s',
      ours: rounds.ours.map(({ perSecond }) => perSecond),
      beside:
        count === 1
          ? { what: 'fdatasync alone', values: rounds.disk.map((ms) => 1000 / ms) }
          : { what: 'client alone', values: rounds.client.map(({ perSecond }) => perSecond) },
      targets: targetsOf(count, disk),
    })
    for (const quantile of ['p50', 'p99'] as const)
      report.add({
        id: `append.${count}.${quantile}`,
        what: `${what}: ${quantile}`,
        unit: 'ms',
        ours: rounds.ours.map((pace) => pace[quantile]),
        beside: { what: 'client alone', values: rounds.client.map((pace) => pace[quantile]) },
      })
  }
  step.end()
}
