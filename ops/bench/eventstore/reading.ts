import fs from 'node:fs'
import path from 'node:path'
import type { EventStoreDBClient, Position } from '@eventstore/db-client'
import { interleaved, timed } from '../measure.ts'
import type { Context, Filled } from './context.ts'
import { readRaw } from './rawReader.ts'
import type { RawRead } from './rawReader.ts'

/** As many events as one round reads through the client, about a second's worth. */
const RECORDED = 50_000
const RAW = 1_000_000

/** What the ceiling answers with: the store's own frames. */
export async function record({ folder, store }: Context, { streams, batches }: Filled): Promise<number> {
  const count = Math.min(RECORDED, batches.count)
  for (const [name, read] of [
    ['all', { from: Number(batches.from.commit), count }],
    ['stream', { stream: streams[0]! }],
  ] as const) {
    const out = fs.openSync(path.join(folder, name), 'w')
    await readRaw(store.child.ready.port, read, (chunk) => void fs.writeSync(out, chunk))
    fs.closeSync(out)
  }
  return count
}

const pacedRaw = (port: number, read: RawRead & { count: number }) => paced(read.count, () => readRaw(port, read))

/** Events per second; throws if `act` did not find as many as there are. */
async function paced(count: number, act: () => Promise<number>): Promise<number> {
  let found = 0
  const ms = await timed(async () => (found = await act()))
  if (found !== count) throw new Error(`${found} events were read, not ${count}`)
  return (count * 1000) / ms
}

const readAll = (client: EventStoreDBClient, fromPosition: Position, maxCount: number) =>
  paced(maxCount, async () => {
    let found = 0
    for await (const { event } of client.readAll({ fromPosition, maxCount })) if (event) found++
    return found
  })

export async function measureReadAll(
  { session, store, ceiling }: Context,
  filled: Filled,
  count: number,
): Promise<void> {
  const { batches, singles } = filled
  const step = session.progress.step('readAll', session.options.rounds)
  let round = 0
  const rounds = await interleaved(
    session.options.rounds,
    {
      ours: () => readAll(store.client, batches.from, count),
      client: () => readAll(ceiling.client, batches.from, count),
      singles: () => readAll(store.client, singles.from, singles.count),
    },
    { before: () => step.at(round++) },
  )
  step.end()
  const alone = { what: 'client alone', values: rounds.client }
  session.report.add({
    id: 'read',
    what: 'readAll through the client: events',
    unit: '/s',
    ours: rounds.ours,
    beside: alone,
    targets: [
      { of: 'ours', least: 50_000 },
      { of: 'ratio', least: 0.9 },
    ],
  })
  const what = 'readAll of events appended one by one'
  session.report.add({ id: 'read.singles', what, unit: '/s', ours: rounds.singles, beside: alone })
}

export async function measureRaw({ session, store, ceiling }: Context, filled: Filled, count: number): Promise<void> {
  const { batches, singles } = filled
  // Whole repetitions of what the ceiling has.
  const many = Math.min(Math.floor(batches.count / count), RAW / count) * count
  const from = Number(batches.from.commit)
  session.progress.step('raw http2 reader', session.options.rounds)
  const rounds = await interleaved(session.options.rounds, {
    ours: () => pacedRaw(store.child.ready.port, { from, count: many }),
    peer: () => pacedRaw(ceiling.child.ready.port, { count: many }),
    singles: () => pacedRaw(store.child.ready.port, { from: Number(singles.from.commit), count: singles.count }),
  })
  const alone = { what: 'node:http2 alone', values: rounds.peer }
  session.report.add({
    id: 'raw',
    what: 'raw http2 reader: events',
    unit: '/s',
    ours: rounds.ours,
    beside: alone,
    targets: [{ of: 'ours', least: 250_000 }],
  })
  const what = 'raw http2 reader, events appended one by one'
  session.report.add({ id: 'raw.singles', what, unit: '/s', ours: rounds.singles, beside: alone })
}

const catchUp = (client: EventStoreDBClient, fromPosition: Position, count: number) =>
  paced(count, async () => {
    const subscription = client.subscribeToAll({ fromPosition })
    let found = 0
    await new Promise<void>((resolve, reject) => {
      subscription.on('data', () => found++)
      subscription.once('caughtUp', resolve).once('error', reject)
    })
    await subscription.unsubscribe()
    return found
  })

export async function measureCatchUp(
  { session, store, ceiling }: Context,
  filled: Filled,
  count: number,
): Promise<void> {
  const { from, count: toCome } = filled.tail
  session.progress.step('catch up', session.options.rounds)
  const rounds = await interleaved(session.options.rounds, {
    ours: () => catchUp(store.client, from, toCome),
    client: () => catchUp(ceiling.client, from, count),
  })
  session.report.add({
    id: 'catch-up',
    what: `subscription to caughtUp over ${toCome} events`,
    unit: '/s',
    ours: rounds.ours,
    beside: { what: 'client alone', values: rounds.client },
  })
}
